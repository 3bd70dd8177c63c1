// `gatehouse serve --shards 4`: several threads that look like one gateway. Every request here comes
// on a TCP connection of its own, so that the kernel spreads them; what has state lives on one
// shard and is reached from all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, add_stdio } from '../cli.mjs';
import { assert_done, eventually, make_gatehouse, node, peer, run_json, start_protected_server,
  text_of } from './harness.mjs';

const shards = Number(process.env.SHARDS ?? 4);
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, i) => make(i)));

async function serve(t, gatehouse, listen = '127.0.0.1:0') {
  gatehouse.token ??= (await run_json(gatehouse, ['token', 'create', 'agent', '--json'])).token;
  const server = await gatehouse.start_until_ready(['serve', '--listen', listen, '--shards',
    `${shards}`]);
  assert.equal(server.shards, shards);
  return { ...server, token: gatehouse.token };
}

// A gateway over a stdio server; `pids()` are the processes that were ever started.
async function with_counting_server(t) {
  const gatehouse = make_gatehouse(t);
  const file = path.join(gatehouse.home, 'pids');
  assert_done(await gatehouse.run(add_stdio('counting', [node, peer('counting_server.mjs'), file])));
  const before = readFileSync(file, 'utf8').trim().split('\n').length;
  const pids = () => readFileSync(file, 'utf8').trim().split('\n').slice(before);
  return { gatehouse, pids };
}

function is_alive(pid) {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

// One request on a connection of its own: {status, headers, messages}.
function post(gateway, message, headers = {}, method = 'POST') {
  return new Promise((resolve, reject) => {
    const request = http.request(`${gateway.url}/mcp`, { method, agent: false, headers: {
      authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json',
      accept: 'application/json, text/event-stream', ...headers } }, (response) => {
      let body = '';
      response.on('data', (data) => { body += data; });
      response.on('error', reject);
      response.on('end', () => {
        const lines = response.headers['content-type']?.startsWith('text/event-stream') ?
          body.split('\n').filter((line) => line.startsWith('data:') && line.length > 6)
            .map((line) => line.slice(5)) : [body];
        const messages = lines.filter((line) => line.trim().startsWith('{'))
          .map((line) => JSON.parse(line));
        resolve({ status: response.statusCode, headers: response.headers, messages });
      });
    });
    request.on('error', reject);
    request.end(message === undefined ? undefined : JSON.stringify({ jsonrpc: '2.0', ...message }));
  });
}

const last = (answer) => answer.messages.at(-1);
const execute = (name, args = {}) => ({ method: 'tools/call', params: { name: 'execute_capability',
  arguments: { name, arguments: args } } });

async function modern(gateway, request, { capabilities = {}, ...more } = {}) {
  const params = { ...request.params, ...more, _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities } };
  const answer = await post(gateway, { id: 1, method: request.method, params }, {
    'mcp-protocol-version': '2026-07-28', 'mcp-method': request.method,
    'mcp-name': request.params.name });
  assert.equal(answer.status, 200, JSON.stringify(answer.messages));
  return last(answer).result;
}

const at_2025 = { 'mcp-protocol-version': '2025-11-25' };

async function open_session(gateway, capabilities = {}) {
  const answer = await post(gateway, { id: 0, method: 'initialize', params: {
    protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'test', version: '1' } } });
  assert.equal(answer.status, 200, JSON.stringify(answer.messages));
  const id = answer.headers['mcp-session-id'];
  assert.match(id, /^[\x21-\x7e]{43,}$/);
  const headers = { ...at_2025, 'mcp-session-id': id };
  const ready = await post(gateway, { method: 'notifications/initialized' }, headers);
  assert.equal(ready.status, 202);
  return { id, headers,
    send: (request, request_id = 7) => post(gateway, { id: request_id, ...request }, headers) };
}

test('a legacy session works on any TCP connection', async (t) => {
  const { gatehouse } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const session = await open_session(gateway);
  const answers = await times(40, (i) => session.send(execute('counting.pid'), i + 10));
  for (const [i, answer] of answers.entries()) {
    assert.equal(answer.status, 200);
    assert.equal(last(answer).id, i + 10);
    assert.match(text_of(last(answer).result), /^\d+$/);
  }
  const ended = await post(gateway, undefined, session.headers, 'DELETE');
  assert.ok(ended.status === 200 || ended.status === 204, `${ended.status}`);
  const gone = await times(12, () => session.send({ method: 'tools/list' }));
  assert.deepEqual([...new Set(gone.map((answer) => answer.status))], [404]);
});

test('a session id that was made up or changed is unknown to every shard', async (t) => {
  const { gatehouse } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const { id } = await open_session(gateway);
  const changed = (id[0] === 'A' ? 'B' : 'A') + id.slice(1);
  for (const wrong of [changed, id.slice(1), 'x'.repeat(67)]) {
    const answers = await times(8, () => post(gateway, { id: 1, method: 'tools/list' },
        { ...at_2025, 'mcp-session-id': wrong }));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [404]);
  }
});

test('a stdio server has one process, whichever shard is asked', async (t) => {
  const { gatehouse, pids } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const answers = await times(40, () => modern(gateway, execute('counting.pid')));
  assert.deepEqual([...new Set(answers.map(text_of))], pids());
  assert.equal(pids().length, 1);
});

test('progress and cancellation cross to the shard that has the server', async (t) => {
  const { gatehouse } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const slow = { ...execute('counting.slow', { ms: 100 }) };
  slow.params._meta = { progressToken: 'mine' };
  const sessions = await times(8, () => open_session(gateway));
  for (const answer of await Promise.all(sessions.map((session) => session.send(slow)))) {
    const progress = answer.messages.filter(({ method }) => method === 'notifications/progress');
    assert.equal(progress.length, 1, JSON.stringify(answer.messages));
    assert.equal(progress[0].params.progressToken, 'mine');
    assert.match(text_of(last(answer).result), /slept/);
  }
  const began = Date.now();
  const [session] = sessions;
  const hanging = session.send(execute('counting.slow', { ms: 60_000 }), 'long');
  await eventually('the cancellation was accepted', async () => {
    const told = await post(gateway, { method: 'notifications/cancelled',
      params: { requestId: 'long' } }, session.headers);
    assert.equal(told.status, 202);
    return Promise.race([hanging.then(() => true), new Promise((resolve) =>
      setTimeout(() => resolve(false), 200))]);
  });
  assert.ok(Date.now() - began < 30_000);
});

test('calls on all shards share one refresh', async (t) => {
  const upstream = await start_protected_server(t, '--token-delay', '300');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', upstream.modern_url)));
  assert_done(await gatehouse.run(add_http('older', upstream.legacy_url)));
  const gateway = await serve(t, gatehouse);
  const names = ['guarded.echo', 'older.echo'];
  const call_all = () => times(24, (i) =>
    modern(gateway, execute(names[i % 2], { message: `call ${i}` })));
  for (const [i, result] of (await call_all()).entries()) {
    assert.equal(text_of(result), `call ${i}`);
  }
  const before = (await upstream.provider_stats()).tokens.refresh_token ?? 0;
  await upstream.expire_access_tokens();
  for (const [i, result] of (await call_all()).entries()) {
    assert.equal(text_of(result), `call ${i}`);
  }
  const stats = await upstream.provider_stats();
  assert.equal(stats.tokens.refresh_token - before, names.length);
  assert.equal(stats.grants_revoked, 0);
});

test('a sign-in link that any shard gave out is opened and finished', async (t) => {
  const upstream = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', upstream.modern_url, ['--no-login'])));
  const gateway = await serve(t, gatehouse);
  const results = await times(16, () =>
    modern(gateway, execute('guarded.echo', { message: 'x' })));
  const links = [...new Set(results.map((result) =>
    text_of(result).match(/http:\/\/127\.0\.0\.1:\d+\/connect\/\S+/)[0]))];
  for (const link of links) {
    const pages = await times(8, () => fetch(link, { headers: { connection: 'close' } }));
    assert.deepEqual([...new Set(pages.map((page) => page.status))], [200], link);
  }
});

test('what the command line changes holds on every shard', async (t) => {
  const { gatehouse, pids } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  await times(16, () => modern(gateway, execute('counting.pid')));
  assert_done(await gatehouse.run(['disable', 'counting']));
  await eventually('no shard calls a disabled server', async () => {
    const results = await times(16, () => modern(gateway, execute('counting.pid')));
    return results.every((result) => result.isError);
  });
  assert_done(await gatehouse.run(['enable', 'counting']));
  await eventually('every shard calls it again', async () => {
    const results = await times(16, () => modern(gateway, execute('counting.pid')));
    return results.every((result) => !result.isError);
  });
  await eventually('one process is left', () => pids().filter(is_alive).length === 1);
});

const colour = { action: 'accept', content: { colour: 'green' } };

test('a call that a legacy server interrupts is taken up wherever its retry comes', async (t) => {
  const { gatehouse, pids } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const capabilities = { elicitation: { form: {} } };
  const ask = async () => {
    const first = await modern(gateway, execute('counting.ask'), { capabilities });
    assert.equal(first.resultType, 'input_required', JSON.stringify(first));
    const [key] = Object.keys(first.inputRequests);
    assert.equal(first.inputRequests[key].method, 'elicitation/create');
    const retry = { capabilities, inputResponses: { [key]: colour },
      requestState: first.requestState };
    assert.equal(text_of(await modern(gateway, execute('counting.ask'), retry)), 'accept green');
  };
  // One after the other: over stdio nothing says which of several calls a question belongs to.
  for (let i = 0; i < 12; ++i) await ask();
  assert.equal(pids().length, 1);
});

// Reads the stream of a call and answers what it asks on a connection of its own.
function call_and_answer(gateway, session, request, result) {
  return new Promise((resolve, reject) => {
    const message = JSON.stringify({ jsonrpc: '2.0', id: 'asking', ...request });
    const sent = http.request(`${gateway.url}/mcp`, { method: 'POST', agent: false, headers: {
      authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json',
      accept: 'application/json, text/event-stream', ...session.headers } }, (response) => {
      let text = '';
      response.on('error', reject);
      response.on('data', async (data) => {
        text += data;
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const line = text.slice(0, end).trim();
          text = text.slice(end + 1);
          if (!line.startsWith('data:') || line.length < 7) continue;
          const told = JSON.parse(line.slice(5));
          if (told.id === 'asking') resolve(told.result);
          if (told.method !== 'elicitation/create') continue;
          const taken = await post(gateway, { id: told.id, result }, session.headers);
          assert.equal(taken.status, 202);
        }
      });
    });
    sent.on('error', reject);
    sent.end(message);
  });
}

test('a legacy client is asked on its stream and answers on any connection', async (t) => {
  const { gatehouse, pids } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const sessions = await times(8, () => open_session(gateway, { elicitation: { form: {} } }));
  for (const session of sessions) {
    const result = await call_and_answer(gateway, session, execute('counting.ask'), colour);
    assert.equal(text_of(result), 'accept green');
  }
  assert.equal(pids().length, 1);
});

// A request whose client leaves after `ms`.
function vanish(gateway, message, headers, ms) {
  return new Promise((resolve) => {
    const request = http.request(`${gateway.url}/mcp`, { method: 'POST', agent: false, headers: {
      authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json',
      accept: 'application/json, text/event-stream', ...headers } }, (response) => response.resume());
    request.on('error', () => resolve());
    request.on('close', () => resolve());
    request.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
    setTimeout(() => request.destroy(), ms);
  });
}

test('under load, with a store that changes and clients that leave', async (t) => {
  const upstream = await start_protected_server(t);
  const { gatehouse, pids } = await with_counting_server(t);
  assert_done(await gatehouse.run(add_http('guarded', upstream.modern_url)));
  assert_done(await gatehouse.run(add_http('older', upstream.legacy_url)));
  const gateway = await serve(t, gatehouse);
  const echo = (name, i) => execute(`${name}.echo`, { message: `${i}` });
  const worker = async (w) => {
    const session = await open_session(gateway);
    for (let i = 0; i < 12; ++i) {
      assert.equal(text_of(await modern(gateway, echo('guarded', i))), `${i}`);
      assert.equal(text_of(await modern(gateway, echo('older', i))), `${i}`);
      assert.match(text_of(await modern(gateway, execute('counting.pid'))), /^\d+$/);
      assert.equal(text_of(last(await session.send(echo('older', i), i + 1)).result), `${i}`);
      assert.match(text_of(last(await session.send(execute('counting.slow', { ms: 5 }), i + 100))
          .result), /slept/);
      await vanish(gateway, { id: 'gone', ...execute('counting.slow', { ms: 50 }) },
          session.headers, (w + i) % 9);
    }
    const ended = await post(gateway, undefined, session.headers, 'DELETE');
    assert.ok(ended.status < 300, `${ended.status}`);
  };
  const writer = async () => {
    await upstream.expire_access_tokens();
    for (let i = 0; i < 4; ++i) {
      assert_done(await gatehouse.run(['token', 'create', `more-${i}`]));
      assert_done(await gatehouse.run(['refresh', 'older']));
    }
  };
  await Promise.all([writer(), times(6, worker)]);
  assert.equal(pids().length, 1);
  gateway.child.kill('SIGTERM');
  assert.deepEqual(await gateway.child.gone, { code: 0, signal: null });
  assert.doesNotMatch(gateway.log(), /task_failed|bug of ours|Sanitizer/);
});

test('a drain lets calls finish, also those that another shard carries out', async (t) => {
  const { gatehouse } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  await modern(gateway, execute('counting.pid'));
  const under_way = times(12, () => modern(gateway, execute('counting.slow', { ms: 700 })));
  const session = await open_session(gateway);
  const on_session = session.send(execute('counting.slow', { ms: 700 }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  gateway.child.kill('SIGTERM');
  for (const result of await under_way) assert.match(text_of(result), /slept/);
  assert.match(text_of(last(await on_session).result), /slept/);
  assert.deepEqual(await gateway.child.gone, { code: 0, signal: null });
});

test('after a restart a session is unknown, and the client initializes again', async (t) => {
  const { gatehouse } = await with_counting_server(t);
  const first = await serve(t, gatehouse);
  const session = await open_session(first);
  first.child.kill('SIGTERM');
  assert.deepEqual(await first.child.gone, { code: 0, signal: null });
  const second = await serve(t, gatehouse, new URL(first.url).host);
  const answers = await times(8, () => post(second, { id: 1, ...execute('counting.pid') },
      session.headers));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [404]);
  const again = await open_session(second);
  assert.match(text_of(last(await again.send(execute('counting.pid'))).result), /^\d+$/);
});

test('a port that another gateway has is refused, shared though it could be', async (t) => {
  const { gatehouse } = await with_counting_server(t);
  const gateway = await serve(t, gatehouse);
  const second = await gatehouse.run(['serve', '--listen', new URL(gateway.url).host, '--shards',
    `${shards}`]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /in use by another program/);
});

test('a number of shards that makes no sense is refused', async (t) => {
  const gatehouse = make_gatehouse(t);
  for (const wrong of ['0', '65', 'many', '-1']) {
    const result = await gatehouse.run(['serve', '--listen', '127.0.0.1:0', `--shards=${wrong}`]);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /--shards is auto or a number from 1 to 64/);
  }
});
