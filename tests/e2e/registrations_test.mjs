// Staying signed in against a real provider (oidc-provider): what becomes of our registration and
// of our logins when clients are forgotten, servers move, nobody calls, or a person leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add_http, call, exit_code } from '../cli.mjs';
import { assert_done, assert_exit, eventually, make_gatehouse, run_json,
  start_protected_server, text_of } from './harness.mjs';

const nobody = { env: { BROWSER: '' } };  // no browser and no terminal: nobody can sign in
const post = async (url) => (await fetch(url, { method: 'POST' })).json();

async function signed_in(t, { names = ['guarded'], args = [], more = [] } = {}) {
  const server = await start_protected_server(t, ...args);
  const gatehouse = make_gatehouse(t);
  for (const name of names)
    assert_done(await gatehouse.run(add_http(name, server.modern_url, more)));
  return { server, gatehouse };
}

const say = (name) => call(`${name}.echo`, { message: 'hi' });

test('remove deletes our client at the provider once no other connection needs it', async (t) => {
  const { server, gatehouse } = await signed_in(t, { names: ['one', 'two'] });
  const first = await run_json(gatehouse, ['remove', 'one', '--yes', '--json']);
  assert.equal(first.revoked, 'yes');
  assert.deepEqual(first.clients, [], 'two still uses it');
  assert.equal(text_of(await run_json(gatehouse, say('two'))), 'hi');
  const second = await run_json(gatehouse, ['remove', 'two', '--yes', '--json']);
  assert.deepEqual(second.clients.map(({ issuer, deleted }) => [issuer, deleted]),
      [[server.issuer, 'yes']]);
  const stats = await server.provider_stats();
  assert.equal(stats.registrations, 1);
  assert.equal(stats.registrations_deleted, 1);
});

test('a provider that is gone keeps nobody from removing, and that is said', async (t) => {
  const { server, gatehouse } = await signed_in(t);
  server.child.kill('SIGKILL');
  const result = assert_done(await gatehouse.run(['remove', 'guarded', '--yes']));
  assert.match(result.stderr, /has not revoked them/);
  assert.match(result.stderr, /forgotten here but not deleted there/);
});

test('a client that the provider forgot is registered anew once, whoever notices', async (t) => {
  const { server, gatehouse } = await signed_in(t, { names: ['one', 'two'] });
  await server.expire_access_tokens();
  await post(`${server.issuer}/__peer/forget_clients`);
  const results = await Promise.all(['one', 'two', 'one', 'two'].map((name) =>
    gatehouse.run(say(name), nobody)));
  for (const result of results) {
    assert_exit(result, exit_code.sign_in);
    assert.match(result.stderr, /does not know our client any more/);
    assert.match(result.stderr, /gatehouse login (one|two)/);
  }
  assert.equal((await server.provider_stats()).registrations, 2);
  const [state] = (await run_json_exit(gatehouse, ['status', 'one', '--json'])).connections;
  assert.equal(state.health, 'sign_in_required');
  for (const name of ['one', 'two']) {
    assert_done(await gatehouse.run(['login', name]));
    assert.equal(text_of(await run_json(gatehouse, say(name))), 'hi');
  }
  assert.equal((await server.provider_stats()).registrations, 2);
});

async function run_json_exit(gatehouse, args) {
  return JSON.parse((await gatehouse.run(args, nobody)).stdout);
}

test('a client that is refused in passing costs nothing', async (t) => {
  const { server, gatehouse } = await signed_in(t);
  await server.expire_access_tokens();
  await post(`${server.issuer}/__peer/refuse_clients?times=1`);
  assert.equal(text_of(await run_json(gatehouse, say('guarded'), nobody)), 'hi');
  const stats = await server.provider_stats();
  assert.equal(stats.registrations, 1);
  assert.equal(stats.tokens.authorization_code, 1);
});

test('a client registered by hand that is refused is the person\'s to mend', async (t) => {
  const client = { client_id: 'by-hand', token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback'], application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'] };
  const { server, gatehouse } = await signed_in(t, { args: ['--client', JSON.stringify(client)],
    more: ['--client-id', 'by-hand'] });
  await server.expire_access_tokens();
  await post(`${server.issuer}/__peer/refuse_clients?times=9`);
  const result = assert_exit(await gatehouse.run(say('guarded'), nobody), exit_code.failed);
  assert.match(result.stderr, /refuses the client "by-hand" that was registered there by hand/);
  assert.match(result.stderr, /gatehouse login guarded --client-id ID --client-secret-file FILE/);
  assert.equal((await server.provider_stats()).registrations, 0);
  const [state] = (await run_json_exit(gatehouse, ['status', 'guarded', '--json'])).connections;
  assert.equal(state.health, 'failing');
  assert.match(state.hint, /--client-secret-file/);
  const shown = JSON.parse((await gatehouse.run(['show', 'guarded', '--json'])).stdout);
  assert.equal(shown.login.client_refused, true);
});

test('a server that moves to another authorization server is not followed', async (t) => {
  const { server, gatehouse } = await signed_in(t);
  const other = await start_protected_server(t);
  await server.expire_access_tokens();
  await post(`${server.origin}/__peer/name_issuer?issuer=${other.issuer}`);
  const told = new RegExp(`before "${server.issuer}", now "${other.issuer}"`);
  const command = new RegExp(`gatehouse login guarded --issuer ${other.issuer}`);
  // The refresh stays where the login was made, so that the login works on.
  assert.equal(text_of(await run_json(gatehouse, say('guarded'), nobody)), 'hi');
  const login = assert_exit(await gatehouse.run(['login', 'guarded']), exit_code.sign_in);
  assert.match(login.stderr, told);
  assert.match(login.stderr, command);
  assert_done(await gatehouse.run(['logout', 'guarded']));
  const [state] = (await run_json_exit(gatehouse, ['status', 'guarded', '--json'])).connections;
  assert.match(state.detail, told);
  assert.match(state.hint, command);
  const shown = await gatehouse.run(['show', 'guarded']);
  assert.match(shown.stdout, told);
  assert.equal((await other.provider_stats()).registrations, 0, 'it was not asked for anything');
  await gatehouse.run(['login', 'guarded', '--issuer', other.issuer, '--allow-loopback']);
  assert.equal((await other.provider_stats()).registrations, 1, 'now it was');
});

test('serve keeps a login fresh that nobody uses, two of them no more than one', async (t) => {
  const { server, gatehouse } = await signed_in(t, { args: ['--access-ttl', '3'] });
  for (let i = 0; i < 2; ++i)
    await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  const stats = await eventually('four refreshes', async () => {
    const now = await server.provider_stats();
    return now.tokens.refresh_token >= 4 ? now : undefined;
  }, 40_000);
  assert.equal(stats.tokens.authorization_code, 1);
  assert.equal(stats.grants_revoked, 0, 'no refresh token was used twice');
  const [state] = (await run_json(gatehouse, ['status', '--json'], nobody)).connections;
  assert.equal(state.health, 'ready');
});

test('logout --all ends every login and says what became of each', async (t) => {
  const { server, gatehouse } = await signed_in(t, { names: ['one', 'two'] });
  const other = await start_protected_server(t);
  assert_done(await gatehouse.run(add_http('three', other.modern_url)));
  other.child.kill('SIGKILL');
  const result = assert_exit(await gatehouse.run(['logout', '--all', '--json']), exit_code.failed);
  assert.deepEqual(JSON.parse(result.stdout).logins.map(({ name, revoked }) => [name, revoked]),
      [['one', 'yes'], ['three', 'failed'], ['two', 'yes']]);
  assert.equal((await server.provider_stats()).grants_revoked, 2);
  for (const name of ['one', 'two', 'three'])
    assert_exit(await gatehouse.run(say(name), nobody), exit_code.sign_in);
  const again = assert_done(await gatehouse.run(['logout', '--all']));
  assert.match(again.stderr, /Nobody was signed in anywhere/);
  assert_exit(await gatehouse.run(['logout', 'one', '--all']), exit_code.usage);
  assert_exit(await gatehouse.run(['logout']), exit_code.usage);
});

test('a connection is not ready after logout, and other accounts are told apart', async (t) => {
  const { gatehouse } = await signed_in(t, { names: ['one', 'two'] });
  const health = async () => Object.fromEntries((await run_json(gatehouse,
      ['list', '--json'])).connections.map((one) => [one.name, one.health]));
  assert_done(await gatehouse.run(['login', 'one', '--account', 'work']));
  assert_done(await gatehouse.run(['logout', 'one', '--account', 'work']));
  assert.deepEqual(await health(), { one: 'ready', two: 'ready' });
  const unknown = assert_exit(await gatehouse.run(['logout', 'one', '--account', 'nope']),
      exit_code.usage);
  assert.match(unknown.stderr, /one has no account "nope"\n +it has: default/);
  assert_done(await gatehouse.run(['logout', 'one']));
  assert.deepEqual(await health(), { one: 'sign_in_required', two: 'ready' });
  const shown = JSON.parse((await gatehouse.run(['show', 'one', '--json'])).stdout);
  assert.equal(shown.detail, 'signed out');
  assert.equal(shown.hint, 'gatehouse login one');
  assert_done(await gatehouse.run(['logout', '--all']));
  assert.deepEqual(await health(), { one: 'sign_in_required', two: 'sign_in_required' });
  assert_done(await gatehouse.run(['login', 'one']));
  assert.equal((await health()).one, 'ready');
});

test('a step-up shows what was granted against what is asked for', async (t) => {
  const { gatehouse } = await signed_in(t);
  const result = assert_done(await gatehouse.run(call('guarded.add', { a: 2, b: 3 })));
  assert.match(result.stderr, /granted so far: +mcp:read\n/);
  assert.match(result.stderr, /asked for now: +mcp:read .*mcp:write +\(new: .*mcp:write\)/);
});
