// Real authorization servers with MCP servers behind them, in one shape for the tests that run
// against each of them (e2e/faults_test.mjs, torture/).
import { Gatehouse, call, demo_servers } from '../cli.mjs';
import { binary, run_json, start_protected_server } from '../e2e/harness.mjs';

// oidc-provider and the official SDKs.
async function start_oidc_provider() {
  const ends = [];
  const server = await start_protected_server({ after: (end) => ends.push(end) });
  const tools = { simple: ['echo', { message: 'hi' }],
    needs_more: async () => ['add', { a: 2, b: 3 }] };
  return { origins: [server.issuer, server.origin],
    urls: { modern: server.modern_url, legacy: server.legacy_url },
    tools: { modern: tools, legacy: tools },
    stop: () => ends.forEach((end) => end()) };
}

async function write_note(gatehouse, connection) {
  const note = await run_json(gatehouse, call(`${connection}.create_note`, { title: 'a note' }));
  return ['delete_note', { id: note.structuredContent.id }];
}

// `gatehouse demo`, with a store of its own.
async function start_demo() {
  const host = new Gatehouse(binary);
  let ready = await host.start_until_ready(['demo', '--listen', '127.0.0.1:0']);
  const urls = Object.fromEntries(demo_servers(ready).map(({ name, url }) => [name, url]));
  return { origins: [new URL(urls.modern).origin], urls,
    tools: { modern: { simple: ['list_notes', {}], needs_more: write_note },
      legacy: { simple: ['list_issues', {}] } },
    kill: () => { ready.child.kill('SIGKILL'); return ready.child.gone; },
    start_again: async () => {
      ready = await host.start_until_ready(['demo', '--listen', new URL(urls.modern).host]);
    },
    stop: () => host.dispose() };
}

const starters = { 'oidc-provider': start_oidc_provider, demo: start_demo };

// Resolves to {origins, urls: {modern, legacy}, tools, stop()}. `tools` per era: `simple` is a tool
// with its arguments that the first sign-in allows; needs_more(gatehouse, connection) gives one
// that needs a step-up. The demo also has kill() and start_again(), which keeps what it stored.
export function start_provider(kind) {
  return starters[kind]();
}
