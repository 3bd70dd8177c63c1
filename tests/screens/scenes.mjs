// What is recorded: every scene is a file of docs/screens, made by typing as a person would.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Screen, wrap } from './screen.mjs';

const headless_browser = fileURLToPath(new URL('../peers/headless_browser.mjs', import.meta.url));

// What differs from run to run, replaced by something as long, so that lines wrap alike.
export function steady(text, world) {
  const ports = { [world.ports.demo]: '41001', [world.ports.gateway]: '41002' };
  const fill = (word) => (_all, before, value) =>
    before + (word.repeat(Math.ceil(value.length / word.length))).slice(0, value.length);
  return text
      .replaceAll(/(127\.0\.0\.1(?::|%3A))(\d{5})(?!\d)/g,
          (_all, before, port) => before + (ports[port] ?? '41003'))
      .replaceAll(/((?:state|code_challenge|client_id|code)(?:=|%3D))([A-Za-z0-9_-]{20,})/g, fill('x'))
      .replaceAll(/\b\d+:\d\d left/g, '9:58 left')
      .replaceAll(/\b[A-Z]{4}-[A-Z]{4}\b/g, 'WDJB-MJHT')
      .replaceAll(/[◐◓◑◒](?= )/g, '◐')
      .replaceAll(/\b((?:gh|tok|client|key)_)([A-Za-z0-9_-]{20,})/g, fill('x'))
      .replaceAll(/\bport \d{5}\b/g, 'port 41001')
      .replaceAll(/\bdoc_[A-Za-z0-9_-]{8,}/g, 'doc_xxxxxxxxxxxx')
      .replaceAll(/\b[0-9a-f]{16}\b/g, '0123456789abcdef')
      .replaceAll(/\b(TOOK|TIME) +(?=[A-Z])/g, '$1   ')
      .replaceAll(/\b\d+(\.\d+)? ms +/g, '1 ms   ')
      .replaceAll(/(?<!\d)\d\d:\d\d:\d\d\.\d{3}\b/g, '12:00:00.000')
      .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '2026-01-01T00:00:00Z')
      .replaceAll(/\b\d+ (second|minute)s? ago\b|\bjust now\b/g, 'just now')
      .replaceAll(/\bin \d+ minutes\b/g, 'in 9 minutes')
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
          '00000000-0000-4000-8000-000000000000')
      .replaceAll(world.home, '/home/ada');
}

// Lines are cut where the window would cut them once they are steady.
function picture(world, text, columns) {
  return wrap(steady(text.replace(/\n\$$/, ''), world), columns);
}

// The person's browser; stops at the address that is to be pasted.
function walk(link, env = { HEADLESS_BROWSER_STOP: 'code=' }) {
  return new Promise((resolve, reject) => {
    const child = spawn(headless_browser, [link], { env: { ...process.env, ...env } });
    let text = '';
    child.stdout.on('data', (data) => { text += data; });
    child.once('error', reject);
    child.once('close', () => resolve(text.trim()));
  });
}

async function link_on(screen) {
  const [link] = await screen.see(/https?:\/\/127\.0\.0\.1:\d+\/\S*\?\S+/);
  await screen.see(/Esc cancels|on any machine/);
  return link;
}

// A sign-in on a terminal, told by three pictures of it.
async function sign_in(world, options, command = 'gatehouse login notes --no-browser', variables = {}) {
  const pictures = [];
  await world.on_screen({ ...options, variables }, async (screen) => {
    await screen.type(command);
    await screen.key('Enter');
    const link = await link_on(screen);
    pictures.push(['waiting', await screen.text()]);
    await screen.paste('not an address');
    if (variables.TERM === 'dumb') await screen.key('Enter');
    await screen.see(/paste the whole address[^]*paste the address/);
    pictures.push(['a wrong paste', await screen.text()]);
    await screen.paste(await walk(link));
    if (variables.TERM === 'dumb') await screen.key('Enter');
    await screen.see(/notes is ready/);
    await screen.see(/\n\$$/);
    pictures.push(['afterwards', await screen.text()]);
    world.styled = await screen.styled_text();
  });
  return pictures.map(([title, text]) =>
    `--- ${title} ---\n${picture(world, text, options.columns)}`).join('\n\n');
}

async function cancelled(world) {
  let text;
  await world.on_screen({ columns: 80, rows: 30 }, async (screen) => {
    await screen.type('gatehouse login notes --no-browser');
    await screen.key('Enter');
    await link_on(screen);
    await screen.key('Escape');
    await screen.see(/\n\$$/);
    text = await screen.text();
  });
  return picture(world, text, 80);
}

// A code for another device, and its QR code.
async function device(world) {
  const pictures = [];
  await world.on_screen({ columns: 80, rows: 45 }, async (screen) => {
    await screen.type('gatehouse login notes');
    await screen.key('Enter');
    const [address] = await screen.see(/http:\/\/127\.0\.0\.1:\d+\/device/);
    const [, code] = await screen.see(/type the code: (\S+)/);
    await screen.see(/Esc cancels/);
    pictures.push(await screen.text());
    await walk(address, { HEADLESS_BROWSER_FILL: JSON.stringify({ user_code: code }),
      HEADLESS_BROWSER_STOP: '' });
    await screen.see(/notes is ready/);
    await screen.see(/\n\$$/);
    pictures.push(await screen.text());
  });
  const drawn = pictures[0].replaceAll(/^ +[▀▄█ ]+$\n?/gm, '').replace(/(type the code: \S+\n)/,
      '$1\n      (the QR code of the address with the code in it)\n').replace(/\n{3,}/g, '\n\n');
  return `--- waiting ---\n${picture(world, drawn, 80)}\n\n--- afterwards ---\n` +
      picture(world, pictures[1], 80);
}

// Two in a row; the person skips the first.
async function several(world) {
  let text;
  await world.on_screen({ columns: 80, rows: 40 }, async (screen) => {
    await screen.command(
        `gatehouse add issues ${world.url('issues')} --no-login --allow-loopback >/dev/null 2>&1`);
    await screen.type('gatehouse login notes issues --no-browser');
    await screen.key('Enter');
    await screen.see(/Signing in to notes[^]*paste the address/);
    await screen.key('Escape');
    await screen.see(/Signing in to issues[^]*paste the address/);
    const [link] = await screen.see(/https?:\/\/127\.0\.0\.1:\d+\/\S*\?\S+/);
    await screen.paste(await walk(link));
    await screen.see(/issues is ready/);
    await screen.see(/\n\$$/);
    text = await screen.text();
  });
  return picture(world, text.replace(/^.*>\/dev\/null.*\n/, ''), 80);
}

async function piped(world) {
  const child = spawn(world.binary, ['login', 'notes'],
      { env: world.env(), cwd: world.home, stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  child.stderr.on('data', (data) => { text += data; });
  child.stdout.on('data', (data) => { text += data; });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (!/on any machine/.test(text)) await new Promise((resolve) => setTimeout(resolve, 20));
  const [link] = text.match(/https?:\/\/127\.0\.0\.1:\d+\/\S*\?\S+/);
  child.stdin.end(`${await walk(link)}\n`);
  const code = await ended;
  return steady(`$ cat address | gatehouse login notes\n${text.trimEnd()}\n(exit code ${code})`, world);
}

// Commands typed one after the other on a window.
function commands(lines, { columns = 100, rows = 40, variables, deadline_ms } = {}) {
  return async (world) => {
    let text;
    await world.on_screen({ columns, rows, variables }, async (screen) => {
      for (const line of lines) await screen.command(line, deadline_ms);
      text = await screen.text();
    });
    return picture(world, text, columns);
  };
}

async function serve(world) {
  let text;
  await world.on_screen({ columns: 100, rows: 20 }, async (screen) => {
    await screen.type('gatehouse serve --listen 127.0.0.1:0');
    await screen.key('Enter');
    await screen.see(/127\.0\.0\.1:\d{5}/);
    await screen.key('C-c');
    await screen.see(/\n\$$/);
    text = await screen.text();
  });
  return picture(world, text, 100);
}

// In this order: later scenes stand on what earlier ones have done.
export const scenes = [
  ['help', commands(['gatehouse --help'])],
  ['add', async (world) => {
    let text;
    await world.on_screen({ columns: 80, rows: 40 }, async (screen) => {
      await screen.type(`gatehouse add notes ${world.url('notes')} --no-browser`);
      await screen.key('Enter');
      await screen.see(/MCP server of this connection\?/);
      await screen.type('y');
      await screen.key('Enter');
      await screen.see(/authorization server of this connection\?/);
      await screen.type('y');
      await screen.key('Enter');
      const link = await link_on(screen);
      await screen.paste(await walk(link));
      await screen.see(/RISK/);
      await screen.see(/\n\$$/);
      text = await screen.text();
    });
    return picture(world, text, 80);
  }],
  ['login-terminal', (world) => sign_in(world, { columns: 80, rows: 30 })],
  ['login-no-color', async (world) => {
    const text = await sign_in(world, { columns: 80, rows: 30 }, 'gatehouse login notes --no-browser --no-color');
    if (world.styled.includes('\x1b[')) throw new Error('colours in spite of --no-color');
    return text;
  }],
  ['login-60-columns', (world) => sign_in(world, { columns: 60, rows: 30 })],
  ['login-ascii', (world) => sign_in(world, { columns: 80, rows: 30 }, undefined, { LANG: 'C' })],
  ['login-dumb-terminal', (world) => sign_in(world, { columns: 80, rows: 30 }, undefined,
      { TERM: 'dumb' })],
  ['login-piped', piped],
  ['login-cancelled', cancelled],
  ['login-device', device],
  ['login-several', several],
  ['login-too-small-for-qr', async (world) => {
    let text;
    await world.on_screen({ columns: 80, rows: 24 }, async (screen) => {
      await screen.type('gatehouse login notes --no-browser --qr');
      await screen.key('Enter');
      await screen.see(/too small for the QR code/);
      text = await screen.text();
      await screen.key('Escape');
      await screen.see(/\n\$$/);
    });
    return picture(world, text, 80);
  }],
  ['accounts', commands(['gatehouse login notes --account work', 'gatehouse accounts notes',
    'gatehouse accounts notes --default work'], { variables: { BROWSER: headless_browser } })],
  ['status', commands(['gatehouse status'])],
  ['list', commands(['gatehouse status >/dev/null; gatehouse list'])],
  ['doctor', commands(['gatehouse doctor notes'])],
  ['test', commands(['gatehouse test notes'])],
  ['refresh', commands(['gatehouse refresh notes'])],
  ['presets', commands(['gatehouse presets'])],
  ['settings', commands(["gatehouse edit notes --exclude-tools 'delete_*'",
    'gatehouse tools notes --all', 'gatehouse disable issues', 'gatehouse list',
    'gatehouse enable issues', 'gatehouse rename issues tickets'])],
  ['keys', commands(['gatehouse keys status'])],
  ['config', commands(['gatehouse config'])],
  ['serve', serve],
  ['show', commands(['gatehouse show notes'])],
  ['tools', commands(['gatehouse tools notes'])],
  ['search', commands(['gatehouse search "find a note"'])],
  ['describe', commands(['gatehouse describe notes.search_notes'])],
  ['call', commands(['gatehouse call notes.search_notes query=roadmap'])],
  ['token', commands(['gatehouse token create laptop', 'gatehouse token list'])],
  ['errors', commands(['gatehouse lgoin notes', 'gatehouse show nots', 'gatehouse login',
    'gatehouse add notes https://example.com/mcp'])],
  ['logout', commands(['gatehouse logout notes', 'gatehouse status'])],
  ['remove', commands(['gatehouse remove notes --yes', 'gatehouse list'])],
];

// The world of one recording: a store, and the demo beside it.
export class World {
  constructor(gatehouse, ready) {
    this.gatehouse = gatehouse;
    this.binary = gatehouse.binary;
    this.home = gatehouse.home;
    this.demo = ready.url;
    this.ports = { demo: new URL(ready.url).port, gateway: new URL(ready.gateway).port };
  }

  url(name) {
    return `${this.demo}/${name}/mcp`;
  }

  env(variables = {}) {
    return { HOME: this.home, GATEHOUSE_HOME: this.gatehouse.env.GATEHOUSE_HOME, LANG: 'C.UTF-8',
      PATH: `${path.dirname(this.binary)}:${process.env.PATH}`, ...variables };
  }

  async on_screen({ columns, rows, variables = {} }, act) {
    const env = this.env({ TERM: 'tmux-256color', ...variables });
    const screen = await Screen.open({ columns, rows, env, cwd: this.home });
    try {
      await act(screen);
    } finally {
      await screen.close();
    }
  }
}
