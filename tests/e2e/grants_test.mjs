// Ways to a token besides the browser on this machine: a code typed on another device, grants that
// need no person, and an enterprise's identity provider, against oidc-provider.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, call, describe_run, exit_code } from '../cli.mjs';
import { assert_done, assert_exit, make_gatehouse, run_json, run_peer, start_protected_server,
  text_of, tool_names, wait_for_output } from './harness.mjs';

const machine = { client_id: 'robot', client_secret: 'robot-secret', redirect_uris: [],
  response_types: [], grant_types: ['client_credentials'], scope: 'mcp:read mcp:write' };
const jwt_bearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const token_exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const no_browser = { browser: false };

function secret_file(gatehouse, name, text) {
  const file = path.join(gatehouse.home, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function echo(gatehouse, connection = 'test', message = 'hi') {
  const answer = await run_json(gatehouse, call(`${connection}.echo`, { message }));
  assert.equal(text_of(answer), message);
}

const asked = async (server, grant) => (await server.provider_stats()).tokens[grant] ?? 0;

// Resolves with what the terminal shows: {page, code, done}, `done` being the command's end.
async function start_device_login(gatehouse, name = 'test', more = []) {
  const child = gatehouse.start(['login', name, '--device', ...more]);
  const shown = wait_for_output(child, /(http\S+\/device)\s[\s\S]*?([A-Z]{4}-[A-Z]{4})/);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => { output += data; });
  }
  const [, page, code] = await shown;
  const done = child.gone.then(({ code: exit }) => ({ code: exit, output: () => output }));
  return { page, code, done };
}

function type_code({ page, code }) {
  return run_peer('headless_browser.mjs', [page],
      { env: { HEADLESS_BROWSER_FILL: JSON.stringify({ user_code: code }) } });
}

for (const era of ['modern', 'legacy']) {
  test(`a code typed on another device signs in, and the login is refreshed (${era})`, async (t) => {
    const server = await start_protected_server(t, '--device');
    const gatehouse = make_gatehouse(t, no_browser);
    assert_done(await gatehouse.run(add_http('test', server[`${era}_url`], ['--no-login'])));
    const login = await start_device_login(gatehouse);
    const browser = await type_code(login);
    assert.equal(browser.code, 0, browser.stderr);
    const end = await login.done;
    assert.equal(end.code, exit_code.done, end.output());
    await echo(gatehouse);
    const [client] = (await server.provider_stats()).registered;
    assert.ok(client.grant_types.includes('urn:ietf:params:oauth:grant-type:device_code'));
    await server.expire_access_tokens();
    await echo(gatehouse);
    assert.equal(await asked(server, 'refresh_token'), 1);
    assert.equal(await asked(server, 'authorization_code'), 0);
  });
}

test('a no on the other device ends the login with the words of the server', async (t) => {
  const server = await start_protected_server(t, '--device', '--interaction', 'deny');
  const gatehouse = make_gatehouse(t, no_browser);
  assert_done(await gatehouse.run(add_http('test', server.modern_url, ['--no-login'])));
  const login = await start_device_login(gatehouse);
  await type_code(login);
  const end = await login.done;
  assert.equal(end.code, exit_code.failed, end.output());
  assert.match(end.output(), /access_denied/);
});

test('a later device login retires the earlier one in another process', async (t) => {
  const server = await start_protected_server(t, '--device');
  const gatehouse = make_gatehouse(t, no_browser);
  assert_done(await gatehouse.run(add_http('test', server.modern_url, ['--no-login'])));
  const first = await start_device_login(gatehouse);
  const second = await start_device_login(gatehouse);
  // Typing the first code is of no use any more: nobody asks for its tokens.
  await type_code(first);
  assert.notEqual((await first.done).code, exit_code.done);
  await type_code(second);
  const end = await second.done;
  assert.equal(end.code, exit_code.done, end.output());
  await echo(gatehouse);
});

for (const method of ['client_secret_basic', 'client_secret_post']) {
  test(`a client with a secret needs no person (${method})`, async (t) => {
    const client = { ...machine, token_endpoint_auth_method: method };
    const server = await start_protected_server(t, '--client', JSON.stringify(client));
    const gatehouse = make_gatehouse(t, no_browser);
    const secret = secret_file(gatehouse, 'secret', 'robot-secret');
    const added = await run_json(gatehouse, [...add_http('test', server.modern_url, ['--grant',
      'client_credentials', '--client-id', 'robot', '--client-secret-file', secret,
      '--auth-method', method]), '--json']);
    assert.equal(added.health, 'ready');
    assert.equal(added.grant, 'client_credentials');
    assert.ok(tool_names(added).includes('echo'));
    await echo(gatehouse);
    assert.equal(await asked(server, 'client_credentials'), 1);
    await server.expire_access_tokens();
    await echo(gatehouse);
    assert.equal(await asked(server, 'client_credentials'), 2);
    const { stdout, stderr } = await gatehouse.run(['show', 'test', '--json']);
    assert.ok(!`${stdout}${stderr}`.includes('robot-secret'));
  });
}

test('eight processes that find no token obtain one', async (t) => {
  const server = await start_protected_server(t, '--client', JSON.stringify(machine),
      '--token-delay', '300');
  const gatehouse = make_gatehouse(t, no_browser);
  const secret = secret_file(gatehouse, 'secret', 'robot-secret');
  assert_done(await gatehouse.run(add_http('test', server.modern_url, ['--no-login', '--grant',
    'client_credentials', '--client-id', 'robot', '--client-secret-file', secret])));
  const ends = await Promise.all(Array.from({ length: 8 }, () =>
    gatehouse.run(call('test.echo', { message: 'hi' }))));
  for (const end of ends) assert_done(end);
  assert.equal(await asked(server, 'client_credentials'), 1);
});

test('a wrong secret says who must act, and never asks for a sign-in', async (t) => {
  const server = await start_protected_server(t, '--client', JSON.stringify(machine));
  const gatehouse = make_gatehouse(t, no_browser);
  const wrong = secret_file(gatehouse, 'wrong', 'guess');
  const args = ['--client-id', 'robot', '--client-secret-file'];
  const added = await gatehouse.run(add_http('test', server.modern_url,
      ['--grant', 'client_credentials', ...args, wrong]));
  assert_exit(added, exit_code.failed);
  assert.match(added.stderr, /invalid_client/);
  assert.match(added.stderr, /gatehouse login test --client-id ID --client-secret-file FILE/);
  assert.doesNotMatch(added.stderr, /guess/);
  const status = await gatehouse.run(['status', 'test', '--json']);
  assert_exit(status, exit_code.failed);
  assert.equal(JSON.parse(status.stdout).connections[0].health, 'failing');
  const right = secret_file(gatehouse, 'right', 'robot-secret');
  assert_done(await gatehouse.run(['login', 'test', ...args, right]));
  await echo(gatehouse);
});

test('a workload shows its own assertion, read anew each time', async (t) => {
  const client = { client_id: 'job', redirect_uris: [], response_types: [],
    grant_types: [jwt_bearer], token_endpoint_auth_method: 'none' };
  const server = await start_protected_server(t, '--client', JSON.stringify(client));
  const assertion = async (audience = '') => (await (await fetch(
      `${server.issuer}/__peer/workload_assertion${audience}`)).json()).assertion;
  const gatehouse = make_gatehouse(t, no_browser);
  const file = secret_file(gatehouse, 'jwt', await assertion());
  assert_done(await gatehouse.run(add_http('test', server.modern_url,
      ['--grant', 'jwt_bearer', '--client-id', 'job', '--assertion', `file:${file}`])));
  await echo(gatehouse);
  await server.expire_access_tokens();
  writeFileSync(file, await assertion('?audience=https://elsewhere.example'));
  const refused = await gatehouse.run(call('test.echo', { message: 'hi' }));
  assert_exit(refused, exit_code.failed);
  assert.match(refused.stderr, /invalid_grant/);
  assert.match(refused.stderr, new RegExp(`audience ${server.issuer}`));
  assert.equal(await asked(server, jwt_bearer), 1);
  writeFileSync(file, await assertion());
  assert_done(await gatehouse.run(['login', 'test']));
  await echo(gatehouse);
});

test('a sign-in at the identity provider opens the servers that trust it', async (t) => {
  const crm = { client_id: 'crm-client', client_secret: 'crm-secret', redirect_uris: [],
    response_types: [], grant_types: [jwt_bearer], scope: 'mcp:read mcp:write' };
  const idp = { client_id: 'idp-client', redirect_uris: ['http://127.0.0.1/callback'],
    application_type: 'native', token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', token_exchange] };
  const server = await start_protected_server(t, '--client', JSON.stringify(crm), '--client',
      JSON.stringify(idp));
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(['add', 'acme', '--identity-provider', server.issuer,
    '--client-id', 'idp-client', '--allow-loopback', '--yes']));
  const secret = secret_file(gatehouse, 'secret', 'crm-secret');
  const through = ['--sign-in-through', 'acme', '--client-id', 'crm-client',
    '--client-secret-file', secret];
  assert_done(await gatehouse.run(add_http('crm', server.modern_url, through)));
  await echo(gatehouse, 'crm');
  const who = await run_json(gatehouse, call('crm.whoami', {}));
  assert.match(text_of(who), /alice/);
  // The provider is no server of tools, and is shown as what it is.
  const { connections } = await run_json(gatehouse, ['list', '--json']);
  assert.equal(connections.find(({ name }) => name === 'acme').role, 'identity_provider');
  const status = await run_json(gatehouse, ['status', '--json']);
  assert.deepEqual(status.connections.map(({ name, health }) => [name, health]),
      [['acme', 'ready'], ['crm', 'ready']]);
  assert_exit(await gatehouse.run(['tools', 'acme', '--refresh']), exit_code.usage);
  await server.expire_access_tokens();
  await echo(gatehouse, 'crm');
  assert.equal(await asked(server, token_exchange), 2);

  assert_done(await gatehouse.run(['logout', 'acme']));
  await server.expire_access_tokens();
  const without = await gatehouse.run(call('crm.echo', { message: 'hi' }),
      { env: { BROWSER: '' } });
  assert.equal(without.code, exit_code.sign_in, describe_run(without));
  assert.match(without.stderr, /gatehouse login acme/);
  // With somebody there, the call itself leads to the provider.
  await echo(gatehouse, 'crm');
  assert_done(await gatehouse.run(['login', 'acme']));
  await echo(gatehouse, 'crm');
});
