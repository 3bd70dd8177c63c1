// gatehouse doctor: each phase failing in turn, with the cause, the owner and what to type.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { add_http, exit_code } from '../cli.mjs';
import { assert_done, assert_exit, make_gatehouse, start_protected_server } from './harness.mjs';

const all_phases = ['configuration', 'secrets', 'name', 'proxy', 'connection', 'encryption',
  'discovery', 'registration', 'token', 'handshake', 'catalog'];

// The phases that were gone through; all eleven are told of, whatever happens.
async function examine(gatehouse, name, code, args = [], options) {
  const result = assert_exit(
      await gatehouse.run(['doctor', name, '--json', ...args], { env: { BROWSER: '' }, ...options }),
      code);
  const [report] = JSON.parse(result.stdout).connections;
  assert.match(report.reference, /^doc_/);
  const failed = report.findings.filter(({ outcome }) => outcome === 'failed');
  for (const finding of failed) {
    assert.ok(finding.detail && finding.action && finding.owner, JSON.stringify(finding));
  }
  assert.deepEqual(report.findings.map(({ phase }) => phase), all_phases);
  const phases = report.findings.filter(({ outcome }) => outcome !== 'skipped')
      .map(({ phase }) => phase);
  return { report, failed, phases, ...result };
}

test('a connection that works is ok in every phase', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  const { report, phases } = await examine(gatehouse, 'guarded', exit_code.done);
  assert.equal(report.healthy, true);
  assert.deepEqual(phases, ['configuration', 'secrets', 'name', 'connection', 'discovery',
    'registration', 'token', 'handshake', 'catalog']);
  assert.deepEqual(report.findings.filter(({ outcome }) => outcome !== 'ok')
      .map(({ phase, outcome, detail }) => [phase, outcome, detail]),
  [['proxy', 'skipped', 'none is configured for this server'],
    ['encryption', 'skipped', 'http is not encrypted']]);
  const text = assert_done(await gatehouse.run(['doctor', 'guarded']));
  assert.match(text.stdout, /guarded +http.*\n.*PHASE.*\nok +configuration/);
});

test('who is signed out is told to sign in, and that is exit code 3', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  assert_done(await gatehouse.run(['logout', 'guarded']));
  const { failed, report } = await examine(gatehouse, 'guarded', exit_code.sign_in);
  assert.deepEqual(failed.map(({ phase, owner, action }) => [phase, owner, action]),
      [['token', 'you', 'gatehouse login guarded']]);
  assert.match(report.findings.at(-1).detail, /tools are known, listed just now/);
  assert.deepEqual(report.findings.find(({ phase }) => phase === 'handshake'),
      { phase: 'handshake', outcome: 'skipped', detail: 'not reached' });
});

test('a server that is gone is its operator\'s, and the login is judged all the same', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  server.child.kill('SIGKILL');
  const { failed, report } = await examine(gatehouse, 'guarded', exit_code.failed);
  assert.deepEqual(failed.map(({ phase, owner }) => [phase, owner]), [['connection', 'server']]);
  assert.equal(report.findings.find(({ phase }) => phase === 'token').outcome, 'ok');
});

test('offline makes no request and knows what is stored', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  const before = JSON.stringify([await server.stats(), await server.provider_stats()]);
  const { phases } = await examine(gatehouse, 'guarded', exit_code.done, ['--offline']);
  assert.deepEqual(phases, ['configuration', 'secrets', 'registration', 'token']);
  assert.equal(JSON.stringify([await server.stats(), await server.provider_stats()]), before);
});

test('a certificate that nobody vouches for ends it at encryption', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
    '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=127.0.0.1', '-days', '2'],
  { stdio: 'ignore' });
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) },
      (request, response) => response.end('{}'));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => server.close());
  const gatehouse = make_gatehouse(t);
  const url = `https://127.0.0.1:${server.address().port}/mcp`;
  await gatehouse.run(add_http('own', url, ['--no-login']));
  const { failed } = await examine(gatehouse, 'own', exit_code.failed);
  assert.deepEqual(failed.map(({ phase, owner, code }) => [phase, owner, code]),
      [['encryption', 'server', 'tls']]);
});

test('a reference that leads nowhere ends it before anything is asked', async (t) => {
  let asked = 0;
  const server = http.createServer((request, response) => {
    asked += 1;
    response.writeHead(401).end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => server.close());
  const gatehouse = make_gatehouse(t);
  await gatehouse.run(add_http('keyed', `http://127.0.0.1:${server.address().port}/mcp`,
      ['--header', 'X-Key=env:DOCTOR_KEY', '--no-login']), { env: { DOCTOR_KEY: 'k-123456' } });
  asked = 0;
  const { failed, phases } = await examine(gatehouse, 'keyed', exit_code.failed);
  assert.deepEqual(failed.map(({ phase, owner }) => [phase, owner]), [['secrets', 'you']]);
  assert.match(failed[0].detail, /DOCTOR_KEY/);
  assert.ok(!phases.includes('connection'));
  assert.equal(asked, 0);
});

test('a connection that is switched off is no failure', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  assert_done(await gatehouse.run(['disable', 'guarded']));
  const { report, phases } = await examine(gatehouse, 'guarded', exit_code.done);
  assert.deepEqual(phases, []);
  assert.equal(report.findings[0].detail, 'switched off by a person: gatehouse enable guarded');
  assert_done(await gatehouse.run(['doctor']));
});

test('an open server needs neither registration nor token', async (t) => {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => {
      const message = body.startsWith('{') ? JSON.parse(body) : {};
      const results = { initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} },
        serverInfo: { name: 'open', version: '1' } }, 'tools/list': { tools: [] } };
      const result = results[message.method];
      if (!result) return response.writeHead(message.method ? 202 : 404).end();
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => { server.closeAllConnections(); server.close(); });
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('open', `http://127.0.0.1:${server.address().port}/`)));
  const { report } = await examine(gatehouse, 'open', exit_code.done);
  for (const one of report.findings.filter(({ phase }) => /registration|token/.test(phase)))
    assert.deepEqual([one.outcome, one.detail], ['skipped', 'the server is open to everybody']);
});

test('the log knows the reference', async (t) => {
  const server = await start_protected_server(t);
  const gatehouse = make_gatehouse(t);
  assert_done(await gatehouse.run(add_http('guarded', server.modern_url)));
  const { report, stderr } = await examine(gatehouse, 'guarded', exit_code.done, [],
      { env: { GATEHOUSE_LOG_LEVEL: 'info' } });
  assert.match(stderr, new RegExp(`doctor_finding.*${report.reference}`));
});
