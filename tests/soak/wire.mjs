// As much HTTP and MCP as the soak's agents need, by hand, so that they can also behave badly.
import http from 'node:http';

const meta_prefix = 'io.modelcontextprotocol/';

export class Wire {
  constructor(origin, token) {
    this.origin = new URL(origin);
    this.token = token;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    this.next_id = 1;
  }

  // Resolves to {status, headers, text}. `leave_after_ms`: the connection is dropped then, and it
  // resolves to nothing. `on_open`: called with the answer as it begins, which is then not awaited.
  request(method, path, { headers = {}, body, leave_after_ms, on_open } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request({ host: this.origin.hostname, port: this.origin.port, path,
        method, agent: on_open || leave_after_ms !== undefined ? false : this.agent,
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json',
          accept: 'application/json, text/event-stream', ...headers } });
      let left = false;
      const timer = setTimeout(() => request.destroy(new Error(`no answer: ${method} ${path} ${body}`)),
          120_000);
      const end = (act) => (value) => { clearTimeout(timer); act(value); };
      if (leave_after_ms !== undefined)
        setTimeout(() => { left = true; request.destroy(); end(resolve)(); }, leave_after_ms);
      request.once('error', (error) => left || end(reject)(error));
      request.once('response', (response) => {
        if (on_open) return end(resolve)(on_open(response, request));
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (data) => { text += data; });
        response.once('error', (error) => left || end(reject)(error));
        response.once('end', () => end(resolve)({ status: response.statusCode,
          headers: response.headers, text }));
        return undefined;
      });
      request.end(body);
    });
  }

  modern_request(method, params, capabilities = {}) {
    const name = params.name ?? params.uri;
    const body = JSON.stringify({ jsonrpc: '2.0', id: this.next_id++, method, params: { ...params,
      _meta: { [`${meta_prefix}protocolVersion`]: '2026-07-28',
        [`${meta_prefix}clientCapabilities`]: capabilities,
        [`${meta_prefix}clientInfo`]: { name: 'soak', version: '1' }, ...params._meta } } });
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method,
      ...(name ? { 'mcp-name': name } : {}) };
    return { headers, body };
  }

  async modern(path, method, params, { capabilities, ...more } = {}) {
    const answer = await this.request('POST', path,
        { ...this.modern_request(method, params, capabilities), ...more });
    return answer && outcome_of(answer);
  }

  legacy_request(session, method, params) {
    const note = method.startsWith('notifications/');
    return { headers: { 'mcp-protocol-version': '2025-11-25',
      ...(session ? { 'mcp-session-id': session } : {}) },
      body: JSON.stringify({ jsonrpc: '2.0', ...(note ? {} : { id: this.next_id++ }), method, params }) };
  }

  async legacy(path, session, method, params, more = {}) {
    const answer = await this.request('POST', path,
        { ...this.legacy_request(session, method, params), ...more });
    return answer && outcome_of(answer);
  }

  close() {
    this.agent.destroy();
  }
}

// {status, headers, result | error | nothing}; of an event stream, its last message.
function outcome_of({ status, headers, text }) {
  const lines = text.split('\n').filter((line) => line.startsWith('data: {'));
  const json = headers['content-type']?.includes('event-stream') ? lines.at(-1)?.slice(6) : text;
  const message = json ? JSON.parse(json) : {};
  return { status, headers, ...message };
}

// Why an outcome is no success; undefined when it is one.
export function complaint(outcome) {
  if (outcome.status >= 300) return `HTTP ${outcome.status} ${JSON.stringify(outcome.error ?? '')}`;
  if (outcome.error) return `error ${outcome.error.code} ${outcome.error.message}`;
  if (outcome.result?.isError) return `isError ${JSON.stringify(outcome.result.content).slice(0, 400)}`;
  return outcome.status === 202 || outcome.result ? undefined : 'neither result nor error';
}
