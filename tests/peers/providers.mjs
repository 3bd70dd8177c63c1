// Real authorization servers with MCP servers behind them, in one shape for the tests that run
// against each of them (e2e/faults_test.mjs, torture/).
import { start_protected_server } from '../e2e/harness.mjs';

const guarded_tools = { simple: ['echo', { message: 'hi' }], needs_more: ['add', { a: 2, b: 3 }] };

// oidc-provider and the official SDKs: protected_server.mjs, whose arguments `args` are.
async function start_oidc_provider(args) {
  const ends = [];
  const server = await start_protected_server({ after: (end) => ends.push(end) }, ...args);
  return { origins: [server.issuer, server.origin],
    urls: { modern: server.modern_url, legacy: server.legacy_url },
    tools: { modern: guarded_tools, legacy: guarded_tools },
    expire_access_tokens: server.expire_access_tokens,
    stop: () => ends.forEach((end) => end()) };
}

const starters = { 'oidc-provider': start_oidc_provider };

// Resolves to {origins, urls: {modern, legacy}, tools, expire_access_tokens(), stop()}.
export function start_provider(kind, ...args) {
  return starters[kind](args);
}
