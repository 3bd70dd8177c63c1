// Every oddity of `gatehouse demo --quirk`: add, sign in, list, call, let the access token end, call
// again without a person. Each ends as docs/quirks.md says that it does with a good client.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { add_http, call, demo_servers, exit_code } from '../cli.mjs';
import { assert_done, assert_exit, binary, eventually, make_gatehouse, run_json, text_of,
  tool_names } from './harness.mjs';

const token_life_ms = 2000;
const secret_life_ms = 8000; // nothing but a sign-in helps once it has passed
const patient = { deadline_ms: 90_000 };
const nobody = { ...patient, env: { BROWSER: '' } };
const tools = { modern: 'list_notes', legacy: 'list_issues', open: 'echo' };

const names = execFileSync(binary, ['demo', '--list-quirks'], { encoding: 'utf8' }).split('\n')
    .filter((line) => /^\S/.test(line));

async function start(t, quirks, server = 'modern', life_ms = token_life_ms) {
  const gatehouse = make_gatehouse(t);
  const flags = quirks.flatMap((quirk) => ['--quirk', quirk]);
  const demo = await gatehouse.start_until_ready(['demo', '--listen', '127.0.0.1:0',
    '--token-life', String(life_ms / 1000), ...flags]);
  const { url } = demo_servers(demo).find((one) => one.name === server);
  return { gatehouse, url, server, add: () => gatehouse.run(add_http('it', url), patient) };
}

async function call_tool({ gatehouse, server }, options = nobody) {
  const args = server === 'open' ? { text: 'hello' } : {};
  return gatehouse.run(call(`it.${tools[server]}`, args), options);
}

async function tokens_have_ended(life_ms = token_life_ms) {
  const end = Date.now() + life_ms + 100;
  await eventually('the access token ends', () => Date.now() > end);
}

async function assert_signed_in(subject) {
  const listed = tool_names(await run_json(subject.gatehouse, ['tools', 'it', '--json']));
  assert.ok(listed.some((name) => name.endsWith(tools[subject.server])), `tools: ${listed}`);
  assert_done(await call_tool(subject));
}

async function assert_stays_signed_in(subject) {
  await tokens_have_ended();
  assert_done(await call_tool(subject));
  await tokens_have_ended();
  assert_done(await call_tool(subject));
  const { connections: [state] } = await run_json(subject.gatehouse, ['status', 'it', '--json']);
  assert.equal(state.health, 'ready', JSON.stringify(state));
}

async function whole_journey(t, quirk, server) {
  const subject = await start(t, [quirk], server);
  assert_done(await subject.add());
  await assert_signed_in(subject);
  await assert_stays_signed_in(subject);
  return subject;
}

async function with_given_client(t, quirk) {
  const subject = await start(t, [quirk]);
  const refused = await subject.add();
  assert.notEqual(refused.code, exit_code.done);
  assert.match(refused.stderr, /--client-id/);
  assert_done(await subject.gatehouse.run(['login', 'it', '--client-id', 'demo-client'], patient));
  await assert_signed_in(subject);
  await assert_stays_signed_in(subject);
}

// What does not end like any other journey.
const journeys = {
  'registration-403': with_given_client,
  'no-registration': with_given_client,
  async 'wrong-issuer'(t, quirk) {
    const subject = await start(t, [quirk]);
    const refused = await subject.add();
    assert_exit(refused, exit_code.failed);
    assert.match(refused.stderr, /login\.example\.com/);
    assert.match(refused.stderr, /127\.0\.0\.1/);
  },
  async 'secret-expires'(t, quirk) {
    const subject = await start(t, [quirk], 'modern', secret_life_ms);
    assert_done(await subject.add());
    await assert_signed_in(subject);
    await tokens_have_ended(secret_life_ms);
    const ended = await call_tool(subject);
    if (ended.code !== exit_code.done) {
      assert_exit(ended, exit_code.sign_in);
      assert_done(await subject.gatehouse.run(['login', 'it'], patient));
      assert_done(await call_tool(subject));
    }
  },
  async 'refresh-too-early'(t, quirk) {
    const subject = await start(t, [quirk]);
    assert_done(await subject.add());
    // A call every 100 ms falls into the time in which a refresh ahead of expiry is refused.
    const end = Date.now() + 2 * token_life_ms;
    while (Date.now() < end) assert_done(await call_tool(subject));
    await assert_stays_signed_in(subject);
  },
  async 'version-400'(t, quirk) {
    const subject = await whole_journey(t, quirk, 'legacy');
    const shown = await run_json(subject.gatehouse, ['show', 'it', '--json']);
    assert.equal(shown.protocol_version, '2025-06-18');
    await whole_journey(t, quirk, 'open');
  },
  async 'batched-answers'(t, quirk) {
    const subject = await whole_journey(t, quirk, 'legacy');
    const shown = await run_json(subject.gatehouse, ['show', 'it', '--json']);
    assert.equal(shown.protocol_version, '2025-03-26');
  },
  async 'http-with-sse'(t, quirk) {
    const subject = await whole_journey(t, quirk, 'legacy');
    const shown = await run_json(subject.gatehouse, ['show', 'it', '--json']);
    assert.equal(shown.http_transport, 'http+sse');
    assert.equal(shown.era, 'legacy');
  },
  async 'late-challenge'(t, quirk) {
    const subject = await start(t, [quirk]);
    assert_done(await subject.gatehouse.run(add_http('it', subject.url, ['--no-login'])));
    const stranger = await call_tool(subject);
    assert_exit(stranger, exit_code.sign_in);
    assert_done(await subject.gatehouse.run(['login', 'it'], patient));
    await assert_signed_in(subject);
    await assert_stays_signed_in(subject);
  },
};

describe('quirks', { concurrency: 4 }, () => {
  test('every quirk is listed, and no other has a journey', () => {
    assert.ok(names.length > 25, names.join(' '));
    for (const name of Object.keys(journeys)) assert.ok(names.includes(name), name);
  });
  for (const name of names) {
    test(name, (t) => (journeys[name] ?? whole_journey)(t, name));
  }
  test('several at once', async (t) => {
    const subject = await start(t, ['token-form', 'token-json-only', 'no-expiry', 'bare-401',
      'token-errors-ok-false', 'openid-metadata', 'token-elsewhere', 'slow-body']);
    assert_done(await subject.add());
    await assert_signed_in(subject);
    await assert_stays_signed_in(subject);
  });
  test('an unknown name is refused, and `help` names them all', async (t) => {
    const gatehouse = make_gatehouse(t);
    const refused = await gatehouse.run(['demo', '--quirk', 'token-from']);
    assert.notEqual(refused.code, exit_code.done);
    assert.match(refused.stderr, /--list-quirks/);
    const help = assert_done(await gatehouse.run(['demo', '--quirk', 'help']));
    for (const name of names) assert.ok(help.stdout.includes(name), name);
  });
});
