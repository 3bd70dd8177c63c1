// What a person at a terminal types, on a pseudo-terminal (script of util-linux): questions, the
// paste prompt, Esc and Ctrl-C, hidden input, forms. And that nothing waits where there is none.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { add_http, add_stdio, call, exit_code } from '../cli.mjs';
import { everything_command } from '../peers/everything.mjs';
import { assert_done, assert_exit, make_gatehouse, run_json, run_peer, start_protected_server,
  text_of } from './harness.mjs';
import { assert_restored, open_terminal } from './terminal.mjs';

async function guarded(t) {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t, { browser: '' });
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url, ['--no-login'])));
  return gatehouse;
}

test('add asks before it reaches this machine, origin by origin, and no is no', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t, { browser: '' });
  const terminal = open_terminal(gatehouse, ['add', 'guarded', server.modern_url, '--no-login']);
  await terminal.see(/MCP server of this connection\? \[y\/N\]/);
  terminal.type('y\r');
  await terminal.see(/authorization server of this connection\? \[y\/N\]/);
  terminal.type('y\r');
  assert.equal(await terminal.end(), exit_code.done);
  const shown = await run_json(gatehouse, ['show', 'guarded', '--json']);
  assert.deepEqual(shown.allowances.map((allowance) => allowance.purpose),
      ['connection', 'authorization_server']);
  const other = open_terminal(gatehouse, ['add', 'other', server.modern_url]);
  await other.see(/\[y\/N\]/);
  other.type('\r');
  assert.notEqual(await other.end(), exit_code.done);
  assert_exit(await gatehouse.run(['show', 'other']), exit_code.failed);
});

test('a pasted address finishes the login; what is no address is asked for again', async (t) => {
  const gatehouse = await guarded(t);
  const terminal = open_terminal(gatehouse, ['login', 'guarded']);
  const [link] = await terminal.see(/http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/);
  await terminal.see(/paste the address/);
  terminal.type('not an address\r');
  await terminal.see(/paste the whole address/);
  await terminal.see(/paste the address/);
  const { stdout } = await run_peer('headless_browser.mjs', [link],
      { env: { HEADLESS_BROWSER_STOP: 'code=' } });
  terminal.type(`${stdout.trim()}\r`);
  await terminal.see(/guarded is ready/);
  assert.equal(await terminal.end(), exit_code.done);
  assert_restored(terminal);
  assert.equal(text_of(await run_json(gatehouse, call('guarded.echo', { message: 'hi' }))), 'hi');
});

for (const [name, key] of [['Esc', '\x1b'], ['Ctrl-C', '\x03']]) {
  test(`${name} ends a login and leaves the terminal as it was`, async (t) => {
    const gatehouse = await guarded(t);
    const terminal = open_terminal(gatehouse, ['login', 'guarded']);
    const [link] = await terminal.see(/http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/);
    await terminal.see(/paste the address/);
    terminal.type(key);
    await terminal.see(/cancelled/);
    assert.equal(await terminal.end(), exit_code.failed);
    assert_restored(terminal);
    const { stdout } = await run_peer('headless_browser.mjs', [link],
        { env: { HEADLESS_BROWSER_STOP: 'code=' } });
    const late = await gatehouse.run(['login', 'guarded', '--no-browser'], { stdin: stdout });
    assert_exit(late, exit_code.sign_in);
    assert.match(late.stderr, /no login is waiting/);
  });
}

test('a key is asked for without being shown', async (t) => {
  const gatehouse = make_gatehouse(t);
  const terminal = open_terminal(gatehouse,
      ['add', 'keyed', 'http://127.0.0.1:9/mcp', '--header', 'X-Api-Key', '--allow-loopback',
        '--no-login']);
  await terminal.see(/Value of X-Api-Key \(not shown\)/);
  terminal.type('hunter2\r');
  assert.equal(await terminal.end(), exit_code.done);
  assert.doesNotMatch(terminal.text(), /hunter2/);
  assert.deepEqual((await run_json(gatehouse, ['show', 'keyed', '--json'])).headers,
      ['X-Api-Key']);
});

test('a form of the server is filled in, field by field', async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_stdio('everything', everything_command())));
  const terminal = open_terminal(gatehouse, ['call', 'everything.trigger-elicitation-request']);
  await terminal.see(/String: /);
  terminal.type('Ada\r');
  await terminal.see(/\(y\/n\)/);
  terminal.type('perhaps\r');
  await terminal.see(/please answer y or n/);
  terminal.type('y\r');
  for (;;) {
    const [asked] = await terminal.see(/(\]|\)): $|Send this\? \[Y\/n\] /);
    terminal.type('\r');
    if (asked.startsWith('Send')) break;
  }
  await terminal.see(/"name": "Ada"/);
  assert.equal(await terminal.end(), exit_code.done);
});

test('without a terminal a question is a usage error that names the flag', async (t) => {
  const gatehouse = make_gatehouse(t);
  const asked = await gatehouse.run(['add', 'local', 'http://127.0.0.1:9/mcp']);
  assert_exit(asked, exit_code.usage);
  assert.match(asked.stderr, /--allow-loopback/);
  const secret = await gatehouse.run(['add', 'keyed', 'http://127.0.0.1:9/mcp', '--header', 'X-Key']);
  assert_exit(secret, exit_code.usage);
  assert.match(secret.stderr, /env:VARIABLE/);
});

test('a fixed port that is busy says who has it and leaves the paste prompt', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t, { browser: '' });
  const busy = new URL(server.origin).port; // the peer's own
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url, ['--no-login',
    '--client-id', 'known', '--redirect-port', busy])));
  const result = await gatehouse.run(['login', 'guarded']);
  assert_exit(result, exit_code.sign_in);
  assert.match(result.stderr, new RegExp(`port ${busy}.* in use by node \\(process \\d+\\)`));
});

test('where nobody registers us the person is asked for a client', async (t) => {
  const server = await start_protected_server(t, '--no-registration');
  const gatehouse = make_gatehouse(t, { browser: '' });
  const terminal = open_terminal(gatehouse, add_http('guarded', server.modern_url));
  await terminal.see(/offers no registration/);
  const [, port] = await terminal.see(/redirect URI:\s+http:\/\/127\.0\.0\.1:(\d+)\/callback/);
  await terminal.see(/client ID \(empty gives up\)/);
  terminal.type('typed-client\r');
  await terminal.see(/\(not shown\)/);
  terminal.type('typed-secret\r');
  const [link] = await terminal.see(/http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/);
  assert.equal(new URL(link).searchParams.get('client_id'), 'typed-client');
  assert.equal(new URL(new URL(link).searchParams.get('redirect_uri')).port, port);
  await terminal.see(/paste the address/);
  terminal.type('\x1b');
  assert.equal(await terminal.end(), exit_code.failed);
  assert.doesNotMatch(terminal.text(), /typed-secret/);
  const without = await gatehouse.run(['login', 'guarded', '--client-id', 'other']);
  assert_exit(without, exit_code.sign_in);
  assert.match(without.stderr, /client_id=other&/);
});

test('a server that wants a key and says nothing about it is asked for its key', async (t) => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const known = request.headers['x-key'] === 'hunter2';
      response.writeHead(request.url === '/mcp' ? (known ? 500 : 401) : 404).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const gatehouse = make_gatehouse(t, { browser: '' });
  const terminal = open_terminal(gatehouse,
      add_http('keyed', `http://127.0.0.1:${server.address().port}/mcp`));
  await terminal.see(/needs an API key/);
  await terminal.see(/Name of the header/);
  terminal.type('X-Key\r');
  await terminal.see(/\(not shown\)/);
  terminal.type('hunter2\r');
  await terminal.see(/HTTP 500/);
  assert.equal(await terminal.end(), exit_code.failed);
  assert.doesNotMatch(terminal.text(), /hunter2/);
  assert.equal((await run_json(gatehouse, ['show', 'keyed', '--json'])).auth, 'headers');
});
