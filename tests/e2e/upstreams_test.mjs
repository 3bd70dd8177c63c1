// The command line against servers nobody here wrote: server-everything over stdio and HTTP, and
// SDK servers of both generations behind oidc-provider.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, add_stdio, call, describe_run, exit_code } from '../cli.mjs';
import { everything_command, start_everything_http } from '../peers/everything.mjs';
import { assert_done, assert_exit, make_gatehouse, run_json, run_peer,
  start_protected_server, text_of, tool_names, wait_for_output } from './harness.mjs';

async function call_everything(gatehouse) {
  const names = tool_names(await run_json(gatehouse, ['tools', 'everything', '--json']));
  assert.ok(names.some((name) => name.endsWith('echo')), `tools: ${names}`);
  const echoed = await run_json(gatehouse, call('everything.echo', { message: 'höi "x"\n' }));
  assert.equal(text_of(echoed), 'Echo: höi "x"\n');
  const sum = await run_json(gatehouse, ['call', 'everything.get-sum', 'a=20', 'b=22', '--json']);
  assert.match(text_of(sum), /42/);
}

test('server-everything over stdio: add it, list its tools, call one', async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_stdio('everything', everything_command())));
  await call_everything(gatehouse);
});

test('a stdio server gets the environment it was given and none of ours', async (t) => {
  const gatehouse = make_gatehouse(t, { env: { GATEHOUSE_TEST_SECRET: 'must-not-leak' } });
  assert_done(await gatehouse.run(add_stdio('everything', everything_command(),
      { GREETING: 'hello' })));
  const environment = text_of(await run_json(gatehouse, call('everything.get-env')));
  assert.match(environment, /"GREETING": "hello"/);
  assert.doesNotMatch(environment, /must-not-leak/);
});

test('server-everything over HTTP: add it, list its tools, call one', async (t) => {
  const everything = await start_everything_http();
  t.after(everything.stop);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('everything', everything.url)));
  await call_everything(gatehouse);
});

test('a loopback URL is refused unless somebody allows it', async (t) => {
  const everything = await start_everything_http();
  t.after(everything.stop);
  const gatehouse = make_gatehouse(t);
  const result = await gatehouse.run(['add', 'everything', everything.url]);
  assert.notEqual(result.code, exit_code.done, describe_run(result));
});

test('arguments that do not fit the schema never reach the server', async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_stdio('everything', everything_command())));
  const result = await gatehouse.run(call('everything.get-sum', { a: 'twenty', b: 22 }));
  assert.notEqual(result.code, exit_code.done, describe_run(result));
  const said = result.stdout + result.stderr;
  assert.match(said, /\ba\b/);
  assert.doesNotMatch(said, /Input validation error/, 'these are the server\'s own words');
});

for (const era of ['modern', 'legacy']) {
  test(`${era} server behind oidc-provider: sign in, call, refresh, step up`, async (t) => {
    const server = await start_protected_server(t);
    const gatehouse = make_gatehouse(t);
    assert_done(await gatehouse.run(add_http('guarded', server[`${era}_url`])));
    const who = JSON.parse(text_of(await run_json(gatehouse, call('guarded.whoami'))));
    assert.equal(who.account, 'alice');
    assert.equal(who.era, era);
    assert.deepEqual((await server.provider_stats()).tokens,
        { authorization_code: 1, refresh_token: 0 });

    for (let round = 1; round <= 2; ++round) {
      await server.expire_access_tokens();
      assert.equal(text_of(await run_json(gatehouse, call('guarded.echo', { message: 'again' }))),
          'again');
      const { tokens } = await server.provider_stats();
      assert.deepEqual(tokens, { authorization_code: 1, refresh_token: round });
    }

    const sum = await run_json(gatehouse, call('guarded.add', { a: 2, b: 3 }));
    assert.equal(sum.structuredContent.sum, 5);
    const scopes = JSON.parse(text_of(await run_json(gatehouse, call('guarded.whoami')))).scopes;
    assert.ok(scopes.includes('mcp:read') && scopes.includes('mcp:write'), `scopes: ${scopes}`);
    const stats = await server.provider_stats();
    assert.equal(stats.registrations, 1, 'one registration serves every login');
    assert.equal(stats.grants_revoked, 0);
  });
}

test('commands at the same time share one refresh', async (t) => {
  const server = await start_protected_server(t, '--token-delay', '700');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  await server.expire_access_tokens();
  const results = await Promise.all(Array.from({ length: 4 }, (_, i) =>
    gatehouse.run(call('guarded.echo', { message: `${i}` }))));
  results.forEach(assert_done);
  const stats = await server.provider_stats();
  assert.equal(stats.tokens.refresh_token, 1);
  assert.equal(stats.grants_revoked, 0, 'nobody used a rotated token twice');
});

test('a provider that wants prompt=consent for offline_access gives a refresh token', async (t) => {
  const server = await start_protected_server(t, '--refresh', 'offline');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  await server.expire_access_tokens();
  assert_done(await gatehouse.run(call('guarded.echo', { message: 'hi' }),
      { env: { BROWSER: '' } }));
  assert.deepEqual((await server.provider_stats()).tokens,
      { authorization_code: 1, refresh_token: 1 });
});

test('without a browser the login is finished by pasting the address', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t, { browser: undefined });
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url, ['--no-login'])));
  const result = await gatehouse.run(['login', 'guarded', '--no-browser'], {
    stdin: async (child) => {
      const [authorize] = await wait_for_output(child, /http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/);
      const { stdout } = await run_peer('headless_browser.mjs', [authorize],
          { env: { HEADLESS_BROWSER_STOP: 'code=' } });
      child.stdin.end(stdout);
    },
  });
  assert_done(result);
  assert.equal(text_of(await run_json(gatehouse, call('guarded.echo', { message: 'hi' }))), 'hi');
});

test('a refused consent ends the login with the provider\'s reason', async (t) => {
  const server = await start_protected_server(t, '--interaction', 'deny');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url, ['--no-login'])));
  const result = await gatehouse.run(['login', 'guarded']);
  assert.ok([exit_code.failed, exit_code.sign_in].includes(result.code), describe_run(result));
  assert.match(result.stderr, /access_denied|the person said no/);
});

test('after logout a call without a browser says "sign in" and how', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  assert_done(await gatehouse.run(['logout', 'guarded']));
  const result = await gatehouse.run(call('guarded.echo', { message: 'hi' }),
      { env: { BROWSER: '' } });
  assert_exit(result, exit_code.sign_in);
  assert.match(result.stderr, /gatehouse login guarded/);
});

test('a login that cannot be decrypted is one to sign in again, and that replaces it', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  rmSync(path.join(gatehouse.env.GATEHOUSE_HOME, 'gatehouse.key'));
  const env = { GATEHOUSE_KEY: Buffer.alloc(32, 7).toString('base64') };
  const status = await gatehouse.run(['status', '--json'], { env });
  assert_exit(status, exit_code.sign_in);
  assert.equal(JSON.parse(status.stdout).connections[0].health, 'sign_in_required');
  assert_done(await gatehouse.run(['login', 'guarded'], { env }));
  assert_done(await gatehouse.run(call('guarded.echo', { message: 'hi' }), { env }));
});

test('a provider without registration takes a client that is known beforehand', async (t) => {
  const client = { client_id: 'gatehouse-known', client_secret: 'a secret of thirty-two characters',
    redirect_uris: ['http://127.0.0.1/callback'], application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic' };
  const server = await start_protected_server(t, '--no-registration',
      '--client', JSON.stringify(client));
  const gatehouse = make_gatehouse(t);
  const options = { stdin: client.client_secret };
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url,
      ['--client-id', client.client_id, '--client-secret-stdin']), options));
  const who = JSON.parse(text_of(await run_json(gatehouse, call('guarded.whoami'))));
  assert.equal(who.client_id, client.client_id);
});

test('secrets are in no file of the store in the clear', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  assert_done(await gatehouse.run(call('guarded.whoami')));
  const { stdout } = await run_peer('find_secrets.mjs', [gatehouse.env.GATEHOUSE_HOME]);
  assert.deepEqual(JSON.parse(stdout), { jwts: [], readable_by_others: [] });
});
