// Servers and agents of old revisions: HTTP+SSE of 2024-11-05 as the official SDK 1.x and
// server-everything speak it, and batches of 2025-03-26 at the gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add_http, call } from '../cli.mjs';
import { start_everything_http } from '../peers/everything.mjs';
import { start_sse_server } from '../peers/sse_server.mjs';
import { assert_done, make_gatehouse, run_json, run_sdk_client, text_of, tool_names,
} from './harness.mjs';

async function serve(gatehouse) {
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const server = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  return { mcp: `${server.url}/mcp`, token };
}

test('server-everything over HTTP+SSE: add it, list its tools, call one', async (t) => {
  const everything = await start_everything_http({}, 'sse');
  t.after(everything.stop);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('everything', everything.url)));
  const names = tool_names(await run_json(gatehouse, ['tools', 'everything', '--json']));
  assert.ok(names.some((name) => name.endsWith('echo')), `tools: ${names}`);
  const echoed = await run_json(gatehouse, call('everything.echo', { message: 'höi "x"\n' }));
  assert.equal(text_of(echoed), 'Echo: höi "x"\n');
  const shown = await run_json(gatehouse, ['show', 'everything', '--json']);
  assert.equal(shown.http_transport, 'http+sse');
  assert.match((await gatehouse.run(['status'])).stdout, /HTTP\+SSE/);
});

test('one stream serves many calls, and a lost one is opened anew', async (t) => {
  const old = await start_sse_server();
  t.after(old.stop);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('old', old.url)));
  const gateway = await serve(gatehouse);
  const execute = (message) => ['--call', 'execute_capability', '--arguments',
    JSON.stringify({ name: 'old.echo', arguments: { message } })];
  const talk = async (...messages) => {
    const report = await run_sdk_client('modern', ['--url', gateway.mcp,
      ...messages.flatMap(execute)], { env: { MCP_TOKEN: gateway.token } });
    assert.deepEqual(report.calls.map(({ result }) => text_of(result)), messages);
  };
  const before = old.opened();
  await talk('one', 'two', 'three');
  assert.equal(old.opened(), before + 1);
  old.drop_streams();
  await talk('four', 'five');
  assert.equal(old.opened(), before + 2);
});

test('an agent of 2025-03-26 sends a batch to the gateway; a newer one may not', async (t) => {
  const gatehouse = make_gatehouse(t);
  const { mcp, token } = await serve(gatehouse);
  const post = (body, more = {}) => fetch(mcp, { method: 'POST', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`,
      Accept: 'application/json, text/event-stream', ...more } });
  const open = async (protocolVersion) => {
    const answer = await post({ jsonrpc: '2.0', id: 0, method: 'initialize', params: {
      protocolVersion, capabilities: {}, clientInfo: { name: 'old', version: '1' } } });
    assert.equal(answer.status, 200, await answer.text());
    return { 'Mcp-Session-Id': answer.headers.get('mcp-session-id') };
  };
  const batch = [{ jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 'two', method: 'tools/list' }];
  const answers = await (await post(batch, await open('2025-03-26'))).json();
  assert.deepEqual(answers.map(({ id }) => id), [1, 'two']);
  assert.equal(answers[1].result.tools.length, 2);
  for (const version of ['2025-06-18', '2025-11-25']) {
    const refused = await post(batch, await open(version));
    assert.equal(refused.status, 400);
    assert.deepEqual(await refused.json(), { jsonrpc: '2.0', id: null,
      error: { code: -32600, message: 'batches ended with 2025-03-26' } });
  }
});
