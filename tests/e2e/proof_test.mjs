// Proof of possession (DPoP, RFC 9449) and client authentication by signed assertions (RFC 7523),
// against oidc-provider and MCP servers that check every proof (peers/proof_gate.mjs).
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, call, describe_run, exit_code } from '../cli.mjs';
import { assert_done, assert_exit, make_gatehouse, run_json, start_protected_server, text_of,
} from './harness.mjs';

async function echo(gatehouse, connection = 'test', message = 'hi') {
  const answer = await run_json(gatehouse, call(`${connection}.echo`, { message }));
  assert.equal(text_of(answer), message);
}

async function login_of(gatehouse, connection = 'test') {
  return (await run_json(gatehouse, ['show', connection, '--json'])).login;
}

for (const nonces of [false, true]) {
  for (const era of ['modern', 'legacy']) {
    const how = nonces ? 'with nonces of both servers' : 'without nonces';
    test(`tokens are bound to a key where the server asks for it, ${how} (${era})`, async (t) => {
      const server = await start_protected_server(t, nonces ? '--dpop-nonce' : '--dpop');
      const gatehouse = make_gatehouse(t);
      assert_done(await gatehouse.run(add_http('test', server[`${era}_url`])));
      assert.equal((await login_of(gatehouse)).token_type, 'DPoP');
      for (const message of ['one', 'two', 'three', 'four']) await echo(gatehouse, 'test', message);
      const { dpop } = await server.stats();
      assert.deepEqual(dpop.refused, []);
      assert.ok(dpop.proofs >= 5, JSON.stringify(dpop));
      assert.equal(dpop.nonce_asked > 0, nonces, JSON.stringify(dpop));
    });
  }
}

test('a bound login is refreshed with the same key, and revoked at logout', async (t) => {
  const server = await start_protected_server(t, '--dpop-nonce');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('test', server.modern_url)));
  for (let i = 0; i < 3; i += 1) {
    await server.expire_access_tokens();
    await echo(gatehouse);
  }
  const stats = await server.provider_stats();
  assert.equal(stats.tokens.authorization_code, 1);
  assert.ok(stats.tokens.refresh_token >= 3, JSON.stringify(stats.tokens));
  assert.deepEqual((await server.stats()).dpop.refused.filter((why) => !/invalid_token/.test(why)),
      []);
  const report = await gatehouse.run(['logout', 'test', '--json']);
  assert_done(report);
  assert.equal((await server.provider_stats()).grants_revoked > 0, true, describe_run(report));
});

test('one long-lived gateway remembers nonces and sends fresh proofs', async (t) => {
  const server = await start_protected_server(t, '--dpop-nonce');
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('test', server.modern_url)));
  const before = (await server.stats()).dpop;
  const child = gatehouse.start(['stdio'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = [];
  child.stdout.on('data', (data) => lines.push(data));
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {} };
  for (let id = 1; id <= 12; id += 1) {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: {
      name: 'execute_capability', _meta: meta,
      arguments: { name: 'test.echo', arguments: { message: `m${id}` } } } })}\n`);
    const want = `"m${id}"`;
    const end = Date.now() + 15_000;
    while (!lines.join('').includes(want)) {
      assert.ok(Date.now() < end, `no answer to ${id}: ${lines.join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  child.stdin.end();
  await child.gone;
  const after = (await server.stats()).dpop;
  assert.deepEqual(after.refused, []);
  assert.ok(after.proofs - before.proofs >= 12);
  // A nonce that comes with an answer is used at once: only the first request is asked for one.
  assert.ok(after.nonce_asked - before.nonce_asked <= 1, JSON.stringify({ before, after }));
});

test('--dpop required binds tokens where nobody asks, and never leaves them as they are',
    async (t) => {
      const server = await start_protected_server(t);
      const gatehouse = make_gatehouse(t);
      assert_done(await gatehouse.run(add_http('plain', server.modern_url)));
      assert.equal((await login_of(gatehouse, 'plain')).token_type, 'Bearer');
      const wanted = await start_protected_server(t, '--dpop');
      const refused = await gatehouse.run(
          add_http('never', wanted.modern_url, ['--dpop', 'never']));
      assert.notEqual(refused.code, exit_code.done, describe_run(refused));
      assert_done(await gatehouse.run(
          add_http('required', wanted.legacy_url, ['--dpop', 'required'])));
      assert.equal((await login_of(gatehouse, 'required')).token_type, 'DPoP');
      const shown = assert_done(await gatehouse.run(['show', 'required'])).stdout;
      assert.match(shown, /dpop: +yes/);
      const bad = await gatehouse.run(add_http('bad', wanted.modern_url, ['--dpop', 'maybe']));
      assert_exit(bad, exit_code.usage);
      assert.match(bad.stderr, /--dpop/);
    });

// A client of oidc-provider that signs, its key in a file, and the flags that name both.
function make_signing_client(gatehouse, name, type, options) {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  const client = { client_id: 'signed', redirect_uris: ['http://127.0.0.1:8765/callback'],
    application_type: 'native', token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: name, grant_types: ['authorization_code', 'refresh_token'],
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', use: 'sig',
      alg: name }] } };
  const file = path.join(gatehouse.home, 'client.pem');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { server: ['--no-registration', '--client', JSON.stringify(client)],
    flags: ['--client-id', 'signed', '--private-key', `file:${file}`, '--key-id', 'key-1',
      '--signing-algorithm', name] };
}

for (const [name, type, options] of [['ES256', 'ec', { namedCurve: 'P-256' }],
  ['RS256', 'rsa', { modulusLength: 2048 }], ['PS256', 'rsa', { modulusLength: 2048 }]]) {
  test(`private_key_jwt with ${name}: login, refresh and logout`, async (t) => {
    const gatehouse = make_gatehouse(t);
    const client = make_signing_client(gatehouse, name, type, options);
    const server = await start_protected_server(t, ...client.server);
    assert_done(await gatehouse.run(add_http('test', server.modern_url, client.flags)));
    await server.expire_access_tokens();
    await echo(gatehouse);
    const shown = await run_json(gatehouse, ['show', 'test', '--json']);
    assert.equal(shown.auth_method, 'private_key_jwt');
    assert.doesNotMatch(JSON.stringify(shown), /PRIVATE KEY/);
    assert_done(await gatehouse.run(['logout', 'test']));
    const stats = await server.provider_stats();
    assert.equal(stats.tokens.refresh_token, 1);
    assert.deepEqual(stats.refused, []);
    assert.equal(stats.grants_revoked > 0, true);
  });
}

test('a request that is repeated for a nonce has a new assertion too', async (t) => {
  const gatehouse = make_gatehouse(t);
  const client = make_signing_client(gatehouse, 'ES256', 'ec', { namedCurve: 'P-256' });
  const server = await start_protected_server(t, '--dpop-nonce', ...client.server);
  assert_done(await gatehouse.run(add_http('test', server.modern_url, client.flags)));
  await server.expire_access_tokens();
  await echo(gatehouse);
  const { tokens, refused } = await server.provider_stats();
  assert.deepEqual(tokens, { authorization_code: 1, refresh_token: 1 });
  assert.deepEqual([...new Set(refused.map(({ error }) => error))], ['use_dpop_nonce']);
});

test('an ordinary login is not used once a connection requires DPoP', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('test', server.modern_url)));
  await echo(gatehouse);
  assert_done(await gatehouse.run(['edit', 'test', '--dpop', 'required', '--yes']));
  // This server knows bearer tokens only; signing in again does not help.
  const refused = await gatehouse.run(call('test.echo', { message: 'hi' }));
  assert_exit(refused, exit_code.sign_in);
  assert.match(refused.stderr, /DPoP is required now/);
  assert.match(refused.stderr, /bound to a key \(DPoP\)/);
  assert_done(await gatehouse.run(['edit', 'test', '--dpop', 'automatic', '--yes']));
  await echo(gatehouse);
  assert.equal((await login_of(gatehouse)).token_type, 'Bearer');
});

test('a client gets another key by login', async (t) => {
  const gatehouse = make_gatehouse(t);
  const client = make_signing_client(gatehouse, 'ES256', 'ec', { namedCurve: 'P-256' });
  const server = await start_protected_server(t, ...client.server);
  const stranger = path.join(gatehouse.home, 'stranger.pem');
  writeFileSync(stranger, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      .export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const wrong = client.flags.map((flag) => (flag.startsWith('file:') ? `file:${stranger}` : flag));
  const refused = await gatehouse.run(add_http('test', server.modern_url, wrong));
  assert.notEqual(refused.code, exit_code.done);
  assert.match(refused.stderr, /--private-key file:PATH/);
  const right = client.flags.find((flag) => flag.startsWith('file:'));
  assert_done(await gatehouse.run(['login', 'test', '--private-key', right]));
  await echo(gatehouse);
});

test('a key that is none, or does not fit, is told of before anything is sent', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = path.join(gatehouse.home, 'client.pem');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const flags = ['--client-id', 'x', '--private-key', `file:${file}`, '--signing-algorithm'];
  const misfit = await gatehouse.run(add_http('one', server.modern_url, [...flags, 'RS256']));
  assert.notEqual(misfit.code, exit_code.done);
  assert.match(misfit.stderr, /RS256 does not fit the key/);
  const unknown = await gatehouse.run(add_http('two', server.modern_url, [...flags, 'HS256']));
  assert_exit(unknown, exit_code.usage);
  assert.match(unknown.stderr, /--signing-algorithm/);
});
