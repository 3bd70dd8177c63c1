// Settings of a connection as a person changes them and as commands, agents and servers then see
// them: server-everything over stdio, SDK servers behind oidc-provider, and small servers of ours.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { add_http, add_stdio, call, exit_code } from '../cli.mjs';
import { everything_command } from '../peers/everything.mjs';
import { assert_done, assert_exit, eventually, make_gatehouse, run_json, run_sdk_client,
  start_protected_server, text_of, tool_names, wait_for_output } from './harness.mjs';

async function gatehouse_with_everything(t, name = 'everything', more = []) {
  const gatehouse = make_gatehouse(t);
  const [add, , ...rest] = add_stdio(name, everything_command());
  assert_done(await gatehouse.run([add, name, ...more, ...rest]));
  return gatehouse;
}

async function serve(t, gatehouse, env = {}) {
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const server = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0'], { env });
  const agent = (...calls) => run_sdk_client('modern', ['--url', `${server.url}/mcp`,
    ...calls.flatMap(([tool, args]) => ['--call', tool, '--arguments', JSON.stringify(args)])],
  { env: { MCP_TOKEN: token } });
  return { ...server, agent };
}

const execute = (name, args = {}) => ['execute_capability', { name, arguments: args }];
const search = (query) => ['search_capabilities', { query }];
const json = (value) => JSON.stringify(value);

// The processes that a process has started.
// Of all its threads: each shard starts its own.
const children_of = (child) => readdirSync(`/proc/${child.pid}/task`).flatMap((thread) =>
  readFileSync(`/proc/${child.pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean));

// An MCP server of 2025-11-25 that answers as `answer(method, params, message)` says.
async function start_server(t, routes) {
  const seen = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => {
      const message = body.startsWith('{') ? JSON.parse(body) : {};
      seen.push({ path: request.url, method: message.method, params: message.params,
        headers: request.headers });
      routes(request, message, response);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => { server.closeAllConnections(); server.close(); });
  return { origin: `http://127.0.0.1:${server.address().port}`, seen };
}

function send(response, status, value, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(value === undefined ? '' : json(value));
}

// What such a server answers to the handshake and to tools/list; false: something else.
function handshake(message, response, tools, capabilities = {}) {
  const result = (value) => send(response, 200, { jsonrpc: '2.0', id: message.id, result: value });
  if (message.method === 'initialize') {
    result({ protocolVersion: '2025-11-25', capabilities: { tools: {}, ...capabilities },
      serverInfo: { name: 'small', version: '1' } });
  } else if (message.method === 'tools/list') {
    result({ tools: tools?.map((tool) => ({ inputSchema: { type: 'object' }, ...tool })) });
  } else if (message.method?.startsWith('notifications/')) {
    send(response, 202);
  } else if (message.method === 'tools/call') {
    return false;
  } else if (message.method === 'logging/setLevel' || message.method === 'ping') {
    result({});
  } else {
    send(response, 405);
  }
  return true;
}

test('an excluded tool does not exist, for commands and for agents', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  assert_done(await gatehouse.run(['edit', 'everything', '--exclude-tools', 'get-e*']));
  const names = tool_names(await run_json(gatehouse, ['tools', 'everything', '--json']));
  assert.ok(names.includes('echo') && !names.includes('get-env'), `${names}`);
  const everything = assert_done(await gatehouse.run(['tools', 'everything', '--all', '--cached']));
  assert.match(everything.stdout, /everything\.get-env .*excluded/);

  for (const args of [['describe'], ['call']]) {
    const excluded = assert_exit(await gatehouse.run([...args, 'everything.get-env']),
        exit_code.failed);
    const unknown = assert_exit(await gatehouse.run([...args, 'everything.get-xyz']),
        exit_code.failed);
    assert.equal(excluded.stderr.replaceAll('get-env', 'get-xyz'), unknown.stderr);
  }
  const found = await run_json(gatehouse, ['search', 'environment variables', '--json']);
  assert.ok(!found.results.some((hit) => hit.name === 'everything.get-env'), json(found));

  const gateway = await serve(t, gatehouse);
  const report = await gateway.agent(search('environment variables'),
      execute('everything.get-env'), execute('everything.get-xyz'),
      execute('everything.echo', { message: 'still here' }));
  const [hits, excluded, unknown, echoed] = report.calls.map((one) => one.result);
  assert.doesNotMatch(json(hits), /get-env/);
  assert.equal(json(excluded).replaceAll('get-env', 'get-xyz'), json(unknown));
  assert.match(text_of(unknown), /unknown capability/);
  assert.equal(text_of(echoed), 'Echo: still here');

  assert_done(await gatehouse.run(['edit', 'everything', '--reset', 'tools',
    '--enable-tools', 'get-*']));
  await eventually('the gateway hears of it', async () => {
    const again = await gateway.agent(execute('everything.get-env'),
        execute('everything.echo', { message: 'x' }));
    return !again.calls[0].result.isError && again.calls[1].result.isError;
  });
});

test('a disabled connection is not listed to agents, not called and not asked', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  const gateway = await serve(t, gatehouse);
  const echo = execute('everything.echo', { message: 'hi' });
  assert.equal(text_of((await gateway.agent(echo)).calls[0].result), 'Echo: hi');
  assert.equal(children_of(gateway.child).length, 1);

  const disabled = assert_done(await gatehouse.run(['disable', 'everything']));
  assert.match(disabled.stderr, /gatehouse enable everything/);
  await eventually('its process is closed', () => children_of(gateway.child).length === 0);
  const report = await gateway.agent(search('echo'), echo);
  assert.doesNotMatch(json(report.calls[0].result), /everything\.echo/);
  assert.match(text_of(report.calls[1].result), /unknown capability/);
  assert.doesNotMatch(json(report.tools), /everything \(/);

  const status = assert_done(await gatehouse.run(['status']));
  assert.match(status.stdout, /everything +disabled/);
  const refused = assert_exit(await gatehouse.run(call('everything.echo', { message: 'hi' })),
      exit_code.failed);
  assert.match(refused.stderr, /is disabled\n +gatehouse enable everything/);
  assert.equal((await run_json(gatehouse, ['search', 'echo', '--json'])).results.length, 0);

  assert_done(await gatehouse.run(['enable', 'everything']));
  await eventually('agents have it back', async () =>
    text_of((await gateway.agent(echo)).calls[0].result) === 'Echo: hi');
});

test('an edit changes what it names and nothing else', async (t) => {
  const gatehouse = await gatehouse_with_everything(t, 'everything', ['--log-level', 'warning']);
  assert_done(await gatehouse.run(['edit', 'everything', '--request-timeout', '2m',
    '--read-retries', '2', '--idle-timeout', '0', '--env', 'GREETING=hello']));
  const shown = await run_json(gatehouse, ['show', 'everything', '--json']);
  assert.deepEqual(shown.settings, { enabled: true, tools: { include: [], exclude: [] },
    connect_timeout_ms: null, request_timeout_ms: 120_000, idle_timeout_ms: 0, read_retries: 2,
    roots: [], log_level: 'warning', on_change: 'allow' });
  assert.deepEqual(shown.environment, ['GREETING']);
  assert.match(text_of(await run_json(gatehouse, call('everything.get-env'))), /"hello"/);
  const changed = await run_json(gatehouse,
      ['edit', 'everything', '--remove-env', 'GREETING', '--json']);
  assert.deepEqual(changed.changed, ['environment']);
  assert_exit(await gatehouse.run(['edit', 'everything', '--request-timeout', 'soon']),
      exit_code.usage);
  assert_exit(await gatehouse.run(['edit', 'everything', '--url', 'http://127.0.0.1:1/']),
      exit_code.usage);
});

test('a key is changed by edit and takes the place of the old one', async (t) => {
  const server = await start_server(t, (request, message, response) => {
    if (request.headers['x-key'] !== 'new') return send(response, 401);
    handshake(message, response, [{ name: 'look' }]);
  });
  const gatehouse = make_gatehouse(t, { env: { OLD_KEY: 'old', NEW_KEY: 'new' } });
  const failed = await gatehouse.run(add_http('keyed', server.origin,
      ['--header', 'X-Key=env:OLD_KEY']));
  assert_exit(failed, exit_code.sign_in);
  assert.match(failed.stderr, /put a valid key where X-Key is read from/);
  assert_done(await gatehouse.run(['edit', 'keyed', '--header', 'x-key=env:NEW_KEY']));
  assert_done(await gatehouse.run(['test', 'keyed']));
  assert.deepEqual((await run_json(gatehouse, ['show', 'keyed', '--json'])).headers, ['x-key']);
  const unset = await gatehouse.run(['edit', 'keyed', '--header', 'x-key=env:NO_SUCH_VARIABLE']);
  assert_exit(unset, exit_code.usage);
});

test('a new URL ends the login after a yes and revokes it; a rename keeps it', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  assert_done(await gatehouse.run(['edit', 'guarded', '--exclude-tools', 'add']));
  const renamed = assert_done(await gatehouse.run(['rename', 'guarded', 'kept']));
  assert.match(renamed.stderr, /kept\.TOOL/);
  const quiet = { env: { BROWSER: '' } };
  assert.equal(text_of(await run_json(gatehouse, call('kept.echo', { message: 'hi' }), quiet)),
      'hi');
  assert_exit(await gatehouse.run(['rename', 'kept', 'No Name']), exit_code.usage);

  const move = ['edit', 'kept', '--url', server.legacy_url, '--allow-loopback'];
  const asked = await gatehouse.run(move);
  assert.notEqual(asked.code, exit_code.done);
  assert.match(asked.stderr, /somebody must sign in again/);
  assert.equal(text_of(await run_json(gatehouse, call('kept.echo', { message: 'hi' }), quiet)),
      'hi', 'without a yes nothing has changed');

  const moved = await run_json(gatehouse, [...move, '--yes', '--json']);
  assert.deepEqual(moved.changed.slice(0, 1), ['url']);
  assert.equal(moved.ended_logins.length, 1);
  assert.equal(moved.ended_logins[0].revoked, 'yes');
  const shown = await run_json(gatehouse, ['show', 'kept', '--json']);
  assert.equal(shown.url, server.legacy_url);
  assert.deepEqual(shown.settings.tools.exclude, ['add']);
  assert.equal(shown.login.signed_in, false);
  assert_exit(await gatehouse.run(['test', 'kept'], quiet), exit_code.sign_in);
  assert_done(await gatehouse.run(['login', 'kept']));
  assert_done(await gatehouse.run(['test', 'kept'], quiet));
});

test('refresh shows what changed, test tells each step', async (t) => {
  let tools = [{ name: 'look', description: 'one' }, { name: 'gone' }];
  const server = await start_server(t, (request, message, response) =>
    handshake(message, response, tools));
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('small', server.origin)));
  const same = await run_json(gatehouse, ['refresh', 'small', '--json']);
  assert.deepEqual(same, { connection: 'small', tools: 2, added: [], removed: [], changed: [] });
  tools = [{ name: 'look', description: 'two' }, { name: 'fresh' }];
  const other = await run_json(gatehouse, ['refresh', 'small', '--json']);
  assert.deepEqual(other,
      { connection: 'small', tools: 2, added: ['fresh'], removed: ['gone'], changed: ['look'] });
  const tested = await run_json(gatehouse, ['test', 'small', '--json']);
  assert.deepEqual(tested.steps.map((step) => [step.step, step.ok]),
      [['connect', true], ['list', true], ['ping', true]]);
  tools = undefined;
  const broken = await gatehouse.run(['test', 'small', '--json'], { deadline_ms: 60_000 });
  assert_exit(broken, exit_code.failed);
  assert.equal(JSON.parse(broken.stdout).ok, false);
});

test('add --dry-run says what would be stored and stores and registers nothing', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  const plan = await run_json(gatehouse, add_http('guarded', server.modern_url,
      ['--dry-run', '--json', '--request-timeout', '5s', '--scope', 'mcp:write']));
  assert.equal(plan.dry_run, true);
  assert.equal(plan.finding, 'oauth');
  assert.match(plan.sign_in, /a sign-in at http:\/\/127\.0\.0\.1:\d+ in a browser, as a client that is registered/);
  assert.equal(plan.settings.request_timeout_ms, 5000);
  assert.deepEqual(plan.scopes, ['mcp:write']);
  assert.deepEqual((await run_json(gatehouse, ['list', '--json'])).connections, []);
  assert.equal((await server.provider_stats()).registrations, 0);
  const shown = assert_done(await gatehouse.run(add_http('guarded', server.modern_url,
      ['--dry-run'])));
  assert.match(shown.stderr, /Nothing was stored/);
});

test('presets: listed, used for a URL given by hand, suggested for a slip', async (t) => {
  const { presets } = await run_json(make_gatehouse(t), ['presets', '--json']);
  assert.ok(presets.length >= 14);
  const server = await start_server(t, (request, message, response) => {
    if (request.headers['x-api-key'] !== 'k') return send(response, 401);
    handshake(message, response, [{ name: 'web_search' }]);
  });
  const gatehouse = make_gatehouse(t, { env: { EXA_API_KEY: 'k' } });
  const without = await gatehouse.run(add_http('exa', server.origin));
  assert_exit(without, exit_code.usage);
  assert.match(without.stderr, /needs an API key from https:\/\/dashboard\.exa\.ai/);
  assert.match(without.stderr, /gatehouse add exa --header x-api-key=env:EXA_API_KEY/);
  assert_done(await gatehouse.run(add_http('exa', server.origin,
      ['--header', 'x-api-key=env:EXA_API_KEY'])));
  assert.equal((await run_json(gatehouse, ['show', 'exa', '--json'])).preset, 'exa');
  const slip = assert_exit(await gatehouse.run(['add', 'notino']), exit_code.usage);
  assert.match(slip.stderr, /Did you mean "notion"\?/);
  const client = assert_exit(await gatehouse.run(add_http('asana', server.origin)),
      exit_code.usage);
  assert.match(client.stderr, /register one at https:\/\/app\.asana\.com/);
});

test('a command on the command line that names nothing exits with 2', async (t) => {
  const gatehouse = make_gatehouse(t);
  for (const source of ['env:NO_SUCH_VARIABLE', 'file:/no/such/file']) {
    assert_exit(await gatehouse.run(add_http('x', 'http://127.0.0.1:1/mcp',
        ['--bearer', source])), exit_code.usage);
  }
  const refused = assert_exit(await gatehouse.run(add_http('x', 'http://127.0.0.1:1/mcp')),
      exit_code.failed);
  assert.equal(refused.stderr.match(/Connection refused/g)?.length, 1, refused.stderr);
});

test('a private key that cannot be read changes nothing and ends no login', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  const quiet = { env: { BROWSER: '' } };
  for (const source of ['file:/no/such/key.pem', 'env:NO_SUCH_KEY', 'command:false']) {
    const flags = ['--client-id', 'abc', '--private-key', source];
    const refused = assert_exit(await gatehouse.run(['edit', 'guarded', ...flags, '--yes']),
        exit_code.usage);
    assert.match(refused.stderr, /--private-key \$\{(file|env|command):/);
    assert_exit(await gatehouse.run(add_http('other', server.modern_url, flags)), exit_code.usage);
  }
  const key_id = assert_exit(await gatehouse.run(['edit', 'guarded', '--key-id', 'k']),
      exit_code.usage);
  assert.match(key_id.stderr, /--key-id needs a private key/);
  assert_done(await gatehouse.run(['test', 'guarded'], quiet));
  assert.equal((await run_json(gatehouse, ['list', '--json'])).connections.length, 1);
});

test('edit --allow adds the allowance, and what is no origin is refused', async (t) => {
  const server = await start_server(t, (request, message, response) =>
    handshake(message, response, [{ name: 'look' }]));
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('small', server.origin)));
  const edited = await run_json(gatehouse,
      ['edit', 'small', '--allow', 'http://10.1.2.3:8080', '--json']);
  assert.deepEqual(edited.changed, ['allowed addresses']);
  const again = assert_done(await gatehouse.run(
      ['edit', 'small', '--allow', 'http://10.1.2.3:8080']));
  assert.match(again.stderr, /Nothing is different/);
  for (const args of [['edit', 'small'], ['add', 'other', server.origin]]) {
    const refused = assert_exit(await gatehouse.run([...args, '--allow', 'nonsense']),
        exit_code.usage);
    assert.match(refused.stderr, /--allow https:\/\/HOST:PORT/);
  }
  const path = assert_exit(await gatehouse.run(['edit', 'small', '--allow', 'http://A.example/x']),
      exit_code.usage);
  assert.match(path.stderr, /--allow http:\/\/a\.example\n/);
});

test('what counts from the next sign-in on is said, and search tells who waits', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  const edited = assert_done(await gatehouse.run(['edit', 'guarded', '--dpop', 'required']));
  assert.match(edited.stderr, /counts from the next sign-in on: gatehouse login guarded/);
  const ready = assert_done(await gatehouse.run(['search', 'echo']));
  assert.doesNotMatch(ready.stderr, /sign-in/);
  assert_done(await gatehouse.run(['logout', 'guarded']));
  const waiting = assert_done(await gatehouse.run(['search', 'echo']));
  assert.match(waiting.stderr, /1 connection waits for a sign-in: gatehouse status/);
});

test('a flag without the one it goes with, and what is printed as JSON', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  assert_exit(await gatehouse.run(['export', '--passphrase-file', '/no/such/file']),
      exit_code.usage);
  assert_exit(await gatehouse.run(['login', 'everything', '--account', '']), exit_code.usage);
  const file = `${gatehouse.home}/exported.json`;
  const wrote = assert_done(await gatehouse.run(['export', '--output', file]));
  assert.match(wrote.stderr, /Wrote 1 connection and 0 logins/);
  const { quirks } = await run_json(gatehouse, ['demo', '--list-quirks', '--json']);
  assert.ok(quirks.some(({ name, does }) => name === 'token-form' && does), json(quirks));
});

test('nobody is asked to allow an address that no answer opens', async (t) => {
  const gatehouse = make_gatehouse(t);
  for (const url of ['http://169.254.169.254/mcp', 'https://0.0.0.0/mcp', 'http://[::]/mcp']) {
    const refused = assert_exit(await gatehouse.run(['add', 'meta', url]), exit_code.failed);
    assert.match(refused.stderr, /never contacted/);
    assert.doesNotMatch(refused.stderr, /--allow|May Gatehouse/);
  }
});

test('several authorization servers and nobody to choose: added, exit code 3', async (t) => {
  const issuers = ['https://one.example', 'not a url', 'https://two.example'];
  const server = await start_server(t, (request, message, response) => {
    if (!request.url.startsWith('/.well-known/oauth-protected-resource'))
      return send(response, 401, {}, { 'WWW-Authenticate':
        `Bearer resource_metadata="${server.origin}/.well-known/oauth-protected-resource"` });
    send(response, 200, { resource: `${server.origin}/mcp`, authorization_servers: issuers });
  });
  const gatehouse = make_gatehouse(t);
  const added = await gatehouse.run(add_http('several', `${server.origin}/mcp`));
  assert_exit(added, exit_code.sign_in);
  assert.match(added.stderr, /https:\/\/two\.example/);
  assert.doesNotMatch(added.stderr.split('Added several')[1], /not a url/);
  assert.equal((await run_json(gatehouse, ['list', '--json'])).connections.length, 1);
});

test('the request timeout ends a call', async (t) => {
  const server = await start_server(t, (request, message, response) => {
    if (!handshake(message, response, [{ name: 'sleep' }])) t.after(() => response.destroy());
  });
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('slow', server.origin, ['--request-timeout', '300ms'])));
  const result = await gatehouse.run(call('slow.sleep'), { deadline_ms: 20_000 });
  assert_exit(result, exit_code.failed);
  assert.match(result.stderr, /300 ms|0\.3 s|no answer/);
});

test('reads are repeated as often as told, writes never', async (t) => {
  let failures = 0;
  const server = await start_server(t, (request, message, response) => {
    const tools = [{ name: 'look', annotations: { readOnlyHint: true } }, { name: 'post' }];
    if (handshake(message, response, tools)) return;
    if (failures-- > 0) return send(response, 503);
    send(response, 200, { jsonrpc: '2.0', id: message.id, result: { content: [] } });
  });
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('shaky', server.origin, ['--read-retries', '2'])));
  failures = 2;
  assert_done(await gatehouse.run(call('shaky.look')));
  failures = 1;
  assert_exit(await gatehouse.run(call('shaky.post')), exit_code.failed);
  assert_done(await gatehouse.run(['edit', 'shaky', '--reset', 'read-retries']));
  failures = 1;
  assert_exit(await gatehouse.run(call('shaky.look')), exit_code.failed);
});

test('a server that asks for roots is given them', async (t) => {
  const gatehouse = await gatehouse_with_everything(t);
  const home = realpathSync(gatehouse.home);
  assert_done(await gatehouse.run(['edit', 'everything', '--root', home]));
  const result = await run_json(gatehouse, call('everything.get-roots-list'));
  assert.match(text_of(result), new RegExp(`file://${home}`));
  assert_exit(await gatehouse.run(['edit', 'everything', '--root', 'relative']), exit_code.usage);
});

test('the log level reaches a server that has logging', async (t) => {
  const server = await start_server(t, (request, message, response) =>
    handshake(message, response, [{ name: 'look' }], { logging: {} }));
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('chatty', server.origin, ['--log-level', 'warn'])));
  const told = server.seen.find((one) => one.method === 'logging/setLevel');
  assert.deepEqual(told?.params?.level, 'warning');
});

test('what is idle is closed, and beyond max_live the least recently used', async (t) => {
  const gatehouse = await gatehouse_with_everything(t, 'first');
  assert_done(await gatehouse.run(add_stdio('second', everything_command())));
  const gateway = await serve(t, gatehouse, { GATEHOUSE_MAX_LIVE: '1' });
  const echo = (name) => execute(`${name}.echo`, { message: 'hi' });
  const answers = async (name) => text_of((await gateway.agent(echo(name))).calls[0].result);
  assert.equal(await answers('first'), 'Echo: hi');
  assert.equal(children_of(gateway.child).length, 1);
  assert.equal(await answers('second'), 'Echo: hi');
  await eventually('the first is closed', () => children_of(gateway.child).length === 1);
  assert.equal(await answers('first'), 'Echo: hi', 'it opens again when it is wanted');
  assert_done(await gatehouse.run(['edit', 'first', '--idle-timeout', '1s']));
  await eventually('the edit closes it', () => children_of(gateway.child).length === 0);
  assert.equal(await answers('first'), 'Echo: hi');
  await eventually('it is closed for being idle', () => children_of(gateway.child).length === 0);
});

test('serving beyond this machine without public_url warns', async (t) => {
  const gatehouse = make_gatehouse(t);
  const child = gatehouse.start(['serve', '--listen', '0.0.0.0:0']);
  await wait_for_output(child, /public_url is not set/);
});
