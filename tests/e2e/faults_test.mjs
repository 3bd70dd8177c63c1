// Every network step of a login, a refresh, a step-up and a call fails in turn. Afterwards `status`
// names a state that a person can leave, the same command repeated without the fault succeeds, what
// was there before is still there, and nothing secret was shown.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { add_http, call, describe_run, exit_code } from '../cli.mjs';
import { FaultProxy, harmless_kinds, losing_kinds } from '../peers/fault_proxy.mjs';
import { start_provider } from '../peers/providers.mjs';
import { assert_done, assert_exit, make_gatehouse, peer, run_json, run_sdk_client, text_of,
  wait_for_output } from './harness.mjs';

const every_kind = [...harmless_kinds, ...losing_kinds];
const login_steps = ['resource_metadata', 'server_metadata', 'registration', 'authorize', 'code',
  'server/discover', 'tools/list'];
const call_steps = { modern: ['server/discover', 'tools/call'],
  legacy: ['server/discover', 'initialize', 'notifications/initialized', 'tools/list',
    'tools/call'] };

// A store with the connection `guarded`, every run of which is searched for secrets.
async function make_subject(t, provider, era, { signed_in }) {
  const gatehouse = make_gatehouse(t);
  const { proxy } = provider;
  const subject = { proxy, gatehouse, era, tools: provider.tools[era],
    async run(args, options) {
      const result = await gatehouse.run(args, { deadline_ms: 90_000, ...options });
      assert.ok(!result.timed_out, describe_run(result));
      assert.deepEqual(proxy.leaks(result.stdout + result.stderr), [], describe_run(result));
      return result;
    } };
  proxy.clear();
  t.after(() => proxy.clear());
  assert_done(await subject.run(add_http('guarded', proxy.address(provider.urls[era]),
      signed_in ? [] : ['--no-login'])));
  return subject;
}

const without_person = { env: { BROWSER: '' } };

async function read_status(subject) {
  const result = await subject.run(['status', 'guarded', '--json'], without_person);
  const [state] = JSON.parse(result.stdout).connections;
  const expected = { ready: exit_code.done, sign_in_required: exit_code.sign_in }[state.health] ??
      exit_code.failed;
  assert_exit(result, expected);
  return state;
}

// Ready, or a bad state that says why and what to do.
async function assert_leavable(subject) {
  const state = await read_status(subject);
  if (state.health === 'ready') return state;
  assert.ok(['sign_in_required', 'unreachable', 'failing'].includes(state.health),
      JSON.stringify(state));
  assert.ok(state.detail?.length > 0, `no reason: ${JSON.stringify(state)}`);
  assert.match(state.hint, state.health === 'sign_in_required' ? /gatehouse login guarded/ : /\S/);
  return state;
}

async function assert_works(subject) {
  const [tool, args] = subject.tools.simple;
  assert_done(await subject.run(call(`guarded.${tool}`, args), without_person));
  assert.equal((await read_status(subject)).health, 'ready');
}

// The command fails with a word to the person, or copes with the fault by itself.
function assert_graceful(result) {
  assert.ok([exit_code.done, exit_code.failed, exit_code.sign_in].includes(result.code),
      describe_run(result));
  if (result.code !== exit_code.done) assert.ok(result.stderr.trim().length > 0, 'says nothing');
}

function login_tests(provider) {
  for (const step of login_steps) {
    for (const kind of every_kind) {
      test(`login: ${step} fails (${kind})`, async (t) => {
        const subject = await make_subject(t, provider, 'modern', { signed_in: false });
        const mark = provider.proxy.log.length;
        provider.proxy.fail(step, kind);
        assert_graceful(await subject.run(['login', 'guarded']));
        assert.ok(provider.proxy.count(step, mark) > 0, `${step} was never reached`);
        await assert_leavable(subject);
        provider.proxy.clear();
        assert_done(await subject.run(['login', 'guarded']));
        await assert_works(subject);
      });
    }
  }

  test('login: a step that never answers is left with Ctrl-C', async (t) => {
    for (const step of ['server_metadata', 'registration', 'tools/list']) {
      const subject = await make_subject(t, provider, 'modern', { signed_in: false });
      const mark = provider.proxy.log.length;
      provider.proxy.fail(step, 'stall');
      const child = subject.gatehouse.start(['login', 'guarded']);
      await provider.proxy.wait_for(step, mark);
      child.kill('SIGINT');
      const end = await child.gone;
      assert.notEqual(end.code, exit_code.done, step);
      provider.proxy.clear();
      await assert_leavable(subject);
      assert_done(await subject.run(['login', 'guarded']));
      await assert_works(subject);
    }
  });

  test('login: killed at each step, the next one succeeds', async (t) => {
    for (const step of login_steps) {
      const subject = await make_subject(t, provider, 'modern', { signed_in: false });
      const mark = provider.proxy.log.length;
      provider.proxy.fail(step, 'stall');
      const child = subject.gatehouse.start(['login', 'guarded']);
      await provider.proxy.wait_for(step, mark);
      child.kill('SIGKILL');
      await child.gone;
      provider.proxy.clear();
      await assert_leavable(subject);
      assert_done(await subject.run(['login', 'guarded']));
      await assert_works(subject);
    }
  });
}

function add_tests(provider) {
  for (const step of ['resource_metadata', 'code', 'tools/list']) {
    test(`add: ${step} fails, and what it says then goes on`, async (t) => {
      const gatehouse = make_gatehouse(t);
      const { proxy } = provider;
      const add = add_http('guarded', proxy.address(provider.urls.modern));
      t.after(() => proxy.clear());
      proxy.clear();
      proxy.fail(step, 'error');
      assert_graceful(await gatehouse.run(add));
      proxy.clear();
      const again = await gatehouse.run(add);
      if (again.code === exit_code.done) return;
      assert.match(again.stderr, /gatehouse login guarded/, describe_run(again));
      assert_done(await gatehouse.run(['login', 'guarded']));
    });
  }
}

function callback_tests(provider) {
  for (const how of ['denies', 'wrong_issuer']) {
    test(`login: the browser comes back wrong (${how})`, async (t) => {
      const subject = await make_subject(t, provider, 'modern', { signed_in: false });
      const env = { BROWSER: peer('bad_browser.mjs'), BAD_BROWSER: how };
      const result = await subject.run(['login', 'guarded'], { env });
      assert.ok([exit_code.failed, exit_code.sign_in].includes(result.code), describe_run(result));
      if (how === 'denies') assert.match(result.stderr, /access_denied|the person said no/);
      assert.equal((await assert_leavable(subject)).health, 'sign_in_required');
      assert_done(await subject.run(['login', 'guarded']));
      await assert_works(subject);
    });
  }

  test('login: a browser that does not start leaves the link, and says so', async (t) => {
    const subject = await make_subject(t, provider, 'modern', { signed_in: false });
    const env = { BROWSER: peer('bad_browser.mjs'), BAD_BROWSER: 'fails' };
    const result = await subject.run(['login', 'guarded'], { env });
    assert.ok([exit_code.failed, exit_code.sign_in].includes(result.code), describe_run(result));
    assert.match(result.stderr, /browser/i);
    assert_done(await subject.run(['login', 'guarded']));
    await assert_works(subject);
  });

  for (const how of ['leaves', 'wrong_state']) {
    test(`login: the callback never comes (${how}); Ctrl-C ends the wait`, async (t) => {
      const subject = await make_subject(t, provider, 'modern', { signed_in: false });
      const env = { BROWSER: peer('bad_browser.mjs'), BAD_BROWSER: how };
      const child = subject.gatehouse.start(['login', 'guarded'], { env });
      await wait_for_output(child, /waiting for it/);
      child.kill('SIGINT');
      assert.notEqual((await child.gone).code, exit_code.done);
      assert.equal((await assert_leavable(subject)).health, 'sign_in_required');
      assert_done(await subject.run(['login', 'guarded']));
      await assert_works(subject);
    });
  }
}

function refresh_tests(provider) {
  for (const kind of harmless_kinds) {
    test(`refresh: requests that never arrive cost nothing (${kind})`, async (t) => {
      const subject = await make_subject(t, provider, 'modern', { signed_in: true });
      const [tool, args] = subject.tools.simple;
      provider.proxy.expire_access_tokens();
      const mark = provider.proxy.log.length;
      provider.proxy.fail('refresh', kind, 1);
      const result = await subject.run(call(`guarded.${tool}`, args), without_person);
      assert_exit(result, kind === 'error' ? exit_code.failed : exit_code.done);
      provider.proxy.clear();
      await assert_works(subject);
      assert.equal(provider.proxy.count('code', mark), 0, 'nobody had to sign in');
    });
  }

  for (const kind of losing_kinds) {
    test(`refresh: a lost answer asks for one sign-in at most (${kind})`, async (t) => {
      const subject = await make_subject(t, provider, 'modern', { signed_in: true });
      const [tool, args] = subject.tools.simple;
      provider.proxy.expire_access_tokens();
      provider.proxy.fail('refresh', kind, 1);
      assert_graceful(await subject.run(call(`guarded.${tool}`, args), without_person));
      provider.proxy.clear();
      const state = await assert_leavable(subject);
      if (state.health !== 'ready') {
        assert.equal(state.health, 'sign_in_required', JSON.stringify(state));
        assert_exit(await subject.run(call(`guarded.${tool}`, args), without_person),
            exit_code.sign_in);
        assert_done(await subject.run(['login', 'guarded']));
      }
      await assert_works(subject);
    });
  }

  test('refresh: an authorization server that stays away costs nothing', async (t) => {
    const subject = await make_subject(t, provider, 'modern', { signed_in: true });
    const [tool, args] = subject.tools.simple;
    provider.proxy.expire_access_tokens();
    const mark = provider.proxy.log.length;
    provider.proxy.fail('refresh', 'error');
    for (let i = 0; i < 3; ++i) {
      assert_exit(await subject.run(call(`guarded.${tool}`, args), without_person),
          exit_code.failed);
      assert.notEqual((await assert_leavable(subject)).health, 'sign_in_required');
    }
    provider.proxy.clear();
    await assert_works(subject);
    assert.equal(provider.proxy.count('code', mark), 0, 'nobody had to sign in');
  });
}

function step_up_tests(provider) {
  for (const step of ['server_metadata', 'authorize', 'code']) {
    for (const kind of ['error', 'lose']) {
      test(`step-up: ${step} fails (${kind}) and the login stays`, async (t) => {
        const subject = await make_subject(t, provider, 'modern', { signed_in: true });
        const [tool, args] = await subject.tools.needs_more(subject.gatehouse, 'guarded');
        provider.proxy.fail(step, kind);
        const result = await subject.run(call(`guarded.${tool}`, args));
        assert.ok([exit_code.failed, exit_code.sign_in].includes(result.code),
            describe_run(result));
        provider.proxy.clear();
        await assert_works(subject);
        assert_done(await subject.run(call(`guarded.${tool}`, args)));
        await assert_works(subject);
      });
    }
  }

  test('step-up: a person who says no keeps the login', async (t) => {
    const subject = await make_subject(t, provider, 'modern', { signed_in: true });
    const [tool, args] = await subject.tools.needs_more(subject.gatehouse, 'guarded');
    const env = { BROWSER: peer('bad_browser.mjs'), BAD_BROWSER: 'denies' };
    const result = await subject.run(call(`guarded.${tool}`, args), { env });
    assert.ok([exit_code.failed, exit_code.sign_in].includes(result.code), describe_run(result));
    await assert_works(subject);
    assert_done(await subject.run(call(`guarded.${tool}`, args)));
  });
}

function call_tests(provider) {
  for (const era of ['modern', 'legacy']) {
    for (const step of call_steps[era]) {
      for (const kind of ['refuse', 'error', 'lose', 'cut']) {
        test(`${era} call: ${step} fails (${kind})`, async (t) => {
          const subject = await make_subject(t, provider, era, { signed_in: true });
          const [tool, args] = subject.tools.simple;
          const mark = provider.proxy.log.length;
          provider.proxy.fail(step, kind);
          assert_graceful(await subject.run(call(`guarded.${tool}`, args), without_person));
          await assert_leavable(subject);
          provider.proxy.clear();
          const again = await subject.run(call(`guarded.${tool}`, args), without_person);
          assert.ok(text_of(JSON.parse(assert_done(again).stdout)).length > 0);
          await assert_works(subject);
          assert.equal(provider.proxy.count('code', mark), 0, 'nobody had to sign in');
        });
      }
    }
  }
}

// One upstream call through a running gateway, as an agent makes it.
async function call_through(gateway, token, name, args) {
  const report = await run_sdk_client('modern', ['--url', `${gateway.url}/mcp`, '--call',
    'execute_capability', '--arguments', JSON.stringify({ name, arguments: args })],
      { env: { MCP_TOKEN: token } });
  return report.calls[0];
}

function restart_tests(provider) {
  test('restart: the provider and its servers go away and come back', async (t) => {
    const subject = await make_subject(t, provider, 'modern', { signed_in: true });
    const [tool, args] = subject.tools.simple;
    await provider.kill();
    const mark = provider.proxy.log.length;
    provider.proxy.expire_access_tokens();
    assert_exit(await subject.run(call(`guarded.${tool}`, args), without_person),
        exit_code.failed);
    assert.notEqual((await assert_leavable(subject)).health, 'sign_in_required');
    await provider.start_again();
    await assert_works(subject);
    assert.equal(provider.proxy.count('code', mark), 0, 'nobody had to sign in');
  });

  test('restart: serve is killed during a refresh, and the next one has the login', async (t) => {
    const subject = await make_subject(t, provider, 'modern', { signed_in: true });
    const { gatehouse, proxy } = subject;
    const [tool, args] = subject.tools.simple;
    const { token } = await run_json(gatehouse, ['token', 'create', 'agent', '--json']);
    const listen = ['serve', '--listen', '127.0.0.1:0'];
    const first = await gatehouse.start_until_ready(listen);
    proxy.expire_access_tokens();
    const mark = proxy.log.length;
    proxy.fail('refresh', 'stall');
    const lost = call_through(first, token, `guarded.${tool}`, args).catch(() => undefined);
    await proxy.wait_for('refresh', mark);
    first.child.kill('SIGKILL');
    await lost;
    proxy.clear();
    const second = await gatehouse.start_until_ready(listen);
    const answer = await call_through(second, token, `guarded.${tool}`, args);
    assert.notEqual(answer.result.isError, true, text_of(answer.result));
    assert.equal(proxy.count('code', mark), 0, 'nobody had to sign in');
  });
}

for (const kind of ['demo', 'oidc-provider']) {
  describe(kind, () => {
    const provider = {};
    before(async () => {
      const started = await start_provider(kind);
      const proxy = await FaultProxy.start(started.origins);
      Object.assign(provider, started, { proxy });
    });
    after(() => {
      provider.proxy?.stop();
      return provider.stop?.();
    });
    login_tests(provider);
    add_tests(provider);
    callback_tests(provider);
    refresh_tests(provider);
    step_up_tests(provider);
    call_tests(provider);
    if (kind === 'demo') restart_tests(provider);
  });
}
