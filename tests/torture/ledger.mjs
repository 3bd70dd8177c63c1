// What the provider did with each refresh token, as seen by the proxy in front of it, and whether a
// login that ends may end. One Ledger per run; the torture tells it of every token request.
//
// A refresh token is *consumed* when the provider answered it with a new pair. A login may be lost
// only when a consumed token's answer never arrived: the proxy swallowed it, or the process that
// asked was killed before it had stored the pair. A login that was ended on purpose (logout,
// remove, another URL) is no loss, whatever its last refresh met.

export class Ledger {
  constructor() {
    this.tokens = new Map();  // refresh token -> {login, exchange: what consumed it}
    this.logins = [];
    this.violations = [];
    this.excuses = {};  // why logins were lost -> how many
    this.counts = { refreshes: 0, consumed: 0, unanswered: 0, reused: 0, refused: 0,
      unknown_owners: 0 };
    this.under_way = new Map();  // login -> exchanges whose request is not answered yet
  }

  // The next code exchange belongs to this connection.
  expect_login(connection) {
    this.expected = connection;
  }

  current(connection) {
    return this.logins.findLast((login) => login.connection === connection);
  }

  // Somebody is about to end this connection's login on purpose.
  on_farewell(connection) {
    const login = this.current(connection);
    if (login) login.ended = true;
  }

  // The provider answered a code: a login begins.
  on_code(answer) {
    const login = { connection: this.expected, revoked: undefined, reported: false, ended: false };
    this.logins.push(login);
    this.tokens.set(answer.refresh_token, { login });
  }

  login_of(exchange) {
    return this.tokens.get(exchange.form.get('refresh_token'))?.login;
  }

  // One refresh at a time, across all processes: two live askers at once are a violation.
  on_request(exchange) {
    const login = this.login_of(exchange);
    this.counts.refreshes += 1;
    const others = this.under_way.get(login) ?? [];
    this.under_way.set(login, [...others, exchange]);
    if (others.some((other) => other.owner && !other.owner.killed &&
        exchange.owner && other.owner !== exchange.owner)) {
      this.violations.push(`${login?.connection}: two processes refresh at the same time`);
    }
  }

  on_end(exchange) {
    const login = this.login_of(exchange);
    const others = this.under_way.get(login) ?? [];
    this.under_way.set(login, others.filter((other) => other !== exchange));
  }

  // The provider's answer to a refresh, whether or not the client gets to see it.
  on_answer(exchange, answer) {
    const token = this.tokens.get(exchange.form.get('refresh_token'));
    if (!token) return this.violations.push('a refresh token that was never issued');
    if (answer.access_token) {
      token.exchange = exchange;
      this.counts.consumed += 1;
      if (answer.refresh_token) this.tokens.set(answer.refresh_token, { login: token.login });
      return undefined;
    }
    this.counts.refused += 1;
    if (answer.error !== 'invalid_grant' || token.login.revoked || token.login.ended)
      return undefined;
    token.login.revoked = token;
    this.counts.reused += 1;
    return undefined;
  }

  // A command said "sign in".
  on_sign_in_required(connection) {
    const login = this.current(connection);
    if (!login.ended) login.reported = true;
  }

  // Why this login may be lost; undefined when it may not.
  static excuse({ exchange }) {
    if (!exchange) return undefined;
    if (exchange.swallowed) return `answer lost (${exchange.fault})`;
    const owner = exchange.owner;
    if (owner?.killed && owner.stored() < owner.answered) return 'killed before it was stored';
    return undefined;
  }

  // Compares both views once all is quiet.
  judge() {
    for (const login of this.logins) {
      const { connection, revoked, reported, ended } = login;
      const excuse = revoked && Ledger.excuse(revoked);
      if (excuse) this.excuses[excuse] = (this.excuses[excuse] ?? 0) + 1;
      if (revoked && !excuse)
        this.violations.push(`${connection}: a token was used again though its answer arrived`);
      if (reported && !revoked)
        this.violations.push(`${connection}: "sign in" though the provider still honours it`);
      if (revoked && !reported && !ended)
        this.violations.push(`${connection}: the provider ended it and nobody was told`);
    }
    // One that was ended on purpose before anybody could notice its loss is counted by neither.
    const counted = this.logins.filter(({ ended, reported }) => reported || !ended);
    return { provider: counted.filter((login) => login.revoked).length,
      store: this.logins.filter((login) => login.reported).length };
  }
}
