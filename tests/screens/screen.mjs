// A terminal window of some size, by tmux: what a person would see of a command. Used by scenes.mjs.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export class Screen {
  // `env`: of the shell in it, and nothing else.
  static async open({ columns = 80, rows = 24, env, cwd }) {
    const screen = new Screen(columns, `gatehouse-screens-${process.pid}-${Screen.#count++}`);
    const settings = Object.entries({ ...env, PS1: '$ ', HISTFILE: '/dev/null' }).map(([key, value]) => `${key}=${value}`);
    await screen.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', columns, '-y', rows, '-c', cwd,
        'env', '-i', ...settings, 'bash', '--norc', '--noprofile');
    await screen.see(/^\$ *$/m);
    return screen;
  }
  static #count = 0;

  constructor(columns, socket) {
    this.columns = columns;
    this.socket = socket;
  }

  async #tmux(...args) {
    return (await execute('tmux', ['-L', this.socket, ...args.map(String)])).stdout;
  }

  // Lines as they were written: what the window wrapped is one line again.
  async text() {
    const all = await this.#tmux('capture-pane', '-p', '-J', '-S', '-500');
    return all.split('\n').map((line) => line.trimEnd()).join('\n').trimEnd();
  }

  // With colours, as escape sequences.
  async styled_text() {
    return this.#tmux('capture-pane', '-p', '-e', '-S', '-500');
  }

  async see(pattern, deadline_ms) {
    return (await this.until((text) => text.match(pattern), pattern, deadline_ms)).match(pattern);
  }

  // The text, once it is as `wanted` says.
  async until(wanted, what, deadline_ms = 20_000) {
    const end = Date.now() + deadline_ms;
    for (;;) {
      const text = await this.text();
      if (wanted(text)) return text;
      if (Date.now() > end) throw new Error(`no ${what} on the screen:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  // Types a command and waits for the next prompt.
  async command(line, deadline_ms) {
    const prompts = (text) => text.match(/^\$( |$)/gm)?.length ?? 0;
    const before = prompts(await this.text());
    await this.type(line);
    await this.key('Enter');
    await this.until((text) => prompts(text) > before && /\n\$$/.test(text),
        `the end of ${line}`, deadline_ms);
  }

  async type(text) {
    await this.#tmux('send-keys', '-l', text);
  }

  async key(name) {
    await this.#tmux('send-keys', name);
  }

  // As a terminal pastes: between marks where the program asked for them.
  async paste(text) {
    await this.#tmux('set-buffer', text);
    await this.#tmux('paste-buffer', '-p');
  }

  async resize(columns, rows) {
    this.columns = columns;
    await this.#tmux('resize-window', '-x', columns, '-y', rows);
  }

  async close() {
    await this.#tmux('kill-server').catch(() => {});
  }
}

// Cuts lines where the window would.
export function wrap(text, columns) {
  return text.split('\n').flatMap((line) => {
    const characters = [...line];
    const parts = [];
    for (let at = 0; at === 0 || at < characters.length; at += columns)
      parts.push(characters.slice(at, at + columns).join('').trimEnd());
    return parts;
  }).join('\n');
}
