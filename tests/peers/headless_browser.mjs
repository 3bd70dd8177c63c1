#!/usr/bin/env node
// The person at the browser, for tests: set as $BROWSER, called with one URL. It GETs the URL,
// keeps cookies, follows redirects, presses the agreeing button of any form it meets, and ends on
// the first page without one, which after a login is the answer of the client's loopback listener.
// It talks to loopback only. Exit 0 when the last answer was 2xx, otherwise 1.
//
// HEADLESS_BROWSER_LOG=FILE  appends one JSON line per request: {method, url, status, location}
// HEADLESS_BROWSER_STOP=TEXT stops before requesting a URL that contains TEXT and prints that URL:
//                            a person who copies the address instead of following it
// HEADLESS_BROWSER_FILL=JSON values for form fields by name
import { appendFileSync } from 'node:fs';
import { request } from 'node:http';

const max_steps = 30;
const deadline_ms = 20_000;
const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]|[a-z0-9-]+\.localhost)$/;

// host (without port, as browsers do) -> name -> {value, path}
const jar = new Map();

function cookies_for(url) {
  return [...(jar.get(url.hostname) ?? [])]
      .filter(([, cookie]) => url.pathname.startsWith(cookie.path))
      .map(([name, cookie]) => `${name}=${cookie.value}`).join('; ');
}

function keep_cookies(url, lines = []) {
  const cookies = jar.get(url.hostname) ?? new Map();
  jar.set(url.hostname, cookies);
  for (const line of lines) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(pair.indexOf('=') + 1);
    const path = attributes.find((a) => /^path=/i.test(a))?.slice(5) || '/';
    const gone = attributes.some((a) => /^max-age=0$/i.test(a) ||
        (/^expires=/i.test(a) && Date.parse(a.slice(8)) < Date.now()));
    if (gone) cookies.delete(name);
    else cookies.set(name, { value, path });
  }
}

function send(method, url, body, from) {
  const headers = { accept: 'text/html,*/*', 'user-agent': 'headless-test-browser' };
  const cookie = cookies_for(url);
  if (cookie) headers.cookie = cookie;
  if (from) headers.referer = from.href;
  if (body !== undefined) {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    headers['content-length'] = Buffer.byteLength(body);
    headers.origin = from.origin;
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, timeout: deadline_ms }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers,
        text: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url.origin}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

function unescape_html(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, dec, hex, name) =>
    dec ? String.fromCodePoint(Number(dec)) : hex ? String.fromCodePoint(parseInt(hex, 16)) :
      named[name] ?? all);
}

function attributes_of(tag) {
  const found = {};
  const body = tag.replace(/^<\s*\w+/, '').replace(/\/?>$/, '');
  for (const [, name, a, b, c] of
    body.matchAll(/([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)) {
    found[name.toLowerCase()] = unescape_html(a ?? b ?? c ?? '');
  }
  return found;
}

const refusing = /deny|cancel|reject|decline|refuse|abort|\bno\b/i;

// The first form that has an agreeing button: its fields as they stand, plus that button.
function find_form(html) {
  const fill = JSON.parse(process.env.HEADLESS_BROWSER_FILL ?? '{}');
  for (const [, open, inner] of html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/gi)) {
    const form = attributes_of(open);
    const fields = [];
    let button;
    for (const [tag, name, rest] of
      inner.matchAll(/<(input|button|select)\b[^>]*>(?:([^<]*)<\/button>)?/gi)) {
      const a = attributes_of(tag.slice(0, tag.indexOf('>') + 1));
      const type = (a.type ?? (name.toLowerCase() === 'button' ? 'submit' : 'text')).toLowerCase();
      if (type === 'submit') {
        if (!refusing.test(`${a.name} ${a.value} ${rest ?? ''}`)) button ??= a;
      } else if ((type === 'checkbox' || type === 'radio') && !('checked' in a)) {
        continue;
      } else if (a.name) {
        fields.push([a.name, fill[a.name] ?? a.value ?? (type === 'checkbox' ? 'on' : '')]);
      }
    }
    if (!button) continue;
    if (button.name) fields.push([button.name, button.value ?? '']);
    return { method: (form.method ?? 'get').toUpperCase(), action: form.action, fields };
  }
  return undefined;
}

function next_step(url, method, answer) {
  if (answer.status >= 300 && answer.status < 400 && answer.headers.location) {
    const target = new URL(answer.headers.location, url);
    const keeps_method = answer.status === 307 || answer.status === 308;
    return { method: keeps_method ? method : 'GET', url: target };
  }
  if (answer.status >= 400 || !/html/.test(answer.headers['content-type'] ?? '')) return undefined;
  const form = find_form(answer.text);
  if (!form) return undefined;
  const action = new URL(form.action || url.href, url);
  const body = new URLSearchParams(form.fields).toString();
  if (form.method === 'POST') return { method: 'POST', url: action, body };
  action.search = body;
  return { method: 'GET', url: action };
}

async function browse(start) {
  let step = { method: 'GET', url: new URL(start) };
  let from;
  for (let i = 0; i < max_steps; ++i) {
    const { method, url, body } = step;
    if (process.env.HEADLESS_BROWSER_STOP && url.href.includes(process.env.HEADLESS_BROWSER_STOP)) {
      process.stdout.write(`${url.href}\n`);
      return 0;
    }
    if (url.protocol !== 'http:' || !loopback.test(url.hostname)) {
      throw new Error(`not a loopback address: ${url.origin}`);
    }
    const answer = await send(method, url, body, from);
    keep_cookies(url, answer.headers['set-cookie']);
    if (process.env.HEADLESS_BROWSER_LOG) {
      appendFileSync(process.env.HEADLESS_BROWSER_LOG, JSON.stringify({ method, url: url.href,
        status: answer.status, location: answer.headers.location }) + '\n');
    }
    const next = next_step(url, method, answer);
    if (!next) {
      if (answer.status >= 200 && answer.status < 300) return 0;
      process.stderr.write(`${url.href} answered ${answer.status}\n${answer.text}\n`);
      return 1;
    }
    step = next;
    from = url;
  }
  throw new Error(`no end after ${max_steps} steps`);
}

try {
  process.exitCode = await browse(process.argv[2]);
} catch (error) {
  process.stderr.write(`headless_browser: ${error.message}\n`);
  process.exitCode = 1;
}
