// The agents of a soak: each does one thing after the other, as chosen by chance, in both eras and
// on all endpoints, politely or not.
import { complaint } from './wire.mjs';

// A tool of each connection that needs no more than the login, and its arguments.
const tools = {
  docs: ['list_notes', {}], tracker: ['list_issues', {}], fresh: ['test_simple_text', {}],
  old: ['test_simple_text', {}], child: ['test_simple_text', {}],
};
const connections = Object.keys(tools);
const fixtures = ['fresh', 'old', 'child'];
const elicitation = { elicitation: { form: {} } };

export class Agent {
  // `soak`: random(), report(connection, from, problem), count(kind), stopping.
  constructor(wire, soak) {
    Object.assign(this, { wire, soak });
    this.sessions = [];
  }

  pick(list) {
    return list[Math.floor(this.soak.random() * list.length)];
  }

  async run(actions) {
    while (!this.soak.stopping) {
      const action = this.pick(actions);
      this.soak.count(action);
      await this[action]();
    }
  }

  // Runs one step on a connection; what goes wrong there is reported with the time it took.
  async attempt(connection, what, step) {
    const from = Date.now();
    try {
      const outcome = await step();
      const problem = outcome && complaint(outcome);
      if (problem) this.soak.report(connection, from, `${what}: ${problem}`);
      return problem ? undefined : outcome;
    } catch (error) {
      this.soak.report(connection, from, `${what}: ${error.message}`);
      return undefined;
    }
  }

  async execute() {
    const connection = this.pick(connections);
    const [name, args] = tools[connection];
    await this.attempt(connection, 'execute_capability', () => this.wire.modern('/mcp', 'tools/call',
        { name: 'execute_capability', arguments: { name: `${connection}.${name}`, arguments: args } }));
  }

  async search() {
    await this.attempt('', 'search_capabilities', () => this.wire.modern('/mcp', 'tools/call',
        { name: 'search_capabilities', arguments: { query: 'a note, an issue, some text' } }));
  }

  async direct() {
    const connection = this.pick(connections);
    const [name, args] = tools[connection];
    await this.attempt(connection, 'tools/call', () =>
      this.wire.modern(`/mcp/c/${connection}`, 'tools/call', { name, arguments: args }));
  }

  async lists() {
    const connection = this.pick(fixtures);
    const method = this.pick(['tools/list', 'resources/list', 'prompts/list', 'server/discover']);
    await this.attempt(connection, method, () => this.wire.modern(`/mcp/c/${connection}`, method, {}));
  }

  async all() {
    const connection = this.pick(connections);
    const [name, args] = tools[connection];
    await this.attempt('', 'tools/list of all', () => this.wire.modern('/mcp/all', 'tools/list', {}));
    await this.attempt(connection, 'tools/call of all', () => this.wire.modern('/mcp/all', 'tools/call',
        { name: `${connection}.${name}`, arguments: args }));
  }

  async read() {
    const connection = this.pick(fixtures);
    await this.attempt(connection, 'resources/read', () => this.wire.modern(`/mcp/c/${connection}`,
        'resources/read', { uri: 'test://static-text' }));
  }

  // Asks for something slow and hangs up.
  async vanish() {
    const connection = this.pick(fixtures);
    await this.attempt(connection, 'vanish', () => this.wire.modern(`/mcp/c/${connection}`, 'tools/call',
        { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 'p' } },
        { leave_after_ms: Math.floor(this.soak.random() * 120) }));
  }

  // A question of the server, by input_required in the modern era whatever era the server is of.
  async elicit() {
    const connection = this.pick(fixtures);
    const tool = { name: 'test_input_required_result_elicitation', arguments: {} };
    const ask = (params) => this.wire.modern(`/mcp/c/${connection}`, 'tools/call', params,
        { capabilities: elicitation });
    const asked = await this.attempt(connection, 'elicitation', () => ask(tool));
    if (asked?.result?.resultType !== 'input_required') return;
    if (this.soak.may_abandon()) return;  // nobody comes back
    const responses = Object.fromEntries(Object.keys(asked.result.inputRequests ?? {}).map((key) =>
      [key, { action: 'accept', content: { name: 'Ann', username: 'ann', email: 'a@b.example' } }]));
    await this.attempt(connection, 'elicitation, answered', () => ask({ ...tool,
      inputResponses: responses, requestState: asked.result.requestState }));
  }

  // A legacy session: some calls, perhaps a stream, and most of the time no farewell.
  async session() {
    const connection = this.pick(connections);
    const [name, args] = tools[connection];
    const path = this.pick(['/mcp', `/mcp/c/${connection}`]);
    const opened = await this.attempt(connection, 'initialize', () => this.wire.legacy(path, '', 'initialize',
        { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'soak', version: '1' } }));
    const session = opened?.headers['mcp-session-id'];
    if (!session) return;
    await this.attempt(connection, 'initialized', () =>
      this.wire.legacy(path, session, 'notifications/initialized', {}));
    if (this.soak.random() < 0.3) await this.open_stream(connection, path, session);
    const call = path === '/mcp' ?
      { name: 'execute_capability', arguments: { name: `${connection}.${name}`, arguments: args } } :
      { name, arguments: args };
    for (let i = 0; i < 3; i += 1)
      await this.attempt(connection, 'legacy call', () => this.wire.legacy(path, session, 'tools/call', call));
    if (this.soak.random() < 0.4) {
      await this.attempt(connection, 'DELETE', () => this.wire.request('DELETE', path,
          { headers: { 'mcp-session-id': session } }).then(({ status }) =>
        ({ status: status === 204 || status === 200 ? 202 : status })));
    }
  }

  open_stream(connection, path, session) {
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25',
      accept: 'text/event-stream' };
    return this.attempt(connection, 'GET stream', () => this.wire.request('GET', path, { headers,
      on_open: (response, request) => this.hold(response, request) }));
  }

  // An open stream is dropped after a while, by the agent's going.
  hold(response, request) {
    response.resume();
    response.on('error', () => {});
    request.on('error', () => {});
    setTimeout(() => request.destroy(), 200 + this.soak.random() * 2000);
    return { status: response.statusCode === 200 ? 202 : response.statusCode };
  }

  async listen() {
    const connection = this.pick(fixtures);
    const path = this.pick(['/mcp/all', `/mcp/c/${connection}`]);
    const request = this.wire.modern_request('subscriptions/listen',
        { notifications: { toolsListChanged: true, resourcesListChanged: true } });
    await this.attempt(path === '/mcp/all' ? '' : connection, 'listen', () =>
      this.wire.request('POST', path, { ...request,
        on_open: (response, sent) => this.hold(response, sent) }));
  }
}

// How often each action is chosen, by how often it stands here.
export const actions = [
  ...Array(8).fill('execute'), ...Array(4).fill('direct'), ...Array(2).fill('search'), 'lists', 'lists',
  'all', 'read', 'vanish', 'elicit', 'elicit', 'session', 'session', 'listen'];
