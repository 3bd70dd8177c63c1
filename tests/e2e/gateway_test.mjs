// `gatehouse serve` and `gatehouse stdio` as agents see them, called by the official SDK clients of
// both eras and by the official inspector's command line. The upstream is server-everything; the
// protected one stands behind oidc-provider.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { add_http, add_stdio, call, headless_browser } from '../cli.mjs';
import { everything_command } from '../peers/everything.mjs';
import { assert_done, make_gatehouse, node, run_json, run_sdk_client, start_protected_server,
  text_of } from './harness.mjs';

const the_two_tools = ['execute_capability', 'search_capabilities'];
const echo = { name: 'everything.echo', arguments: { message: 'through the gateway' } };
const two_calls = ['--call', 'search_capabilities', '--arguments', '{"query":"echo a message"}',
  '--call', 'execute_capability', '--arguments', JSON.stringify(echo)];

// A script and a real browser, which also has views on who may post a form.
const browsers = { modern: headless_browser,
  legacy: fileURLToPath(new URL('../peers/chromium_browser.mjs', import.meta.url)) };

async function serve(t, gatehouse) {
  const token = (await run_json(gatehouse, ['token', 'create', 'agent', '--json'])).token;
  assert.match(token, /\S{40,}/);
  const server = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  return { ...server, token, mcp: `${server.url}/mcp` };
}

async function gatehouse_with_everything(t) {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_stdio('everything', everything_command())));
  return gatehouse;
}

function assert_two_tools_work(report) {
  assert.deepEqual(report.tools.map((tool) => tool.name).sort(), the_two_tools);
  for (const tool of report.tools) assert.ok(tool.description.length > 20, tool.name);
  const [search, execute] = report.calls;
  assert.match(JSON.stringify(search.result), /everything\.echo/);
  assert.equal(text_of(execute.result), 'Echo: through the gateway');
}

for (const era of ['modern', 'legacy']) {
  test(`the ${era} SDK client finds and calls a tool over HTTP`, async (t) => {
    const gatehouse = await gatehouse_with_everything(t);
    const gateway = await serve(t, gatehouse);
    const report = await run_sdk_client(era, ['--url', gateway.mcp, ...two_calls],
        { env: { MCP_TOKEN: gateway.token } });
    assert.equal(report.era, era);
    assert_two_tools_work(report);
  });

  test(`the ${era} SDK client finds and calls a tool over stdio`, async (t) => {
    const gatehouse = await gatehouse_with_everything(t);
    const report = await run_sdk_client(era, [...two_calls, '--', gatehouse.binary, 'stdio'],
        { env: gatehouse.env });
    assert_two_tools_work(report);
  });

  test(`an upstream that needs a login: the ${era} client gets a link, then the result`,
      async (t) => {
        const upstream = await start_protected_server(t);
        const gatehouse = make_gatehouse(t);
        assert_done(await gatehouse.run(add_http('guarded', upstream.modern_url, ['--no-login'])));
        const gateway = await serve(t, gatehouse);
        const execute = { name: 'guarded.echo', arguments: { message: 'after the login' } };
        const report = await run_sdk_client(era, ['--url', gateway.mcp, '--elicit', 'url',
          '--browser', browsers[era], '--call', 'execute_capability',
          '--arguments', JSON.stringify(execute)], { env: { MCP_TOKEN: gateway.token } });
        assert.ok(report.elicited.length >= 1, JSON.stringify(report));
        assert.match(report.elicited[0].url, /^http:\/\/127\.0\.0\.1:\d+\//);
        const again = await run_sdk_client(era, ['--url', gateway.mcp, '--call',
          'execute_capability', '--arguments', JSON.stringify(execute)],
            { env: { MCP_TOKEN: gateway.token } });
        assert.equal(text_of(again.calls[0].result), 'after the login');
      });
}

test('a client without elicitation gets an error result that says what to do', async (t) => {
  const upstream = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', upstream.modern_url, ['--no-login'])));
  const gateway = await serve(t, gatehouse);
  const report = await run_sdk_client('modern', ['--url', gateway.mcp, '--call',
    'execute_capability', '--arguments', '{"name":"guarded.echo","arguments":{"message":"x"}}'],
      { env: { MCP_TOKEN: gateway.token } });
  const { result } = report.calls[0];
  assert.equal(result.isError, true);
  assert.match(text_of(result), /guarded/);
  assert.match(text_of(result), /http:\/\/127\.0\.0\.1|gatehouse login guarded/);
});

test('without a token 401 with metadata, with a foreign origin 403, and healthy in between',
    async (t) => {
      const gatehouse = await gatehouse_with_everything(t);
      const gateway = await serve(t, gatehouse);
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
      const headers = { 'content-type': 'application/json',
        accept: 'application/json, text/event-stream' };
      const anonymous = await fetch(gateway.mcp, { method: 'POST', headers, body });
      assert.equal(anonymous.status, 401);
      const challenge = anonymous.headers.get('www-authenticate');
      const metadata_url = challenge.match(/resource_metadata="([^"]+)"/)[1];
      const metadata = await (await fetch(metadata_url)).json();
      assert.equal(metadata.resource, gateway.mcp);
      const foreign = await fetch(gateway.mcp, { method: 'POST', body, headers: { ...headers,
        origin: 'https://evil.example', authorization: `Bearer ${gateway.token}` } });
      assert.equal(foreign.status, 403);
      for (const path of ['/healthz', '/readyz']) {
        assert.equal((await fetch(gateway.url + path)).status, 200, path);
      }
      const misplaced = await fetch(`${gateway.url}/`, { method: 'POST', headers, body });
      assert.equal(misplaced.status, 405);
      assert.match(await misplaced.text(), /POST \/mcp/);
    });

test('an unknown capability and bad arguments get errors that name the way out', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  const gateway = await serve(t, gatehouse);
  const report = await run_sdk_client('modern', ['--url', gateway.mcp,
    '--call', 'execute_capability', '--arguments', '{"name":"everything.nothing","arguments":{}}',
    '--call', 'execute_capability', '--arguments',
    '{"name":"everything.get-sum","arguments":{"a":"one"}}'],
      { env: { MCP_TOKEN: gateway.token } });
  const [unknown, bad] = report.calls.map(({ result, error }) =>
    error ? error.message : text_of(result));
  assert.match(unknown, /search_capabilities/);
  assert.match(bad, /\ba\b|\bb\b/);
});

test('a running gateway sees at once what the command line changes', async (t) => {
  const gatehouse = make_gatehouse(t);
  const gateway = await serve(t, gatehouse);
  assert_done(await gatehouse.run(add_stdio('everything', everything_command())));
  const report = await run_sdk_client('modern', ['--url', gateway.mcp, ...two_calls],
      { env: { MCP_TOKEN: gateway.token } });
  assert_two_tools_work(report);
});

test('serve, three stdio fronts and a call share one store and one refresh', async (t) => {
  const upstream = await start_protected_server(t, '--token-delay', '700');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', upstream.modern_url)));
  const gateway = await serve(t, gatehouse);
  await upstream.expire_access_tokens();
  const execute = ['--call', 'execute_capability', '--arguments',
    '{"name":"guarded.echo","arguments":{"message":"shared"}}'];
  const fronts = [1, 2, 3].map(() =>
    run_sdk_client('modern', [...execute, '--', gatehouse.binary, 'stdio'],
        { env: gatehouse.env }));
  const http = run_sdk_client('legacy', ['--url', gateway.mcp, ...execute],
      { env: { MCP_TOKEN: gateway.token } });
  const direct = run_json(gatehouse, call('guarded.echo', { message: 'shared' }));
  for (const report of await Promise.all([...fronts, http])) {
    assert.equal(text_of(report.calls[0].result), 'shared');
  }
  assert.equal(text_of(await direct), 'shared');
  const stats = await upstream.provider_stats();
  assert.equal(stats.tokens.refresh_token, 1);
  assert.equal(stats.grants_revoked, 0);
});

// The inspector keeps state in its home, which is the test's own.
function run_inspector(gatehouse, args) {
  const launcher = fileURLToPath(new URL(
      '../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
      import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(node, [launcher, '--cli', ...args], { env: gatehouse.env, timeout: 60_000 },
        (error, stdout, stderr) => (error ? reject(new Error(`${error.message}\n${stderr}`)) :
          resolve(JSON.parse(stdout))));
  });
}

test('the official inspector lists the two tools and calls through them', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  const gateway = await serve(t, gatehouse);
  const where = [gateway.mcp, '--transport', 'http', '--header',
    `Authorization: Bearer ${gateway.token}`];
  for (const era of ['modern', 'legacy']) {
    const listed = await run_inspector(gatehouse, [...where, '--protocol-era', era,
      '--method', 'tools/list', '--strict']);
    assert.deepEqual(listed.tools.map((tool) => tool.name).sort(), the_two_tools);
    const executed = await run_inspector(gatehouse, [...where, '--protocol-era', era,
      '--method', 'tools/call', '--tool-name', 'execute_capability',
      '--tool-arg', `name=${echo.name}`, `arguments=${JSON.stringify(echo.arguments)}`]);
    assert.equal(text_of(executed), 'Echo: through the gateway');
  }
});

test('SIGTERM ends the gateway cleanly', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  const gateway = await serve(t, gatehouse);
  gateway.child.kill('SIGTERM');
  assert.deepEqual(await gateway.child.gone, { code: 0, signal: null });
});
