// A real authorization server for the tests: oidc-provider with dynamic registration, PKCE for
// everybody, resource indicators (RFC 8707), the iss parameter (RFC 9207) and refresh tokens that
// rotate, one use each. protected_server.mjs puts it in front of two MCP servers.
//
// The person at the browser is played by `interaction`: `auto` signs in and consents by redirects
// alone (a GET chain walks it), `page` shows a page with a button (for Chromium), `deny` refuses.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { errors } from 'oidc-provider';
import { enterprise_grants, workload_assertion } from './enterprise_grants.mjs';
import { read_form, send_html, send_json } from './http_bits.mjs';

export const scopes = ['mcp:read', 'mcp:write'];

async function signing_keys() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'peer' }] };
}

function configuration(options, resources, keys) {
  return {
    jwks: keys,
    clients: options.clients,
    scopes: ['openid', 'offline_access', ...scopes],
    pkce: { required: () => true },
    cookies: { keys: ['only for tests'] },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: options.registration },
      registrationManagement: { enabled: options.registration, rotateRegistrationAccessToken: false },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: options.device, userCodeInputSource: (ctx, form) => show_form(ctx, form),
        userCodeConfirmSource: (ctx, form) => show_form(ctx, form),
        successSource: (ctx) => { ctx.body = '<!doctype html><p>signed in'; } },
      ...(options.dpop_nonce ? { dPoP: { enabled: true, nonceSecret: randomBytes(32),
        requireNonce: () => true } } : {}),
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => {
          if (!resources.has(resource)) throw new errors.InvalidTarget();
          return {
            scope: scopes.join(' '),
            audience: resource,
            accessTokenTTL: options.access_ttl,
            accessTokenFormat: 'jwt',
          };
        },
      },
    },
    // `offline`: OpenID Connect's own rule, a refresh token only for offline_access with
    // prompt=consent. `always`: what most OAuth-only providers do.
    issueRefreshToken: (_ctx, client, source) => client.grantTypeAllowed('refresh_token') &&
        (options.refresh === 'always' || source.scopes.has('offline_access')),
    expiresWithSession: () => false,
    rotateRefreshToken: () => true,
    ttl: { AccessToken: options.access_ttl, RefreshToken: 14 * 86400, Grant: 14 * 86400,
      Session: 86400, Interaction: 600, IdToken: 600, AuthorizationCode: 60 },
    renderError: (ctx, out) => {
      ctx.type = 'text';
      ctx.body = Object.entries(out).map(([key, value]) => `${key}: ${value}`).join('\n');
    },
  };
}

// The pages of the device flow (RFC 8628), each with a button that agrees.
function show_form(ctx, form) {
  ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Device</title>` +
      form.replace('</form>', '<button type="submit">Continue</button></form>');
}

// What was asked of the server, for tests that assert on it: GET /__peer/stats.
function watch(provider, stats) {
  const note = (kind, ctx, error) => stats.refused.push({
    kind, error: error.error, description: error.error_description });
  provider.on('grant.success', ({ oidc }) => {
    const { grant_type } = oidc.params;
    stats.tokens[grant_type] = (stats.tokens[grant_type] ?? 0) + 1;
  });
  provider.on('grant.error', (ctx, error) => note('token', ctx, error));
  provider.on('authorization.error', (ctx, error) => note('authorization', ctx, error));
  provider.on('registration_create.success', (_ctx, client) => {
    stats.registrations += 1;
    stats.registered.push(client.metadata());
  });
  provider.on('registration_delete.success', () => { stats.registrations_deleted += 1; });
  provider.on('registration_create.error', (ctx, error) => note('registration', ctx, error));
  provider.on('grant.revoked', () => { stats.grants_revoked += 1; });
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack}\n`));
}

async function consent(provider, details) {
  const { grantId, params, prompt, session } = details;
  const grant = grantId ? await provider.Grant.find(grantId) :
      new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) {
    grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  }
  for (const [resource, list] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, list.join(' '));
  }
  return { consent: grantId ? {} : { grantId: await grant.save() } };
}

function interaction_page(details) {
  const { prompt, params } = details;
  const what = prompt.name === 'login' ? 'Sign in' : 'Allow';
  const text = prompt.name === 'login' ? 'Test provider: sign in as alice' :
      `Allow the client to use ${params.resource} with "${params.scope ?? ''}"`;
  const safe = text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${what}</title>` +
      `<body><h1>${what}</h1><p>${safe}</p><form method="post" autocomplete="off">` +
      `<input type="hidden" name="answer" value="yes"><button type="submit">${what}</button>` +
      `</form></body></html>`;
}

async function interact(provider, options, stats, req, res) {
  const details = await provider.interactionDetails(req, res);
  if (options.interaction === 'deny') {
    return provider.interactionFinished(req, res,
        { error: 'access_denied', error_description: 'the person said no' });
  }
  if (options.interaction === 'page') {
    if (req.method === 'GET') return send_html(res, interaction_page(details));
    if ((await read_form(req)).get('answer') !== 'yes') throw new Error('no answer in the form');
  }
  stats.interactions[details.prompt.name] += 1;
  const result = details.prompt.name === 'login' ?
      { login: { accountId: options.account } } : await consent(provider, details);
  return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
}

// As if the provider had cleaned up its dynamic clients.
async function forget_clients(provider, stats, res) {
  await Promise.all(stats.registered.map(({ client_id }) =>
    provider.Client.adapter.destroy(client_id)));
  send_json(res, { forgotten: stats.registered.length });
}

// `resources`: the set of resource identifiers, filled by the caller before the first request.
// Resolves to {issuer, stats, provider, close}.
export async function start_authorization_server(options, resources) {
  const keys = await signing_keys();
  const stats = { registrations: 0, registrations_deleted: 0, registered: [],
    interactions: { login: 0, consent: 0 },
    tokens: { authorization_code: 0, refresh_token: 0 }, grants_revoked: 0, refused: [] };
  let provider;
  let handler;
  let refusals = 0;  // token requests that are still to be refused as invalid_client
  const server = createServer((req, res) => {
    if (req.url === '/__peer/stats') return send_json(res, stats);
    if (req.url === '/__peer/forget_clients') return forget_clients(provider, stats, res);
    if (req.url.startsWith('/__peer/workload_assertion')) {
      const audience = new URL(req.url, issuer).searchParams.get('audience') ?? undefined;
      return workload_assertion(provider, keys, audience).then((assertion) =>
        send_json(res, { assertion }));
    }
    if (req.url.startsWith('/__peer/refuse_clients')) {
      refusals = Number(new URL(req.url, issuer).searchParams.get('times'));
      return send_json(res, { refusals });
    }
    if (req.url === '/token' && refusals > 0) {
      refusals -= 1;
      return send_json(res, { error: 'invalid_client' }, 401);
    }
    if (req.url === '/token') return setTimeout(handler, options.token_delay_ms, req, res);
    if (!req.url.startsWith('/interaction/')) return handler(req, res);
    interact(provider, options, stats, req, res).catch((error) => {
      process.stderr.write(`${error.stack}\n`);
      if (!res.headersSent) res.writeHead(400).end(String(error.message));
    });
    return undefined;
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, configuration(options, resources, keys));
  handler = provider.callback();
  enterprise_grants(provider, keys, resources);
  watch(provider, stats);
  return { issuer, stats, provider, keys, close: () => server.closeAllConnections() };
}
