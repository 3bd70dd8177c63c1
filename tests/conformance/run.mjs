// Runs the legs of the official conformance suite against a gatehouse binary; see `run`.
//
// A scenario counts as passed when the suite saw at least one SUCCESS, no FAILURE and no WARNING,
// and the driver ended as the scenario wants. expected/<leg>-<revision>.txt names the scenarios
// that may still fail, one a line; a listed one that passes is stale and fails the run, so the
// files can only shrink. `further` names scenarios that the frozen list of the revision does not
// score, extensions and later additions: they are run one by one and count like the others.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const package_dir = here('../node_modules/@modelcontextprotocol/conformance');
const suite = path.join(package_dir, 'dist/index.js');
const node = process.execPath;
const output_root = here('../../build/conformance');

const client_driver = `${node} ${here('./client_driver.mjs')}`;
const legs = [
  { leg: 'client', revision: '2026-07-28', args: ['--requirements', '2026-07-28'],
    further: ['json-schema-2020-12-preservation', 'auth/dpop', 'auth/dpop-nonce',
      'auth/client-credentials-jwt', 'auth/client-credentials-basic',
      'auth/enterprise-managed-authorization', 'auth/wif-jwt-bearer'] },
  { leg: 'client', revision: '2025-11-25', args: ['--requirements', '2025-11-25'],
    further: ['json-schema-2020-12-preservation', 'auth/dpop', 'auth/dpop-nonce',
      'auth/client-credentials-jwt', 'auth/client-credentials-basic',
      'auth/enterprise-managed-authorization', 'auth/wif-jwt-bearer'] },
  { leg: 'client', revision: '2025-06-18',
    args: ['--suite', 'all', '--spec-version', '2025-06-18'] },
  { leg: 'client', revision: '2025-03-26', args: ['--suite', 'backcompat'] },
];

function words(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').map((line) => line.replace(/#.*/, '').trim())
      .filter(Boolean);
}

// The scenarios that count: the frozen list of the revision, or everything the suite ran.
function scored_scenarios(leg, ran) {
  const file = path.join(package_dir, 'requirements', `${leg.revision}.yaml`);
  if (!leg.args.includes('--requirements')) return ran;
  return parse(readFileSync(file, 'utf8'))[leg.leg];
}

async function run_suite(leg, output, binary, scenario) {
  const log = path.join(output, 'driver');
  rmSync(output, { recursive: true, force: true });
  mkdirSync(log, { recursive: true });
  const which = scenario ? ['--scenario', scenario, '--spec-version',
    leg.revision, '--force'] : leg.args;
  const args = [suite, 'client', '--command', client_driver, ...which, '-o', output];
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GATEHOUSE_BINARY: binary, CONFORMANCE_LOG: log } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
  await new Promise((resolve) => child.once('close', resolve));
  writeFileSync(path.join(output, 'suite.log'), text);
  const summary = [...text.matchAll(/^[✓✗] (\S+): \d+ passed/gm)].map((match) => match[1]);
  return scenario ? [scenario] : summary;
}

// Result folders are named <scenario>-<timestamp>; scenarios with a slash are one level deeper.
function find_checks(output, scenario) {
  const folder = path.join(output, path.dirname(scenario));
  const prefix = `${path.basename(scenario)}-2`;
  const found = existsSync(folder) ? readdirSync(folder).filter((name) =>
    name.startsWith(prefix) && /^\d{3}-/.test(name.slice(prefix.length))) : [];
  const file = found.length === 1 ? path.join(folder, found[0], 'checks.json') : undefined;
  return file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

// Resolves to the reasons why the scenario did not pass; empty when it did.
function complaints(output, scenario) {
  const checks = find_checks(output, scenario);
  const bad = checks.filter((check) => ['FAILURE', 'WARNING'].includes(check.status))
      .map((check) => `${check.status} ${check.id}: ${check.errorMessage ?? check.description}`);
  if (!checks.some((check) => check.status === 'SUCCESS')) bad.push('no check succeeded');
  const log = path.join(output, 'driver', `${scenario.replaceAll('/', '_')}.log`);
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  if (!text.trimEnd().endsWith('driver: right')) bad.push(`the driver disagrees, see ${log}`);
  return bad;
}

async function run_leg(leg, binary, scenario) {
  const output = path.join(output_root, `${leg.leg}-${leg.revision}`);
  const ran = await run_suite(leg, output, binary, scenario);
  const expected = new Set(words(here(`./expected/${leg.leg}-${leg.revision}.txt`)));
  const scored = scenario ? [scenario] : scored_scenarios(leg, ran);
  const further = scenario ? [] : (leg.further ?? []);
  const output_of = (name) => further.includes(name) ?
    path.join(output, 'further', name.replaceAll('/', '_')) : output;
  for (const name of further) await run_suite(leg, output_of(name), binary, name);
  scored.push(...further);
  const failures = [];
  let passed = 0;
  for (const name of scored) {
    const bad = complaints(output_of(name), name);
    if (bad.length === 0) passed += 1;
    if (bad.length === 0 && expected.has(name)) failures.push(`${name}: stale expected failure`);
    if (bad.length > 0 && !expected.has(name)) {
      failures.push(`${name}\n    ${bad.join('\n    ')}`);
    }
  }
  for (const name of expected) {
    if (!scored.includes(name) && !scenario) failures.push(`${name}: expected, but not scored`);
  }
  if (scored.length === 0) failures.push(`${leg.revision}: no scenario ran`);
  return { leg, passed, scored: scored.length, failures };
}

const [binary] = process.argv.slice(2);
const { LEG, REVISION, SCENARIO } = process.env;
const chosen = legs.filter((leg) => (!LEG || leg.leg === LEG) &&
    (!REVISION || leg.revision === REVISION));
const results = [];
for (const leg of chosen) {
  const result = await run_leg(leg, path.resolve(binary), SCENARIO);
  results.push(result);
  for (const failure of result.failures) console.log(`${leg.leg} ${leg.revision} ${failure}`);
}
let passed = 0;
let failed = 0;
for (const result of results) {
  console.log(`${result.leg.leg} ${result.leg.revision} ${result.passed}/${result.scored}`);
  passed += result.passed;
  failed += result.failures.length;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
