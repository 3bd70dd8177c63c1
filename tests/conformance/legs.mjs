// The legs of the conformance run. `requirements` is the frozen list of a revision, which alone
// decides what is scored; `further` names scenarios beyond it, extensions, pending and later ones,
// that count here all the same. A server leg has no `upstream` when the suite talks to the fixture
// directly, else the gateway stands between the two.
const client_further = ['json-schema-2020-12-preservation', 'auth/dpop', 'auth/dpop-nonce',
  'auth/client-credentials-jwt', 'auth/client-credentials-basic',
  'auth/enterprise-managed-authorization', 'auth/wif-jwt-bearer'];
const tasks = ['tasks-capability-negotiation', 'tasks-dispatch-and-envelope', 'tasks-lifecycle',
  'tasks-mrtr-composition', 'tasks-mrtr-input', 'tasks-request-headers',
  'tasks-request-state-removal', 'tasks-required-task-error', 'tasks-wire-fields'];
// What the suite itself skips for now: tasks-status-notifications.
const headers = ['http-header-validation', 'http-custom-header-server-validation'];
const modern_further = [...headers, 'json-schema-2020-12', ...tasks];
const legacy_further = ['server-session-lifecycle', 'json-schema-2020-12', 'server-sse-polling'];

export const upstreams = {
  'modern-http': { eras: 'modern-only' },
  'legacy-http': { eras: 'legacy-only' },
  'legacy-stdio': { eras: 'legacy-only', stdio: true },
};

function requirements(leg, revision, further, more = {}) {
  return { leg, revision, args: ['--requirements', revision], further, ...more };
}

function matrix(revision, further) {
  return Object.keys(upstreams).map((upstream) =>
    requirements('gateway', revision, further(upstream), { upstream }));
}

export const legs = [
  requirements('client', '2026-07-28', client_further),
  requirements('client', '2025-11-25', client_further),
  { leg: 'client', revision: '2025-06-18',
    args: ['--suite', 'all', '--spec-version', '2025-06-18'] },
  { leg: 'client', revision: '2025-03-26', args: ['--suite', 'backcompat'] },
  requirements('server', '2026-07-28', modern_further),
  requirements('server', '2025-11-25', legacy_further),
  { leg: 'server', revision: '2025-06-18',
    args: ['--suite', 'all', '--spec-version', '2025-06-18'] },
  // A legacy server has no tasks extension, and what a tool of it closes is not for others to see.
  ...matrix('2026-07-28', (upstream) =>
    (upstream === 'modern-http' ? modern_further : [...headers, 'json-schema-2020-12'])),
  ...matrix('2025-11-25', () => ['server-session-lifecycle', 'json-schema-2020-12']),
];

// `client-2026-07-28`, `gateway-2025-11-25-legacy-stdio`: names of folders and of expected/*.txt.
export function name_of(leg) {
  return [leg.leg, leg.revision, leg.upstream].filter(Boolean).join('-');
}

// `client 2026-07-28`, `gateway 2025-11-25/legacy-stdio`: how a leg is called in what is printed.
export function title_of(leg) {
  return `${leg.leg} ${[leg.revision, leg.upstream].filter(Boolean).join('/')}`;
}
