// Signing in as people do: with a code on another device, with several accounts, to several servers
// in a row, with redirects that a provider insists on, and on terminals of all kinds.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { add_http, call, exit_code, headless_browser } from '../cli.mjs';
import { assert_done, assert_exit, eventually, make_gatehouse, run_json, run_peer,
  run_sdk_client, start_protected_server } from './harness.mjs';
import { assert_restored, open_terminal } from './terminal.mjs';

// A store, and the demo beside it on a store of its own.
async function beside_demo(t, options = { browser: '' }) {
  const demo = make_gatehouse(t);
  const ready = await demo.start_until_ready(
      ['demo', '--listen', '127.0.0.1:0', '--gateway', '127.0.0.1:0']);
  const gatehouse = make_gatehouse(t, options);
  return { gatehouse, url: (name) => `${ready.url}/${name}/mcp` };
}

async function added(gatehouse, name, url, more = []) {
  assert_done(await gatehouse.run(add_http(name, url, ['--no-login', ...more])));
}

// The person on another device: opens the address, types the code, agrees.
async function approve(address, code) {
  const walked = await run_peer('headless_browser.mjs', [address],
      { env: { HEADLESS_BROWSER_FILL: JSON.stringify({ user_code: code }) } });
  assert.equal(walked.code, 0, walked.stdout + walked.stderr);
}

async function walk(link) {
  const { stdout } = await run_peer('headless_browser.mjs', [link],
      { env: { HEADLESS_BROWSER_STOP: 'code=' } });
  return stdout.trim();
}

async function free_port() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('where there is no browser a code is shown, and typed on another device', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  await added(gatehouse, 'notes', url('notes'));
  const terminal = open_terminal(gatehouse, ['login', 'notes']);
  const [address] = await terminal.see(/http:\/\/127\.0\.0\.1:\d+\/device/);
  const [, code] = await terminal.see(/type the code: (\S+)/);
  await terminal.see(/left/);
  await approve(address, code);
  await terminal.see(/notes is ready/);
  assert.equal(await terminal.end(), exit_code.done);
  assert_restored(terminal);
});

test('Esc ends the wait for another device', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  await added(gatehouse, 'notes', url('notes'));
  const terminal = open_terminal(gatehouse, ['login', 'notes', '--device']);
  await terminal.see(/Esc cancels/);
  terminal.type('\x1b');
  assert.equal(await terminal.end(), exit_code.failed);
  assert_restored(terminal);
});

test('--device works without a terminal, with its QR code where it is asked for', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  await added(gatehouse, 'notes', url('notes'));
  const login = gatehouse.start(['login', 'notes', '--device', '--qr']);
  let text = '';
  login.stderr.on('data', (data) => { text += data; });
  await eventually('a code', () => /type the code (\S+)\.[^]*█/.test(text));
  await approve(text.match(/http:\/\/\S+\/device/)[0], text.match(/type the code (\S+)\./)[1]);
  assert.equal((await login.gone).code, exit_code.done, text);
  assert.doesNotMatch(text, /\x1b/);
});

test('--device where none is offered says so', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t, { browser: '' });
  await added(gatehouse, 'guarded', server.modern_url);
  const result = await gatehouse.run(['login', 'guarded', '--device']);
  assert_exit(result, exit_code.failed);
  assert.match(result.stderr, /device/);
});

test('several accounts stand side by side, and agents use the chosen one', async (t) => {
  const { gatehouse, url } = await beside_demo(t, {});
  await added(gatehouse, 'notes', url('notes'));
  assert_done(await gatehouse.run(['login', 'notes']));
  const accounts = async () => (await run_json(gatehouse, ['accounts', 'notes', '--json'])).accounts
      .map(({ account, signed_in, default: chosen }) => [account, signed_in, chosen]);
  assert.deepEqual(await accounts(), [['default', true, true]]);
  const second = assert_done(await gatehouse.run(['login', 'notes', '--account', 'work']));
  assert.match(second.stderr, /Agents go on as account default/);
  assert.deepEqual(await accounts(), [['default', true, true], ['work', true, false]]);
  const expiry = async (name) => (await run_json(gatehouse, ['accounts', 'notes', '--json'])).accounts
      .find((one) => one.account === name).expires_at;
  const before = await expiry('default');
  assert_done(await gatehouse.run(['login', 'notes', '--account', 'work']));
  assert.equal(await expiry('default'), before, 'the first login is untouched');
  assert_done(await gatehouse.run(['accounts', 'notes', '--default', 'work']));
  assert_done(await gatehouse.run(['logout', 'notes', '--account', 'default']));
  assert.deepEqual(await accounts(), [['work', true, true]]);
  await run_json(gatehouse, call('notes.whoami', {}, ['--no-login']));
  const agent = await run_sdk_client('modern', ['--call', 'execute_capability', '--arguments',
    JSON.stringify({ name: 'notes.list_notes', arguments: {} }), '--', gatehouse.binary, 'stdio'],
  { env: gatehouse.env });
  assert.ok(!agent.calls[0].result.isError, 'agents use the account that is the default');
  assert_exit(await gatehouse.run(call('notes.whoami', {}, ['--no-login', '--account', 'default'])),
      exit_code.sign_in);
  const other = await gatehouse.run(['status', 'notes', '--account', 'default']);
  assert_exit(other, exit_code.sign_in);
  assert.match(other.stdout, /gatehouse login notes --account default/);
  assert_done(await gatehouse.run(['status', 'notes']));
  assert_exit(await gatehouse.run(['accounts', 'notes', '--default', 'nobody']), exit_code.failed);
  assert_exit(await gatehouse.run(['login', 'notes', '--account', 'a b']), exit_code.usage);
});

test('the only account that is signed in is the one agents use', async (t) => {
  const { gatehouse, url } = await beside_demo(t, {});
  await added(gatehouse, 'notes', url('notes'));
  const first = assert_done(await gatehouse.run(['login', 'notes', '--account', 'work']));
  assert.match(first.stderr, /Agents use account work/);
  const shown = await run_json(gatehouse, ['show', 'notes', '--json']);
  assert.equal(shown.health, 'ready');
  assert.deepEqual(shown.accounts.map((one) => [one.account, one.default]), [['work', true]]);
});

test('several servers are signed in to one after the other, whatever becomes of one', async (t) => {
  const { gatehouse, url } = await beside_demo(t, {});
  await added(gatehouse, 'notes', url('notes'));
  await added(gatehouse, 'gone', 'http://127.0.0.1:9/mcp');
  await added(gatehouse, 'issues', url('issues'));
  const result = await gatehouse.run(['login', 'notes', 'gone', 'issues']);
  assert_exit(result, exit_code.failed);
  assert.match(result.stderr, /✓ notes is ready[^]*✗ gone: [^]*✓ issues is ready/);
  for (const name of ['notes', 'issues'])
    assert.equal((await run_json(gatehouse, ['show', name, '--json'])).health, 'ready');
  const { logins } = await run_json(gatehouse, ['login', '--all', '--json']);
  assert.deepEqual(logins, [], 'nobody else needs it');
  assert_done(await gatehouse.run(['logout', 'notes']));
  const again = await run_json(gatehouse, ['login', '--all', '--json']);
  assert.deepEqual(again.logins.map((one) => [one.name, one.health]), [['notes', 'ready']]);
});

test('Esc goes on to the next server, Ctrl-C ends the row', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  for (const name of ['notes', 'issues']) await added(gatehouse, name, url(name));
  const skipping = open_terminal(gatehouse, ['login', 'notes', 'issues', '--no-browser']);
  const [first] = await skipping.see(/http:\/\/127\.0\.0\.1:\d+\/authorize\?\S+/);
  await skipping.see(/paste the address/);
  skipping.type('\x1b');
  await skipping.see(/Signing in to issues/);
  const [link] = await skipping.see(/http:\/\/127\.0\.0\.1:\d+\/authorize\?\S+/);
  assert.notEqual(link, first);
  await skipping.see(/paste the address/);
  skipping.type(`\x1b[200~${await walk(link)}\x1b[201~`);
  await skipping.see(/notes: cancelled[^]*issues is ready/);
  assert.equal(await skipping.end(), exit_code.failed);
  assert_restored(skipping);
  const ending = open_terminal(gatehouse, ['login', 'notes', 'issues', '--no-browser']);
  await ending.see(/paste the address/);
  ending.type('\x03');
  await ending.see(/issues: not tried/);
  assert.equal(await ending.end(), exit_code.failed);
});

test('addresses of several sign-ins may come over one pipe', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  for (const name of ['notes', 'issues']) await added(gatehouse, name, url(name));
  const result = await gatehouse.run(['login', 'notes', 'issues'], { stdin: (child, seen) => {
    let done = 0;
    child.stderr.on('data', async () => {
      const links = seen.stderr.match(/http:\/\/127\.0\.0\.1:\d+\/authorize\?\S+(?=\n)/g) ?? [];
      if (links.length === done) return;
      done = links.length;
      child.stdin.write(`${await walk(links.at(-1))}\n`);
      if (done === 2) child.stdin.end();
    });
  } });
  assert_done(result);
});

test('two processes sign in to two servers of one provider at once', async (t) => {
  const { gatehouse, url } = await beside_demo(t, {});
  for (const name of ['notes', 'issues']) await added(gatehouse, name, url(name));
  const both = await Promise.all(['notes', 'issues'].map((name) => gatehouse.run(['login', name])));
  both.forEach(assert_done);
});

test('a signal ends a sign-in and leaves the terminal as it was', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  await added(gatehouse, 'notes', url('notes'));
  const terminal = open_terminal(gatehouse, ['login', 'notes', '--no-browser']);
  await terminal.see(/paste the address/);
  await terminal.signal('SIGTERM');
  assert.equal(await terminal.end(), exit_code.failed);
  assert_restored(terminal);
  assert.ok(terminal.text().lastIndexOf('\x1b[?2004l') > terminal.text().lastIndexOf('\x1b[?2004h'));
});

test('a client that is registered with localhost gets its answer there', async (t) => {
  const uri = `http://localhost:${await free_port()}/oauth/back`;
  const client = { client_id: 'crm', redirect_uris: [uri], token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'] };
  const server = await start_protected_server(t, '--no-registration', '--client',
      JSON.stringify(client));
  const gatehouse = make_gatehouse(t, { browser: headless_browser });
  const add = assert_done(await gatehouse.run(add_http('crm', server.modern_url,
      ['--no-login', '--client-id', 'crm', '--redirect-uri', uri])));
  assert.ok(add.stderr.includes(`  ${uri}\n`), 'shown as the provider must have it');
  assert_done(await gatehouse.run(['login', 'crm']));
  assert.equal((await run_json(gatehouse, ['show', 'crm', '--json'])).redirect_uri, uri);
});

test('an https redirect that is not ours is pasted back', async (t) => {
  const uri = 'https://tools.example.com/callback?from=gatehouse';
  const client = { client_id: 'crm', redirect_uris: [uri], token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'] };
  const server = await start_protected_server(t, '--no-registration', '--client',
      JSON.stringify(client));
  const gatehouse = make_gatehouse(t, { browser: '' });
  await added(gatehouse, 'crm', server.modern_url, ['--client-id', 'crm']);
  const terminal = open_terminal(gatehouse, ['login', 'crm', '--redirect-uri', uri]);
  const [link] = await terminal.see(/http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/);
  assert.equal(new URL(link).searchParams.get('redirect_uri'), uri);
  await terminal.see(/exactly this redirect URI:\s+https:\/\/tools\.example\.com\/callback\?from=gatehouse/);
  await terminal.see(/paste the address/);
  terminal.type(`\x1b[200~${await walk(link)}\x1b[201~`);
  await terminal.see(/crm is ready/);
  assert.equal(await terminal.end(), exit_code.done);
});

test('a provider that refuses a client made by hand: the redirect URI is named', async (t) => {
  const server = await start_protected_server(t, '--interaction', 'deny', '--no-registration',
      '--client', JSON.stringify({ client_id: 'crm', redirect_uris: ['http://127.0.0.1/callback'],
        application_type: 'native', token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'] }));
  const gatehouse = make_gatehouse(t, { browser: headless_browser });
  await added(gatehouse, 'crm', server.modern_url, ['--client-id', 'crm']);
  const result = await gatehouse.run(['login', 'crm']);
  assert.notEqual(result.code, exit_code.done);
  assert.match(result.stderr, /exactly this redirect URI: http:\/\/127\.0\.0\.1:\d+\/callback/);
});

test('without colours nothing is coloured, and a dumb terminal gets plain lines', async (t) => {
  const { gatehouse, url } = await beside_demo(t);
  await added(gatehouse, 'notes', url('notes'));
  for (const [args, env, pattern] of [
    [['--no-color'], { NO_COLOR: '' }, /\x1b\[\d+m/],
    [[], { NO_COLOR: '1' }, /\x1b\[\d+m/],
    [[], { NO_COLOR: '', TERM: 'dumb' }, /\x1b/],
  ]) {
    const terminal = open_terminal(gatehouse, ['login', 'notes', '--no-browser', ...args], env);
    await terminal.see(/paste the address/);
    terminal.type('\x1b');
    assert.equal(await terminal.end(), exit_code.failed);
    assert.doesNotMatch(terminal.text(), pattern);
  }
  const coloured = open_terminal(gatehouse, ['login', 'notes', '--no-browser'], { NO_COLOR: '' });
  await coloured.see(/\x1b\[32m/);
  coloured.type('\x1b');
  await coloured.end();
});

test('flags that contradict each other are told before anything happens', async (t) => {
  const gatehouse = make_gatehouse(t);
  for (const args of [['login'], ['login', 'a', '--all'], ['login', 'a', 'b', '--client-id', 'x'],
    ['login', 'a', '--device', '--no-browser'], ['login', 'a', '--default']])
    assert_exit(await gatehouse.run(args), exit_code.usage);
});
