// Completion as a person has it: real shells, with the scripts that gatehouse prints.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { describe_run } from '../cli.mjs';
import { assert_done, binary, make_gatehouse } from './harness.mjs';

const has = (program) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

// A store with two connections, and gatehouse on PATH.
async function prepare(t) {
  const gatehouse = make_gatehouse(t);
  for (const name of ['notion', 'notes'])
    assert_done(await gatehouse.run(['add', name, '--yes', '--no-login', '--', '/bin/cat']));
  const bin = path.join(gatehouse.home, 'bin');
  mkdirSync(bin);
  symlinkSync(binary, path.join(bin, 'gatehouse'));
  gatehouse.env.PATH = `${bin}:${gatehouse.env.PATH}`;
  return gatehouse;
}

function run_shell(gatehouse, command, args) {
  return new Promise((resolve) => {
    const child = gatehouse.adopt(spawn(command, args,
        { cwd: gatehouse.home, env: gatehouse.env, stdio: ['ignore', 'pipe', 'pipe'] }));
    const result = { args: [command, ...args], stdout: '', stderr: '' };
    child.stdout.on('data', (data) => { result.stdout += data; });
    child.stderr.on('data', (data) => { result.stderr += data; });
    child.gone.then((end) => resolve({ ...result, ...end }));
  });
}

const lines = (text) => text.split(/\r?\n/).filter((line) => line !== '').sort();

const bash = (words) => `source <(gatehouse completion bash)
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_gatehouse gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`;

test('bash completes commands, names and flags', async (t) => {
  const gatehouse = await prepare(t);
  const cases = [
    [['gatehouse', 'lo'], ['login', 'logout']],
    [['gatehouse', 'keys', ''], ['rotate', 'status']],
    [['gatehouse', 'login', 'no'], ['notes', 'notion']],
    [['gatehouse', 'keys', 'rotate', '--to', 'k'], ['keyring']],
    [['gatehouse', 'login', 'notes', '--no-b'], ['--no-browser']],
  ];
  for (const [words, expected] of cases) {
    const result = await run_shell(gatehouse, 'bash', ['--norc', '-c', bash(words)]);
    assert.deepEqual(lines(result.stdout), expected, describe_run(result));
  }
});

test('fish completes commands, names and flags', { skip: !has('fish') }, async (t) => {
  const gatehouse = await prepare(t);
  const cases = [
    ['gatehouse lo', ['login', 'logout']],
    ['gatehouse keys ', ['rotate', 'status']],
    ['gatehouse login no', ['notes', 'notion']],
    ['gatehouse login notes --no-b', ['--no-browser']],
  ];
  for (const [line, expected] of cases) {
    const result = await run_shell(gatehouse, 'fish', ['--no-config', '-c',
      `gatehouse completion fish | source; complete --do-complete '${line}'`]);
    assert.deepEqual(lines(result.stdout).map((one) => one.split('\t')[0]), expected,
        describe_run(result));
  }
});

// zsh completes in its line editor only: a zsh on a pseudo-terminal, typed to.
const zsh = (line) => `
zmodload zsh/zpty
zpty shell 'zsh -f -i'
send() { zpty -w shell "$1" }
until_seen() {
  local text chunk
  for _ in {1..300}; do
    while zpty -r -t shell chunk; do text+=$chunk; done
    [[ "$text" == *"$1"* ]] && { print -r -- "$text"; return 0 }
    zselect -t 5
  done
  print -r -- "$text"; return 1
}
zmodload zsh/zselect
send 'PS1=; autoload -U compinit; compinit -u -D; source <(gatehouse completion zsh); LISTMAX=999; echo RE''ADY'
until_seen READY >/dev/null || exit 1
zpty -w -n shell ${JSON.stringify(line).replaceAll('$', '\\$')}$'\\t\\t'
until_seen "$1"
`;

test('zsh completes commands and names', { skip: !has('zsh') }, async (t) => {
  const gatehouse = await prepare(t);
  for (const [line, expected] of [
    ['gatehouse keys ro', 'gatehouse keys rotate'],
    ['gatehouse login noti', 'gatehouse login notion'],
    ['gatehouse lo', 'Sign in to a connection'],
  ]) {
    const result = await run_shell(gatehouse, 'zsh', ['-f', '-c', zsh(line), 'zsh', expected]);
    assert.equal(result.code, 0, describe_run(result));
    assert.ok(result.stdout.includes(expected), describe_run(result));
  }
});

test('completion offers names that work there', async (t) => {
  const gatehouse = await prepare(t);
  const file = path.join(gatehouse.env.GATEHOUSE_HOME, 'mcp.json');
  const write = (to, mcpServers) =>
    writeFileSync(to, JSON.stringify({ mcpServers }), { mode: 0o600 });
  const offered = async (words, options) =>
    lines(assert_done(await gatehouse.run(['complete', '--', ...words], options)).stdout);
  write(file, { global: { command: 'true' } });
  assert_done(await gatehouse.run(['list']));
  assert.deepEqual(await offered(['login', '']), ['global', 'notes', 'notion']);
  write(file, {});
  assert.deepEqual(await offered(['login', '']), ['notes', 'notion']);
  const project = path.join(gatehouse.home, 'project');
  mkdirSync(path.join(project, '.gatehouse'), { recursive: true });
  mkdirSync(path.join(project, '.git'));
  write(path.join(project, '.gatehouse', 'mcp.json'), { tracker: { command: 'true' } });
  assert.deepEqual(await offered(['trust', ''], { cwd: project }), ['tracker']);
  assert.deepEqual(await offered(['login', ''], { cwd: project }), ['notes', 'notion']);
  assert.deepEqual(await offered(['trust', '']), []);
});

test('completion asks nobody and changes nothing', async (t) => {
  const gatehouse = make_gatehouse(t, { env: { GATEHOUSE_KEY_COMMAND: '/bin/false' } });
  const result = assert_done(await gatehouse.run(['complete', '--', 'login', '']));
  assert.equal(result.stdout, '');
  const after = await run_shell(gatehouse, 'sh', ['-c', `ls -A ${gatehouse.env.GATEHOUSE_HOME}`]);
  assert.equal(after.stdout, '', 'no store was made');
});
