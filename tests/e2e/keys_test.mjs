// The master key: replaced under a running gateway and under kill -9, kept in a real Secret Service
// or given by a command; and logins that move to another machine.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, describe_run, exit_code } from '../cli.mjs';
import { assert_done, assert_exit, binary, make_gatehouse, run_json, run_sdk_client,
  start_protected_server } from './harness.mjs';

const has = (program) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const store_file = (gatehouse, name) => path.join(gatehouse.env.GATEHOUSE_HOME, name);

async function status(gatehouse, options) {
  return run_json(gatehouse, ['keys', 'status', '--json'], options);
}

// Everything is readable and under the key that seals now.
function assert_whole(found) {
  assert.deepEqual(found.unreadable, []);
  assert.equal(found.rotation_unfinished, false);
  for (const row of found.rows) assert.equal(row.key, found.key, JSON.stringify(row));
}

async function sign_in(t, gatehouse) {
  const server = await start_protected_server(t);
  assert_done(await gatehouse.run(add_http('notes', server.modern_url)));
  return server;
}

async function tool_of(gatehouse, name = 'notes') {
  const listing = await run_json(gatehouse, ['tools', name, '--json']);
  const tools = Array.isArray(listing) ? listing : listing.tools;
  const simple = tools.find((tool) => !(tool.input_schema ?? tool.inputSchema)?.required?.length);
  assert.ok(simple, JSON.stringify(tools));
  return simple.name.startsWith(`${name}.`) ? simple.name : `${name}.${simple.name}`;
}

test('the key is replaced under a running gateway, which goes on refreshing', async (t) => {
  const gatehouse = make_gatehouse(t);
  const server = await sign_in(t, gatehouse);
  const tool = await tool_of(gatehouse);
  const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
  const serve = await gatehouse.start_until_ready(['serve', '--listen', '127.0.0.1:0']);
  const before = await status(gatehouse);
  for (let round = 0; round < 2; ++round) {
    const report = await run_json(gatehouse, ['keys', 'rotate', '--json']);
    assert.equal(report.unreadable, 0);
    await server.expire_access_tokens();
    const report_of_call = await run_sdk_client('modern', ['--url', `${serve.url}/mcp`,
      '--call', 'execute_capability', '--arguments', JSON.stringify({ name: tool, arguments: {} })],
    { env: { MCP_TOKEN: token } });
    assert.ok(!report_of_call.calls[0].result.isError, JSON.stringify(report_of_call));
  }
  const after = await status(gatehouse);
  assert.notEqual(after.key, before.key);
  assert.equal(after.keys.filter((key) => key.state === 'retired').length, 2);
  assert_whole(after);
  assert.equal(serve.child.exitCode, null, 'the gateway was not restarted');
});

test('a rotation that is killed at any point is taken up again', async (t) => {
  const gatehouse = make_gatehouse(t);
  await sign_in(t, gatehouse);
  const tool = await tool_of(gatehouse);
  for (let index = 0; index < 30; ++index)
    assert_done(await gatehouse.run(['add', `c${index}`, '--yes', '--no-login', '--', '/bin/cat']));
  for (let round = 0; round < 15; ++round) {
    const child = gatehouse.start(['keys', 'rotate']);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1300));
    child.kill('SIGKILL');
    await child.gone;
    assert.deepEqual((await status(gatehouse)).unreadable, [], `round ${round}`);
  }
  assert_done(await gatehouse.run(['keys', 'rotate']));
  assert_whole(await status(gatehouse));
  assert.equal(readFileSync(store_file(gatehouse, 'gatehouse.key')).length, 32);
  assert_done(await gatehouse.run(['call', tool, '{}', '--json']));
});

test('what cannot be read is named, with the way out', async (t) => {
  const gatehouse = make_gatehouse(t);
  await sign_in(t, gatehouse);
  writeFileSync(store_file(gatehouse, 'gatehouse.key'), Buffer.alloc(32, 7), { mode: 0o600 });
  const result = assert_exit(await gatehouse.run(['keys', 'status']), exit_code.failed);
  assert.match(result.stdout, /credentials +notes .*gatehouse login notes/);
  assert.match(result.stderr, /Put it back where it was, or sign in again/);
});

test('the key comes from a command, and the store moves to it', async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(['token', 'create', 'one']));
  assert_done(await gatehouse.run(['add', 'files', '--yes', '--no-login', '--', '/bin/cat']));
  const script = path.join(gatehouse.home, 'print key');
  writeFileSync(script, `#!/bin/sh\necho ${Buffer.alloc(32, 9).toString('base64')}\n`);
  chmodSync(script, 0o700);
  const config = store_file(gatehouse, 'config.toml');
  writeFileSync(config, `[key]\ncommand = ["${script}"]\n`);
  assert.match((await run_json(gatehouse, ['token', 'list', '--json'])).tokens[0].name, /one/);
  const report = await run_json(gatehouse, ['keys', 'rotate', '--json']);
  assert.equal(report.source, 'command');
  const pointer = readFileSync(store_file(gatehouse, 'gatehouse.key'), 'utf8');
  assert.equal(pointer, 'gatehouse-key 2\ngiven\n');
  writeFileSync(config, '');
  const without = assert_exit(await gatehouse.run(['token', 'list']), exit_code.failed);
  assert.match(without.stderr, /comes from GATEHOUSE_KEY or key\.command, and neither is set/);
  assert.equal(readFileSync(store_file(gatehouse, 'gatehouse.key'), 'utf8'), pointer);
  writeFileSync(config, `[key]\ncommand = ["${script}"]\n`);
  assert_whole(await status(gatehouse));
  const again = assert_exit(await gatehouse.run(['keys', 'rotate']), exit_code.usage);
  assert.match(again.stderr, /in front of the old one/);

  writeFileSync(script, '#!/bin/sh\necho no vault >&2\nexit 3\n');
  const failed = assert_exit(await gatehouse.run(['keys', 'status']), exit_code.failed);
  assert.match(failed.stderr, /failed with status 3: "no vault/);
  writeFileSync(script, '#!/bin/sh\necho hello\n');
  const nonsense = assert_exit(await gatehouse.run(['keys', 'status']), exit_code.usage);
  assert.match(nonsense.stderr, /key number 1 is not the base64 of 32 bytes/);
});

// Runs a shell script with a D-Bus session and an unlocked GNOME Keyring of its own.
function with_keyring(gatehouse, script, unlock = true) {
  const start = unlock ?
    `printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null` : ':';
  const runtime = path.join(gatehouse.home, 'run');
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  return new Promise((resolve) => {
    const child = gatehouse.adopt(spawn('dbus-run-session',
        ['--', 'sh', '-c', `${start}\n${script}`], {
          cwd: gatehouse.home, stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...gatehouse.env, XDG_RUNTIME_DIR: runtime, G: binary } }));
    const result = { args: ['(in a D-Bus session)', script], stdout: '', stderr: '' };
    child.stdout.on('data', (data) => { result.stdout += data; });
    child.stderr.on('data', (data) => { result.stderr += data; });
    child.gone.then((end) => resolve({ ...result, ...end }));
  });
}

const no_keyring = !has('gnome-keyring-daemon') || !has('dbus-run-session');

test('a real Secret Service keeps the key and secrets', { skip: no_keyring }, async (t) => {
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(['token', 'create', 'one']));
  assert_done(await gatehouse.run(['add', 'files', '--yes', '--no-login', '--', '/bin/cat']));
  const result = await with_keyring(gatehouse, `set -e
    "$G" keys rotate --to keyring
    "$G" keys status --json
    "$G" token list
    echo hunter2 | "$G" keyring set tickets
    "$G" keys rotate`);
  assert.equal(result.code, 0, describe_run(result));
  assert.match(result.stdout, /"source":"keyring"/);
  assert.match(result.stdout, /one +active/);
  assert.ok(!result.stdout.includes('hunter2') && !result.stderr.includes('hunter2'));
  assert.match(readFileSync(store_file(gatehouse, 'gatehouse.key'), 'utf8'), /^gatehouse-key 2\nkeyring\n$/);

  // Without it there is no way in, and no new key that would lock the store for good.
  const without = assert_exit(await gatehouse.run(['token', 'list']), exit_code.failed);
  assert.match(without.stderr, /no D-Bus session runs/);
  // The same keyring, locked: nobody is there to answer its prompt.
  const locked = await with_keyring(gatehouse, '"$G" token list', false);
  assert.equal(locked.code, exit_code.failed, describe_run(locked));
  assert.match(locked.stderr, /locked|unlock/);

  const back = await with_keyring(gatehouse, '"$G" keys rotate --to file');
  assert.equal(back.code, 0, describe_run(back));
  assert_whole(await status(gatehouse));
});

test('a new store can begin with its key in the keyring', { skip: no_keyring }, async (t) => {
  const gatehouse = make_gatehouse(t, { env: { GATEHOUSE_KEY_SOURCE: 'keyring' } });
  const result = await with_keyring(gatehouse, `
    for n in 1 2 3 4 5 6; do "$G" token create "t$n" & done; wait
    "$G" keys status --json; "$G" token list --json`);
  assert.equal(result.code, 0, describe_run(result));
  assert.equal(result.stdout.match(/"name":"t\d"/g).length, 6, describe_run(result));
  assert.equal(JSON.parse(result.stdout.match(/^\{"source.*$/m)[0]).keys.length, 1);
  assert.ok(!existsSync(store_file(gatehouse, 'gatehouse.key')));
});

test('a login moves to another machine and goes on there', async (t) => {
  const here = make_gatehouse(t);
  const there = make_gatehouse(t);
  const server = await sign_in(t, here);
  const tool = await tool_of(here);
  const file = path.join(here.home, 'moved.json');
  const words = path.join(here.home, 'words');
  writeFileSync(words, 'correct horse battery\n', { mode: 0o600 });
  assert_done(await here.run(['export', '--logins', '--move', '--yes', '--output', file,
    '--passphrase-file', words]));
  const text = readFileSync(file, 'utf8');
  assert.match(text, /"format": "gatehouse-export"/);
  assert.match(text, /"name": "notes"/);

  const shown = assert_done(await there.run(['import', file, '--dry-run']));
  assert.match(shown.stderr, /notes +new +http/);
  const wrong = path.join(here.home, 'wrong');
  writeFileSync(wrong, 'something else\n', { mode: 0o600 });
  const refused = await there.run(['import', file, '--yes', '--passphrase-file', wrong]);
  assert_exit(refused, exit_code.failed);
  assert.match(refused.stderr, /passphrase is wrong/);
  assert.deepEqual((await run_json(there, ['list', '--json'])).connections, []);

  const done = await run_json(there,
      ['import', file, '--yes', '--passphrase-file', words, '--json']);
  assert.equal(done.logins, 1);
  await server.expire_access_tokens();
  assert_done(await there.run(['call', tool, '{}', '--json']));
  const again = await run_json(there,
      ['import', file, '--yes', '--passphrase-file', words, '--json']);
  assert.deepEqual([again.connections[0].action, again.logins, again.kept_logins],
      ['present', 0, 1]);
  assert_exit(await here.run(['call', tool, '{}', '--json', '--no-login']), exit_code.sign_in);
});

test('an import asks about names that are taken', async (t) => {
  const here = make_gatehouse(t);
  const there = make_gatehouse(t);
  for (const gatehouse of [here, there])
    assert_done(await gatehouse.run(['add', 'files', '--yes', '--no-login', '--', '/bin/cat']));
  const exported = assert_done(await here.run(['export']));
  const file = path.join(there.home, 'some.json');
  writeFileSync(file, exported.stdout);
  const refused = assert_exit(await there.run(['import', file, '--yes']), exit_code.failed);
  assert.match(refused.stderr, /names: files\n.*--rename files=/);
  assert_done(await there.run(['import', file, '--yes', '--rename', 'files=more-files']));
  const names = (await run_json(there, ['list', '--json'])).connections.map((one) => one.name);
  assert.deepEqual(names.sort(), ['files', 'more-files']);
});
