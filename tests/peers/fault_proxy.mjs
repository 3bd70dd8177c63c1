// A reverse proxy on loopback that fails on purpose, for any provider and any MCP server: it stands
// in front of their origins, says its own addresses wherever they say theirs, and knows which step
// of a login or a call each request is. Used inside the test's process by e2e/faults_test.mjs and
// torture/.
//
// Steps: resource_metadata, server_metadata, registration, authorize, code, refresh, revocation,
// client metadata and the like as `other`, and MCP requests by their method (initialize,
// server/discover, tools/list, tools/call; `mcp` without a body).
// Kinds: refuse  hang up before the request is passed on: the peer never saw it
//        error   answer 503, the peer never saw it
//        stall   never answer, the peer never saw it
//        client  answer invalid_client, the peer never saw it
//        lose    pass it on, take the peer's answer, and hang up
//        mask    pass it on, and answer 502 instead of the peer's answer
//        cut     pass it on, and hang up in the middle of the peer's answer
//
// It can also end the life of access tokens: the peer is then asked with one it does not know, and
// refuses in its own words.
import { EventEmitter, once } from 'node:events';
import { Agent, createServer, request } from 'node:http';

export const harmless_kinds = ['refuse', 'error'];  // the peer never saw the request
export const losing_kinds = ['lose', 'mask', 'cut'];  // the peer carried it out

const endpoints = { registration_endpoint: 'registration', token_endpoint: 'token',
  authorization_endpoint: 'authorize', revocation_endpoint: 'revocation' };
const secret_fields = ['access_token', 'refresh_token', 'id_token', 'client_secret',
  'registration_access_token', 'code', 'code_verifier'];

async function read_all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function escape_pattern(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

// Replaces origins in text, as they are and percent-encoded; a longer port is another origin.
function replacer(pairs) {
  const table = new Map(pairs.flatMap(([from, to]) =>
    [[from, to], [encodeURIComponent(from), encodeURIComponent(to)]]));
  const hosts = new Map(pairs.map(([from, to]) => [new URL(from).host, new URL(to).host]));
  const pattern = new RegExp(`(${[...table.keys()].map(escape_pattern).join('|')})(?!\\d)`, 'gi');
  const text = (value) => value.replace(pattern, (found) => table.get(found) ??
      table.get(encodeURIComponent(decodeURIComponent(found))));
  const headers = (source) => Object.fromEntries(Object.entries(source).map(([name, value]) =>
    [name, Array.isArray(value) ? value.map(text) : hosts.get(value) ?? text(value)]));
  return { text, headers };
}

function parse_json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class FaultProxy {
  // Resolves to a proxy for these origins (of authorization and MCP servers); stop() ends it.
  static async start(origins) {
    const proxy = new FaultProxy();
    for (const origin of origins) await proxy.add(origin);
    return proxy;
  }

  constructor() {
    this.fronts = new Map();  // the peer's origin -> ours
    this.servers = [];
    this.paths = new Map();  // our endpoint -> its step, learnt from the metadata
    this.rules = [];
    this.events = new EventEmitter();
    this.log = [];  // every request: {step, fault, status}
    this.secrets = new Set();  // every token, code and secret that passed
    this.access_tokens = new Map();  // access token -> when it ends, in ms
    this.access_life_s = undefined;  // what clients are told, and what then holds
    this.agent = new Agent({ keepAlive: true });
    this.decide = undefined;  // (exchange) -> kind or undefined, asked before the rules
    this.on_answer = undefined;  // (exchange) -> kind or undefined, when the peer has answered
    this.on_end = undefined;  // (exchange), when the client has the answer or is gone
  }

  async add(origin) {
    const server = createServer((req, res) => {
      this.serve(origin, req, res).catch((error) => {
        if (process.env.FAULT_PROXY_DEBUG) process.stderr.write(`${error.stack}\n`);
        res.destroy();
      });
    });
    server.keepAliveTimeout = 60_000;
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    this.fronts.set(new URL(origin).origin, `http://127.0.0.1:${server.address().port}`);
    this.servers.push(server);
    this.outward = replacer([...this.fronts]);
    this.inward = replacer([...this.fronts].map(([theirs, ours]) => [ours, theirs]));
  }

  // The address of `url` behind this proxy.
  address(url) {
    return this.outward.text(url);
  }

  // Lets `step` fail in this way, `times` times or until clear().
  fail(step, kind, times = Infinity) {
    this.rules.push({ step, kind, times });
  }

  clear() {
    this.rules = [];
  }

  // Ends every access token issued so far.
  expire_access_tokens() {
    for (const token of this.access_tokens.keys()) this.access_tokens.set(token, 0);
  }

  // How often `step` was met since the last time somebody asked for `mark`.
  count(step, since = 0) {
    return this.log.slice(since).filter((entry) => entry.step === step).length;
  }

  // Resolves when `step` is met again after the first `since` requests.
  async wait_for(step, since, deadline_ms = 30_000) {
    const signal = AbortSignal.timeout(deadline_ms);
    while (this.count(step, since) === 0) await once(this.events, 'request', { signal });
  }

  // Secrets that `text` shows.
  leaks(text) {
    return [...this.secrets].filter((secret) => text.includes(secret));
  }

  stop() {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
    this.agent.destroy();
  }

  choose(exchange) {
    const decided = this.decide?.(exchange);
    if (decided) return decided;
    const rule = this.rules.find(({ step, times }) => step === exchange.step && times > 0);
    if (rule) rule.times -= 1;
    return rule?.kind;
  }

  async serve(origin, req, res) {
    const body = await read_all(req);
    const exchange = { step: this.step_of(origin, req, body), req, fault: undefined,
      status: undefined, delivered: false };
    this.keep_secrets(new URLSearchParams(body.toString('latin1')));
    this.keep_secrets(new URL(req.url, origin).searchParams);
    exchange.form = exchange.step === 'refresh' || exchange.step === 'code' ?
        new URLSearchParams(body.toString()) : undefined;
    this.log.push(exchange);
    this.events.emit('request');
    exchange.fault = this.choose(exchange);
    res.once('close', () => this.on_end?.(exchange));
    if (exchange.fault === 'refuse') return req.socket.destroy();
    if (exchange.fault === 'error') return this.answer_error(res, exchange, 503);
    if (exchange.fault === 'client') return this.refuse_client(res, exchange);
    if (exchange.fault === 'stall') return undefined;
    return this.pass_on(origin, exchange, res, body);
  }

  answer_error(res, exchange, status) {
    exchange.status = status;
    res.writeHead(status, { 'content-type': 'text/plain' }).end('the test says no\n');
  }

  refuse_client(res, exchange) {
    exchange.status = 401;
    res.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
  }

  step_of(origin, req, body) {
    const url = new URL(req.url, this.fronts.get(new URL(origin).origin));
    if (url.pathname.includes('/.well-known/oauth-protected-resource')) return 'resource_metadata';
    if (url.pathname.includes('/.well-known/')) return 'server_metadata';
    const endpoint = this.paths.get(url.origin + url.pathname);
    if (endpoint === 'token') {
      return new URLSearchParams(body.toString()).get('grant_type') === 'refresh_token' ?
          'refresh' : 'code';
    }
    if (endpoint) return endpoint;
    const message = body.length > 0 ? parse_json(body.toString()) : undefined;
    if (message?.jsonrpc) return message.method ?? 'response';
    return 'other';
  }

  async pass_on(origin, exchange, res, body) {
    const { req } = exchange;
    const headers = this.inward.headers(req.headers);
    delete headers['accept-encoding'];
    const bearer = headers.authorization?.match(/^Bearer (.*)$/i)?.[1];
    if (Date.now() >= (this.access_tokens.get(bearer) ?? Infinity))
      headers.authorization = 'Bearer ended';
    const text = Buffer.from(this.inward.text(body.toString('latin1')), 'latin1');
    if (body.length > 0) headers['content-length'] = String(text.length);
    const target = new URL(this.inward.text(req.url), origin);
    const sent = request(target, { method: req.method, headers, agent: this.agent });
    const answered = new Promise((resolve, reject) => {
      sent.once('response', resolve);
      sent.once('error', reject);
    });
    // A client that is killed does not take back what the peer was told; streams end with it.
    exchange.cancel = () => sent.destroy();
    sent.end(text);
    const answer = await answered;
    exchange.status = answer.statusCode;
    if (/event-stream/.test(answer.headers['content-type'] ?? '') && !exchange.fault)
      return this.stream(answer, res, sent);
    return this.hand_over(exchange, answer, res);
  }

  stream(answer, res, sent) {
    res.writeHead(answer.statusCode, this.outward.headers(answer.headers));
    res.flushHeaders();
    res.once('close', () => sent.destroy());
    answer.once('error', () => res.destroy());
    answer.pipe(res);
  }

  async hand_over(exchange, answer, res) {
    const raw = (await read_all(answer)).toString('latin1');
    const text = Buffer.from(this.limit_life(exchange, this.outward.text(raw)), 'latin1');
    const headers = this.outward.headers(answer.headers);
    delete headers['transfer-encoding'];
    if (exchange.req.method !== 'HEAD') headers['content-length'] = String(text.length);
    this.learn(exchange, text.toString());
    exchange.answer = text.toString();
    exchange.fault = this.on_answer?.(exchange) ?? exchange.fault;
    if (exchange.fault === 'lose') return res.destroy();
    if (exchange.fault === 'mask') return this.answer_error(res, exchange, 502);
    res.writeHead(answer.statusCode, headers);
    if (exchange.fault === 'cut') {
      res.write(text.subarray(0, text.length >> 1), () => res.destroy());
      return undefined;
    }
    res.end(text, () => { exchange.delivered = true; });
    return undefined;
  }

  limit_life(exchange, text) {
    const tokens = exchange.form && parse_json(text);
    if (!tokens?.access_token) return text;
    if (this.access_life_s === undefined) {
      this.access_tokens.set(tokens.access_token, Infinity);
      return text;
    }
    this.access_tokens.set(tokens.access_token, Date.now() + this.access_life_s * 1000);
    return JSON.stringify({ ...tokens, expires_in: this.access_life_s });
  }

  learn(exchange, text) {
    const document = parse_json(text);
    if (document && typeof document === 'object') this.keep_secrets(new Map(
        Object.entries(document).filter(([, value]) => typeof value === 'string')));
    if (exchange.step !== 'server_metadata' || !document?.issuer) return;
    for (const [name, step] of Object.entries(endpoints)) {
      if (typeof document[name] === 'string')
        this.paths.set(document[name].replace(/[?#].*/, ''), step);
    }
  }

  keep_secrets(fields) {
    for (const name of secret_fields) {
      const value = fields.get(name);
      if (value && value.length >= 16) this.secrets.add(value);
    }
  }
}
