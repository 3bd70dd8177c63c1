// Servers of configuration files: the person's own mcp.json and a project's, which takes no effect
// before it is approved; references to secrets; what `gatehouse config` prints.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, call, exit_code } from '../cli.mjs';
import { everything_command } from '../peers/everything.mjs';
import { assert_done, assert_exit, eventually, make_gatehouse, run_json, run_sdk_client,
  start_protected_server, text_of, tool_names } from './harness.mjs';
import { open_terminal } from './terminal.mjs';

const json = JSON.stringify;
const quiet = { BROWSER: '' };

// A repository below the test's home, with `servers` in its .gatehouse/mcp.json.
function make_project(gatehouse, servers, name = 'project') {
  const folder = path.join(gatehouse.home, name);
  mkdirSync(path.join(folder, '.git'), { recursive: true });
  mkdirSync(path.join(folder, '.gatehouse'), { recursive: true });
  const file = path.join(folder, '.gatehouse', 'mcp.json');
  const write = (value) =>
    writeFileSync(file, typeof value === 'string' ? value : json({ mcpServers: value }));
  write(servers);
  return { folder, file, write, trace: path.join(gatehouse.home, `${name}.trace`) };
}

function write_global(gatehouse, servers) {
  mkdirSync(gatehouse.env.GATEHOUSE_HOME, { recursive: true, mode: 0o700 });
  const file = path.join(gatehouse.env.GATEHOUSE_HOME, 'mcp.json');
  writeFileSync(file, typeof servers === 'string' ? servers : json({ mcpServers: servers }),
      { mode: 0o600 });
  return file;
}

// A command that leaves a trace of having run, and is then a real server.
function traced_command(trace, mark = 'ran') {
  const [program, ...args] = everything_command();
  return { command: 'sh', args: ['-c', `echo ${mark} "$TOKEN" >> "${trace}"; exec "$@"`, 'sh',
    program, ...args] };
}

// Counts requests; answers as an MCP server of 2025-11-25 that wants `key()` in X-Key.
async function start_keyed_server(t, key) {
  const seen = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => {
      seen.push({ url: request.url, key: request.headers['x-key'] });
      const message = body.startsWith('{') ? JSON.parse(body) : {};
      const send = (status, value) => {
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(value === undefined ? '' : json(value));
      };
      const result = (value) => send(200, { jsonrpc: '2.0', id: message.id, result: value });
      if (request.headers['x-key'] !== key()) return send(401);
      if (message.method === 'initialize') {
        return result({ protocolVersion: '2025-11-25', capabilities: { tools: {} },
          serverInfo: { name: 'keyed', version: '1' } });
      }
      if (message.method === 'tools/list')
        return result({ tools: [{ name: 'ping', inputSchema: { type: 'object' } }] });
      if (message.method === 'tools/call')
        return result({ content: [{ type: 'text', text: 'pong' }] });
      return send(message.method?.startsWith('notifications/') ? 202 : 405);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => { server.closeAllConnections(); server.close(); });
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, seen };
}

async function waiting_digest(gatehouse, project, name) {
  const { entries } = await run_json(gatehouse, ['trust', '--json'], { cwd: project.folder });
  return entries.find((entry) => entry.name === name).digest;
}

async function approve(gatehouse, project, name) {
  const digest = await waiting_digest(gatehouse, project, name);
  assert_done(await gatehouse.run(['trust', name, '--digest', digest], { cwd: project.folder }));
}

const names = (listing) => listing.connections.map((one) => one.name).sort();

test('nothing of a project happens before it is approved, whatever is typed', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await start_keyed_server(t, () => 'the-key');
  const project = make_project(gatehouse, {});
  project.write({
    runner: { ...traced_command(project.trace), env: { TOKEN: '${env:PROJECT_TOKEN}' } },
    web: { url: server.url, headers: { 'X-Key': '${env:PROJECT_TOKEN}' } },
    helper: { url: server.url,
      headers: { 'X-Key': `\${command:sh -c 'echo helped >> ${project.trace}; printf the-; echo key'}` } },
  });
  const options = { cwd: project.folder, env: { PROJECT_TOKEN: 'the-key', ...quiet } };
  for (const args of [['list'], ['status'], ['status', 'runner'], ['tools', 'runner'],
    ['search', 'echo'], ['describe', 'web.ping'], call('web.ping'), call('runner.echo'),
    ['show', 'helper'], ['login', 'web'], ['logout', 'web'], ['refresh', 'runner'],
    ['test', 'runner'], ['doctor'], ['doctor', 'web'], ['config'], ['config', '--resolve'],
    ['config', '--resolve', '--json'], ['trust', '--json'], ['trust'], ['trust', '--all'],
    ['trust', 'runner', '--digest', '0'.repeat(64)], ['remove', 'web', '--yes'],
    ['enable', 'runner'], ['rename', 'runner', 'other'], ['token', 'list']]) {
    const result = await gatehouse.run(args, options);
    assert.ok(!result.timed_out, `${args}`);
    assert.doesNotMatch(result.stdout + result.stderr, /the-key/, `${args}`);
  }
  const stdio = await run_sdk_client('legacy', ['--call', 'execute_capability', '--arguments',
    json({ name: 'web.ping', arguments: {} }), '--', 'sh', '-c',
    `cd '${project.folder}' && exec '${gatehouse.binary}' stdio`], { env: gatehouse.env });
  assert.match(text_of(stdio.calls[0].result), /unknown capability/);
  assert.ok(!existsSync(project.trace), 'a command ran');
  assert.deepEqual(server.seen, []);

  const told = await gatehouse.run(['status'], options);
  assert.match(told.stderr, /3 entries of .*\.gatehouse\/mcp\.json wait for your approval: gatehouse trust/);
  const named = assert_exit(await gatehouse.run(['tools', 'web'], options), exit_code.failed);
  assert.match(named.stderr, /web of .*mcp\.json:1 waits for your approval\n.*gatehouse trust web/);

  await approve(gatehouse, project, 'web');
  assert.equal(server.seen.length, 0, 'approving contacts nobody');
  const ping = await run_json(gatehouse, call('web.ping'), options);
  assert.equal(text_of(ping.result ?? ping), 'pong');
  assert.ok(!existsSync(project.trace), 'the others still wait');
  await approve(gatehouse, project, 'runner');
  assert.ok(tool_names(await run_json(gatehouse, ['tools', 'runner', '--json'], options))
      .includes('echo'));
  assert.match(readFileSync(project.trace, 'utf8'), /^ran the-key$/m);
  assert.doesNotMatch(readFileSync(project.trace, 'utf8'), /helped/);
});

test('an approval holds for one wording, in one project, until it is taken back', async (t) => {
  const gatehouse = make_gatehouse(t);
  const project = make_project(gatehouse, {});
  const options = { cwd: project.folder };
  const before = traced_command(project.trace, 'before');
  project.write({ runner: before });
  await approve(gatehouse, project, 'runner');
  assert_done(await gatehouse.run(['status', 'runner'], options));

  rmSync(project.trace);
  project.write({ runner: traced_command(project.trace, 'after') });
  const changed = assert_exit(await gatehouse.run(['status', 'runner'], options), exit_code.failed);
  assert.match(changed.stderr, /waits for your approval/);
  const { entries: [entry] } = await run_json(gatehouse, ['trust', '--json'], options);
  assert.equal(entry.state, 'changed');
  assert.ok(!existsSync(project.trace));

  project.write({ runner: { ...before, timeout: 30_000 } });
  assert_done(await gatehouse.run(['status', 'runner'], options));

  const other = make_project(gatehouse, { runner: before }, 'other');
  const elsewhere = await run_json(gatehouse, ['list', '--json'], { cwd: other.folder });
  assert.deepEqual(names(elsewhere), []);
  assert.deepEqual(names(await run_json(gatehouse, ['list', '--json'])), []);

  assert_done(await gatehouse.run(['trust', 'runner', '--revoke'], options));
  assert_exit(await gatehouse.run(['status', 'runner'], options), exit_code.failed);
  assert.deepEqual(names(await run_json(gatehouse, ['list', '--json'], options)), []);
});

test('trust shows an entry in full, then asks, and no is no', async (t) => {
  const gatehouse = make_gatehouse(t);
  const project = make_project(gatehouse, {});
  project.write({ runner: { command: 'sh', args: ['-c', 'a b; \u001b[31mc'], cwd: 'sub',
    env: { KEY_HOOK: 'run me', B: '${file:~/key}', SECRET: 'hunter2' } },
  web: { url: 'https://a.example/mcp', headers: { 'X-A': '${env:C}' }, roots: ['/etc'],
    tools: { exclude: ['drop_*'] },
    oauth: { clientId: 'c', clientSecret: 'hunter2', issuer: 'https://issuer.example',
      authMethod: 'client_secret_post', dpop: 'required', redirectPort: 4711 } } });
  const terminal = open_terminal(gatehouse, ['trust'], {}, project.folder);
  await terminal.see(/from +.*project\/\.gatehouse\/mcp\.json:1/);
  await terminal.see(/runs +sh -c 'a b; (?!.*\u001b\[31m)/);
  await terminal.see(/in +.*\/project\/sub/);
  await terminal.see(/with variable +KEY_HOOK=run me[\s\S]*B=\$\{file:~\/key\}[\s\S]*SECRET=\(as in the file\)/);
  await terminal.see(/Approve runner\?/);
  terminal.type('n\r');
  await terminal.see(/contacts +https:\/\/a\.example\/mcp/);
  await terminal.see(/sends header +X-A=\$\{env:C\}/);
  await terminal.see(/signs in at +https:\/\/issuer\.example/);
  await terminal.see(/with secret +\(as in the file\)/);
  await terminal.see(/proves itself by +client_secret_post/);
  await terminal.see(/back to port +4711/);
  await terminal.see(/DPoP +required/);
  await terminal.see(/tools without +drop_\*/);
  await terminal.see(/tells root +\/etc/);
  await terminal.see(/Approve web\?/);
  terminal.type('y\r');
  await terminal.see(/Approved web/);
  assert.equal(await terminal.end(), exit_code.done);
  assert.doesNotMatch(terminal.text(), /hunter2/);
  const states = await run_json(gatehouse, ['trust', '--json'], { cwd: project.folder });
  assert.deepEqual(states.entries.map((one) => one.state), ['waiting', 'in_effect']);
  const [runner, web] = states.entries;
  assert.deepEqual(runner.entry.env,
      { KEY_HOOK: 'run me', B: '${file:~/key}', SECRET: '(as in the file)' });
  assert.equal(web.entry.oauth.clientSecret, '(as in the file)');
  assert.deepEqual(web.entry.tools, { exclude: ['drop_*'] });
  const again = assert_done(await gatehouse.run(['trust', 'web', '--digest', web.digest],
      { cwd: project.folder }));
  assert.match(again.stderr, /web is approved already/);
  const nobody = assert_exit(await gatehouse.run(['trust', 'runner'], { cwd: project.folder }),
      exit_code.usage);
  assert.match(nobody.stderr, /--digest/);
});

test('a project wins by name over the person, and ends where the project ends', async (t) => {
  const gatehouse = make_gatehouse(t);
  const mine = await start_keyed_server(t, () => undefined);
  const theirs = await start_keyed_server(t, () => undefined);
  const added = await start_keyed_server(t, () => undefined);
  assert_done(await gatehouse.run(add_http('twice', added.url)));
  write_global(gatehouse, { web: { url: mine.url }, twice: { url: mine.url } });
  const project = make_project(gatehouse, { web: { url: theirs.url } });
  const url_of = async (name, cwd) =>
    (await run_json(gatehouse, ['show', name, '--json'], { cwd })).url;
  const below = path.join(project.folder, 'src', 'deep');
  mkdirSync(below, { recursive: true });
  assert.equal(await url_of('web', below), mine.url, 'what waits shadows nothing');
  await approve(gatehouse, project, 'web');
  assert.equal(await url_of('web', below), theirs.url);
  assert.equal(await url_of('web', gatehouse.home), mine.url);
  assert.equal(await url_of('twice', gatehouse.home), added.url, 'what was added wins');
  const shown = await gatehouse.run(['config'], { cwd: gatehouse.home });
  assert.match(shown.stderr, /twice: global .*shadowed\n +not used: the connection that was added has the name/);

  const report = await run_sdk_client('modern', ['--call', 'execute_capability', '--arguments',
    json({ name: 'web.ping', arguments: {} }), '--', 'sh', '-c',
    `cd '${below}' && exec '${gatehouse.binary}' stdio`], { env: gatehouse.env });
  assert.equal(text_of(report.calls[0].result), 'pong');
  assert.ok(theirs.seen.length > 0);
  assert.equal(mine.seen.length, 0);
});

test('one broken entry or file hides no other, and each is named with its line', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await start_keyed_server(t, () => undefined);
  write_global(gatehouse, `{
    // comments and trailing commas are fine
    "mcpServers": {
      "good": {"url": "${server.url}"},
      "doubled": {"url": "${server.url}", "headers": {"X-A": "hunter2", "x-a": "b"}},
      "owned": {"url": "${server.url}", "headers": {"Accept": "hunter2"}},
      "unset": {"url": "\${env:NO_SUCH_URL}/mcp"},
      "input": {"command": "x", "env": {"A": "\${input:a}"}},
    },
  }`);
  const project = make_project(gatehouse, '{"mcpServers": {');
  const options = { cwd: project.folder };
  const status = assert_done(await gatehouse.run(['status'], options));
  assert.match(status.stdout, /good +ready/);
  assert.match(status.stderr, /project\/\.gatehouse\/mcp\.json is not used: line 1, column 17/);
  assert.match(status.stderr, /4 entries of .*mcp\.json cannot be used: gatehouse config/);
  const config = await gatehouse.run(['config', '--json'], options);
  assert.equal(config.code, exit_code.failed);
  const { entries } = JSON.parse(config.stdout);
  const problem = (name) => entries.find((entry) => entry.name === name).problem;
  assert.match(problem('doubled'), /x-a stands there twice/);
  assert.match(problem('owned'), /made by the transport/);
  assert.match(problem('unset'), /no variable NO_SUCH_URL/);
  assert.match(problem('input'), /editor/);
  assert.match(entries.find((entry) => entry.name === 'unset').place, /mcp\.json:7$/);
  assert.doesNotMatch(config.stdout + config.stderr + status.stderr, /hunter2/);

  write_global(gatehouse, '{ broken');
  const still = assert_done(await gatehouse.run(['status', 'good']));
  assert.match(still.stderr, /mcp\.json is not used/);
});

test('a file of the person that others may write to is refused with the way out', async (t) => {
  const gatehouse = make_gatehouse(t);
  const file = write_global(gatehouse, { a: { command: 'true' } });
  chmodSync(file, 0o666);
  const refused = await gatehouse.run(['list']);
  assert.match(refused.stderr, /mcp\.json is not used: others may write to it \(chmod go-w '/);
  assert.doesNotMatch(refused.stdout, /true/);
  chmodSync(file, 0o644);
  assert.deepEqual(names(await run_json(gatehouse, ['list', '--json'])), ['a']);
});

test('a gateway follows the file while it runs', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await start_keyed_server(t, () => undefined);
  write_global(gatehouse, { first: { url: server.url } });
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const gateway = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  const answer = async (name) => {
    const report = await run_sdk_client('modern', ['--url', `${gateway.url}/mcp`, '--call',
      'execute_capability', '--arguments', json({ name, arguments: {} })],
    { env: { MCP_TOKEN: token } });
    return text_of(report.calls[0].result);
  };
  assert.equal(await answer('first.ping'), 'pong');
  write_global(gatehouse, { second: { url: server.url } });
  await eventually('the new server answers', async () => await answer('second.ping') === 'pong');
  assert.match(await answer('first.ping'), /unknown capability/);
  write_global(gatehouse, '{ broken');
  await eventually('the gateway saw the broken file',
      () => gateway.log().includes('line 1, column 3'));
  assert.equal(await answer('second.ping'), 'pong', 'the last good state holds');
});

test('a secret by reference is read when a server opens and again when it is refused', async (t) => {
  const gatehouse = make_gatehouse(t);
  let key = 'one';
  const server = await start_keyed_server(t, () => key);
  const file = path.join(gatehouse.home, 'key');
  const write = (text) => {
    writeFileSync(file, `${text}\n`);
    chmodSync(file, 0o600);
  };
  write('one');
  assert_done(await gatehouse.run(add_http('keyed', server.url, ['--header', `X-Key=file:${file}`])));
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const gateway = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  const ping = async () => text_of((await run_sdk_client('modern', ['--url', `${gateway.url}/mcp`,
    '--call', 'execute_capability', '--arguments', '{"name":"keyed.ping","arguments":{}}'],
  { env: { MCP_TOKEN: token } })).calls[0].result);
  assert.equal(await ping(), 'pong');
  key = 'two';
  write('two');
  assert.equal(await ping(), 'pong');
  key = 'three';
  assert.match(await ping(), /keyed/);
  write('three');
  await eventually('it works again', async () => await ping() === 'pong');

  const shown = assert_done(await gatehouse.run(['show', 'keyed']));
  assert.match(shown.stdout, new RegExp(`X-Key from \\$\\{file:${file}\\}`));
  chmodSync(file, 0o644);
  const open = await gatehouse.run(['status', 'keyed']);
  assert.notEqual(open.code, exit_code.done);
  assert.match(open.stdout, /can be read by others; chmod 600/);
});

test('--keep and prompts keep the value; commands give theirs without a shell', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await start_keyed_server(t, () => 'kept value');
  const env = { THE_KEY: 'kept value' };
  assert_done(await gatehouse.run(
      add_http('kept', server.url, ['--header', 'X-Key=env:THE_KEY', '--keep']), { env }));
  assert_done(await gatehouse.run(['status', 'kept']));
  assert_done(await gatehouse.run(
      add_http('read', server.url, ['--header', 'X-Key=env:THE_KEY']), { env }));
  const unset = await gatehouse.run(['status', 'read']);
  assert.match(unset.stdout, /no variable THE_KEY/);
  assert_done(await gatehouse.run(['status', 'kept']), 'only that connection fails');
  assert_done(await gatehouse.run(
      add_http('asked', server.url, ['--header', 'X-Key=command:printf "kept value"'])));
  const failing = await gatehouse.run(
      add_http('failing', server.url, ['--header', 'X-Key=command:sh -c "echo no >&2; exit 4"']));
  assert.match(failing.stderr, /\$\{command:sh …\} ended with status 4, saying "no/);
  const literal = await gatehouse.run(add_http('x', server.url, ['--header', 'X-Key=kept value']));
  assert_exit(literal, exit_code.usage);
  assert.doesNotMatch(literal.stderr, /kept value/);
  assert_exit(await gatehouse.run(add_http('x', server.url, ['--header', 'Host=env:THE_KEY'])),
      exit_code.usage);
});

test('what a file owns is edited there, and what it drops is gone', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await start_protected_server(t);
  const file = write_global(gatehouse, { guarded: { url: server.modern_url } });
  assert_done(await gatehouse.run(['login', 'guarded', '--allow-loopback']));
  for (const args of [['remove', 'guarded', '--yes'], ['rename', 'guarded', 'other'],
    ['disable', 'guarded'], ['edit', 'guarded', '--exclude-tools', 'x']]) {
    const refused = assert_exit(await gatehouse.run(args), exit_code.failed);
    assert.match(refused.stderr, new RegExp(`edit ${file}:1`), `${args}`);
  }
  assert_done(await gatehouse.run(['status', 'guarded']));

  write_global(gatehouse, {});
  assert.deepEqual(names(await run_json(gatehouse, ['list', '--json'])), []);
  write_global(gatehouse, { guarded: { url: server.modern_url } });
  assert_done(await gatehouse.run(['status', 'guarded']), 'its login had not been thrown away');

  write_global(gatehouse, { guarded: { url: server.legacy_url } });
  const moved = await gatehouse.run(['status', 'guarded'], { env: quiet });
  assert.equal(moved.code, exit_code.sign_in, 'another URL is another server');
  write_global(gatehouse, { guarded: { url: server.modern_url } });
  assert_done(await gatehouse.run(['status', 'guarded']), 'the edit is undone, the login is good');
});

test('config can be pasted, keeps placeholders, and resolves only when told to', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await start_keyed_server(t, () => 'the-key');
  write_global(gatehouse, { keyed: { url: server.url, headers: { 'X-Key': '${env:THE_KEY}' },
    tools: { exclude: ['x*'] }, timeouts: { request: '5s' } },
  near: { url: 'https://10.0.0.1/mcp', allowPrivateNetwork: true, disabled: true,
    oauth: { clientId: 'c', redirectPath: '/cb' } } });
  assert_done(await gatehouse.run(['add', 'plain', '--no-login', '--', 'echo', '${NOT_OURS}']));
  const env = { THE_KEY: 'the-key' };
  const plain = assert_done(await gatehouse.run(['config'], { env }));
  assert.doesNotMatch(plain.stdout, /the-key/);
  const { mcpServers } = JSON.parse(plain.stdout);
  assert.equal(mcpServers.near.allowPrivateNetwork, true);
  assert.equal(mcpServers.near.oauth.redirectPath, '/cb');
  assert.equal(mcpServers.keyed.headers['X-Key'], '${env:THE_KEY}');
  const copy = make_gatehouse(t);
  write_global(copy, plain.stdout);
  const again = await run_json(copy, ['list', '--json'], { env });
  assert.deepEqual(names(again), ['keyed', 'near', 'plain']);
  assert.deepEqual(again.connections.find((one) => one.name === 'plain').command,
      ['echo', '$${NOT_OURS}']);
  assert_done(await copy.run(['status', 'keyed'], { env }));

  const resolved = assert_done(await gatehouse.run(['config', '--resolve'], { env }));
  assert.match(resolved.stdout, /the-key/);
  assert.match(resolved.stderr, /holds secrets/);
});
