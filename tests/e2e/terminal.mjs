// A pseudo-terminal (script of util-linux) with a command on it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

// A command on a terminal: type(text) writes, see(pattern) waits for new output, end() resolves to
// the exit code. The terminal's own settings are printed last, as `after:…`.
export function open_terminal(gatehouse, args, env = {}, cwd = gatehouse.home) {
  const quoted = [gatehouse.binary, ...args].map((word) => `'${word}'`).join(' ');
  const told = `sh -c 'echo pid:$$; exec "$@"' sh ${quoted}`;
  const child = spawn('script', ['-qefc', `${told}; code=$?; stty -a | tr '\\n' ' ' |
    grep -o -w -- '-*icanon\\|-*echo' | tr '\\n' ' '; exit $code`, '/dev/null'], {
    cwd, stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...gatehouse.env, SHELL: '/bin/sh', TERM: 'xterm', ...env } });
  gatehouse.adopt(child);
  let text = '';
  let seen = 0;
  const waiting = new Set();
  child.stdout.on('data', (data) => {
    text += data;
    waiting.forEach((look) => look());
  });
  const see = (pattern, deadline_ms = 20_000) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${pattern} in:\n${text}`)), deadline_ms);
    const look = () => {
      const match = text.slice(seen).match(pattern);
      if (!match) return;
      seen += match.index + match[0].length;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(match);
    };
    waiting.add(look);
    look();
  });
  return { see, type: (keys) => child.stdin.write(keys), text: () => text,
    signal: async (name) => process.kill(Number(text.match(/pid:(\d+)/)[1]), name),
    end: async () => (await child.gone).code };
}

export function assert_restored(terminal) {
  assert.match(terminal.text(), /icanon/);
  assert.doesNotMatch(terminal.text(), /-icanon|-echo/);
}
