// Proves that the peers are what the tests take them for, with the official SDK as the client:
// login with dynamic registration, refresh rotation, step-up, both eras. Run: tests/peers/run.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport, UnauthorizedError,
} from '@modelcontextprotocol/client';
import { start_everything_http, everything_command } from './everything.mjs';

const run_file = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const node = process.env.NODE || process.execPath;
const children = [];
after(() => children.forEach((child) => child.kill('SIGKILL')));

async function start_protected(...args) {
  const child = spawn(node, ['--import', here('loopback_only.mjs'), here('protected_server.mjs'),
    ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    return { ...JSON.parse(line), child };
  }
  throw new Error('protected_server ended early');
}

const get = async (url) => (await fetch(url)).json();
const post = async (url) => (await fetch(url, { method: 'POST' })).json();

// The SDK's OAuth client with memory for a store and headless_browser.mjs for a browser.
async function make_login(scope) {
  const state = {};
  const listener = createServer((req, res) => {
    state.callback = new URL(req.url, 'http://127.0.0.1').searchParams;
    res.end('done');
  });
  await new Promise((done) => listener.listen(0, '127.0.0.1', done));
  const redirect = `http://127.0.0.1:${listener.address().port}/callback`;
  const provider = {
    get redirectUrl() { return redirect; },
    get clientMetadata() {
      return { client_name: 'peers_test', redirect_uris: [redirect], application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
        token_endpoint_auth_method: 'none', scope };
    },
    clientInformation: () => state.client,
    saveClientInformation: (client) => { state.client = client; },
    tokens: () => state.tokens,
    saveTokens: (tokens) => { state.tokens = tokens; },
    redirectToAuthorization: (url) => run_file(here('headless_browser.mjs'), [url.href]),
    saveCodeVerifier: (verifier) => { state.verifier = verifier; },
    codeVerifier: () => state.verifier,
  };
  return { state, provider, close: () => listener.close() };
}

async function connect(url, login, mode) {
  for (let attempt = 0; attempt < 3; ++attempt) {
    const client = new Client({ name: 'peers_test', version: '1' },
        { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(url),
        { authProvider: login.provider });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      await transport.finishAuth(login.state.callback);
    }
  }
  throw new Error('three logins were not enough');
}

test('a modern client registers, signs in, calls a tool and refreshes with rotation', async () => {
  const server = await start_protected();
  const login = await make_login('mcp:read mcp:write');
  const { client } = await connect(server.modern_url, login, { pin: '2026-07-28' });
  const who = JSON.parse((await client.callTool({ name: 'whoami' })).content[0].text);
  assert.equal(who.account, 'alice');
  assert.equal(who.era, 'modern');
  const first = { ...login.state.tokens };
  assert.ok(first.refresh_token, 'a refresh token without offline_access');
  await post(`${server.origin}/__peer/expire`);
  assert.equal((await client.callTool({ name: 'echo', arguments: { message: 'again' } }))
      .content[0].text, 'again');
  assert.notEqual(login.state.tokens.refresh_token, first.refresh_token);
  const stats = await get(`${server.issuer}/__peer/stats`);
  assert.deepEqual(stats.tokens, { authorization_code: 1, refresh_token: 1 });
  assert.equal(stats.registrations, 1);
  // Reuse of a rotated token is detected, and costs the whole grant.
  const reuse = await fetch(`${server.issuer}/token`, { method: 'POST', body: new URLSearchParams({
    grant_type: 'refresh_token', refresh_token: first.refresh_token,
    client_id: login.state.client.client_id, resource: server.modern_url }) });
  assert.equal((await reuse.json()).error, 'invalid_grant');
  login.close();
});

test('a legacy client gets sessions from the legacy server', async () => {
  const server = await start_protected('--interaction', 'page');
  const login = await make_login('mcp:read');
  const { client, transport } = await connect(server.legacy_url, login, 'legacy');
  assert.ok(transport.sessionId);
  const who = JSON.parse((await client.callTool({ name: 'whoami' })).content[0].text);
  assert.equal(who.era, 'legacy');
  login.close();
});

test('a token with too little scope is challenged with 403 on both servers', async () => {
  const server = await start_protected();
  for (const [url, mode] of [[server.modern_url, { pin: '2026-07-28' }],
    [server.legacy_url, 'legacy']]) {
    const login = await make_login('mcp:read');
    const { client } = await connect(url, login, mode);
    const seen = [];
    const real = globalThis.fetch;
    globalThis.fetch = async (...args) => {
      const answer = await real(...args);
      if (answer.status === 403) seen.push(answer.headers.get('www-authenticate'));
      return answer;
    };
    await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } }).catch(() => {});
    globalThis.fetch = real;
    assert.equal(login.state.tokens.scope.includes('mcp:write'), false);
    assert.match(seen[0], /insufficient_scope/, url);
    assert.match(seen[0], /mcp:write/, url);
    login.close();
  }
});

test('a refused consent comes back as access_denied', async () => {
  const server = await start_protected('--interaction', 'deny');
  const login = await make_login('mcp:read');
  const client = new Client({ name: 'peers_test', version: '1' });
  await assert.rejects(client.connect(new StreamableHTTPClientTransport(new URL(server.modern_url),
      { authProvider: login.provider })), UnauthorizedError);
  assert.equal(login.state.callback.get('error'), 'access_denied');
  assert.equal(login.state.callback.get('iss'), server.issuer);
  login.close();
});

test('server-everything answers the legacy SDK client over HTTP and over stdio', async () => {
  const everything = await start_everything_http();
  const call = ['--call', 'get-sum', '--arguments', '{"a":1,"b":2}'];
  for (const where of [['--url', everything.url, ...call],
    [...call, '--', ...everything_command()]]) {
    const { stdout } = await run_file(here('sdk_client_legacy.mjs'), where);
    assert.match(JSON.parse(stdout).calls[0].result.content[0].text, /3/);
  }
  await everything.stop();
});
