// /mcp/all: the tools, prompts and resources of two servers as one list, for SDK clients of both
// generations: a modern server over HTTP and a legacy one over stdio, both the fixture.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp }
  from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyHttp }
  from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema }
  from '@modelcontextprotocol/sdk/types.js';
import { add_http, add_stdio } from '../cli.mjs';
import { assert_done, binary, eventually, make_gatehouse, run_json, run_sdk_client, text_of,
} from './harness.mjs';

const fixture = path.join(path.dirname(binary), 'mcp_fixture');

async function start_fixture(t) {
  const child = spawn(fixture, ['--eras', 'modern-only'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('mcp_fixture ended before it was ready');
}

const old_server = [fixture, '--eras', 'legacy-only', '--stdio'];

async function serve(t) {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('new', await start_fixture(t))));
  assert_done(await gatehouse.run(add_stdio('old', old_server)));
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const { url } = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  return { gatehouse, token, url: new URL(`${url}/mcp/all`) };
}

async function connect(t, era, { url, token }, capabilities = {}) {
  const modern = era === 'modern';
  const client = modern ?
      new ModernClient({ name: 'modern', version: '1' },
          { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } }) :
      new LegacyClient({ name: 'legacy', version: '1' }, { capabilities });
  const transport = modern ?
      new ModernHttp(url, { authProvider: { token: async () => token } }) :
      new LegacyHttp(url, { requestInit: { headers: { authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  t.after(() => client.close().catch(() => {}));
  return client;
}

const watched = 'test://watched-resource';
const eras = ['modern', 'legacy'];

for (const era of eras) {
  test(`a ${era} agent sees two servers as one, and reaches each`, async (t) => {
    const client = await connect(t, era, await serve(t));
    const { tools, _meta } = await client.listTools();
    assert.equal(_meta?.['dev.gatehouse/missing'], undefined);
    const names = tools.map((tool) => tool.name);
    assert.ok(names.includes('new.test_simple_text') && names.includes('old.test_simple_text'),
        names.join());
    assert.deepEqual(names.map((name) => name.slice(0, 4)),
        names.map((name) => name.slice(0, 4)).sort(), 'in order of connection');

    const { prompts } = await client.listPrompts();
    assert.ok(prompts.some((prompt) => prompt.name === 'old.test_simple_prompt'));
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    for (const server of ['new', 'old']) {
      const called = await client.callTool({ name: `${server}.test_simple_text`, arguments: {} });
      assert.match(text_of(called), /text/);

      const embedded = await client.callTool(
          { name: `${server}.test_embedded_resource`, arguments: {} });
      assert.equal(embedded.content[0].resource.uri,
          `gatehouse://${server}/test://embedded-resource`);

      const uri = `gatehouse://${server}/test://static-text`;
      assert.ok(resources.some((resource) => resource.uri === uri));
      const read = await client.readResource({ uri });
      assert.deepEqual(read.contents.map((content) => content.uri), [uri]);

      const template = `gatehouse://${server}/test://template/{id}/data`;
      assert.ok(resourceTemplates.some((one) => one.uriTemplate === template));
      const expanded = template.replace('{id}', '7');
      assert.equal((await client.readResource({ uri: expanded })).contents[0].uri, expanded);

      const prompt = await client.getPrompt({ name: `${server}.test_prompt_with_embedded_resource`,
        arguments: { resourceUri: 'test://x' } });
      assert.equal(prompt.messages[0].content.resource.uri, `gatehouse://${server}/test://x`);

      const { completion } = await client.complete({
        ref: { type: 'ref/prompt', name: `${server}.test_prompt_with_arguments` },
        argument: { name: 'arg1', value: '' } });
      assert.ok(Array.isArray(completion.values));
    }
    const unknown = { name: 'nothing.test_simple_text', arguments: {} };
    await assert.rejects(client.callTool(unknown), /Unknown/);
    await assert.rejects(client.readResource({ uri: watched }), /unknown resource/i);
    await assert.rejects(client.listTools({ cursor: 'made-up' }), /invalid cursor/);
  });

  test(`a ${era} agent hears of the resource it follows, of either server`, async (t) => {
    const client = await connect(t, era, await serve(t));
    await client.listTools();
    const uris = ['new', 'old'].map((server) => `gatehouse://${server}/${watched}`);
    const heard = [];
    if (era === 'modern') {
      client.setNotificationHandler('notifications/resources/updated',
          ({ params }) => { heard.push(params.uri); });
      const subscription = await client.listen({ resourceSubscriptions: uris });
      t.after(() => subscription.close?.().catch?.(() => {}));
    } else {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema,
          ({ params }) => { heard.push(params.uri); });
      for (const uri of uris) await client.subscribeResource({ uri });
      await assert.rejects(client.subscribeResource({ uri: 'gatehouse://old/test://nothing' }));
    }
    for (const server of ['old', 'new']) {
      await client.callTool({ name: `${server}.test_touch_watched_resource`, arguments: {} });
      await eventually(`${server} tells`,
          () => heard.includes(`gatehouse://${server}/${watched}`));
    }
  });

  test(`a ${era} agent hears that a server was added, and finds its tools`, async (t) => {
    const served = await serve(t);
    const client = await connect(t, era, served);
    await client.listTools();
    let changes = 0;
    if (era === 'modern') {
      client.setNotificationHandler('notifications/tools/list_changed', () => { ++changes; });
      await client.listen({ toolsListChanged: true });
    } else {
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => { ++changes; });
    }
    assert_done(await served.gatehouse.run(add_stdio('third', old_server)));
    await eventually('a changed list', () => changes > 0);
    await eventually('the tools of the third', async () =>
      (await client.listTools()).tools.some((tool) => tool.name === 'third.test_simple_text'));
  });
}

const tasks = 'io.modelcontextprotocol/tasks';

// One modern request without an SDK, for what they do not know.
async function post(url, token, method, params, { extensions = {}, name } = {}) {
  const prefix = 'io.modelcontextprotocol/';
  const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: {
    [`${prefix}protocolVersion`]: '2026-07-28', [`${prefix}clientCapabilities`]: { extensions } } } };
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: {
    authorization: `Bearer ${token}`, 'content-type': 'application/json',
    accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28',
    'mcp-method': method, ...(name === undefined ? {} : { 'mcp-name': name }) } });
  return response.json();
}

for (const place of ['/mcp/all', '/mcp/c/new']) {
  test(`a task of a server is found again through ${place}, by its own member only`, async (t) => {
    const { url, token } = await serve(t);
    const at = new URL(place, url);
    const tool = place === '/mcp/all' ? 'new.slow_compute' : 'slow_compute';
    const call = { name: tool, arguments: { seconds: 0, label: 'all' } };
    const declared = { extensions: { [tasks]: {} } };

    const plain = await post(at, token, 'tools/call', call, { name: tool });
    assert.match(text_of(plain.result), /Computed all/, 'who does not declare tasks gets none');

    const made = await post(at, token, 'tools/call', call, { ...declared, name: tool });
    assert.equal(made.result.resultType, 'task', JSON.stringify(made));
    const { taskId } = made.result;
    const get = (id, where = at) => post(where, token, 'tasks/get', { taskId: id },
        { ...declared, name: id });
    const done = await eventually('the task ends', async () => {
      const answer = await get(taskId);
      assert.equal(answer.result?.taskId, taskId, JSON.stringify(answer));
      return answer.result.status === 'completed' && answer.result;
    });
    assert.match(text_of(done.result), /Computed all/);

    const changed = taskId.slice(0, -4) + (taskId.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    for (const id of [changed, 'nothing', '']) {
      assert.equal((await get(id)).error?.code, -32602, id);
    }
    assert.equal((await get(taskId, new URL('/mcp/c/old', url))).error?.code, -32602);
  });
}

test('a revoked token ends what is listened to', async (t) => {
  const { gatehouse, url, token } = await serve(t);
  const prefix = 'io.modelcontextprotocol/';
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}`,
    'content-type': 'application/json', accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: {
    notifications: { toolsListChanged: true },
    _meta: { [`${prefix}protocolVersion`]: '2026-07-28', [`${prefix}clientCapabilities`]: {} } } }) });
  assert.equal(response.status, 200);
  const reader = response.body.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /acknowledged/);
  assert_done(await gatehouse.run(['token', 'revoke', 'agent']));
  const ended = async () => { while (!(await reader.read()).done); return true; };
  assert.ok(await Promise.race([ended(), new Promise((resolve) => setTimeout(resolve, 10_000))]),
      'the stream ends');
});

test('gatehouse stdio --all shows the same list', async (t) => {
  const { gatehouse } = await serve(t);
  const report = await run_sdk_client('legacy', ['--call', 'old.test_simple_text', '--',
    binary, 'stdio', '--all'], { env: gatehouse.env });
  assert.ok(report.tools.some((tool) => tool.name === 'new.test_simple_text'));
  assert.match(text_of(report.calls[0].result), /text/);
});
