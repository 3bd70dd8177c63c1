// Two MCP servers behind one bearer check, as the official SDKs build them:
//   /mcp     @modelcontextprotocol/server 2.x: 2026-07-28, and 2025 clients without sessions
//   /legacy  @modelcontextprotocol/sdk 1.x: 2025-11-25 and earlier, with sessions and streams
// Each is its own resource with RFC 9728 metadata. `add` needs the scope mcp:write, so that a token
// with mcp:read meets 403 insufficient_scope. POST /__peer/expire makes every access token issued
// so far invalid, which stands in for the passing of time.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, OAuthError, OAuthErrorCode, buildOAuthProtectedResourceMetadata,
  createMcpHandler, getOAuthProtectedResourceMetadataUrl, requireBearerAuth, requireScopes,
} from '@modelcontextprotocol/server';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth as legacy_bearer }
  from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { McpServer as LegacyMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport }
  from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { scopes } from './authorization_server.mjs';
import { send_json } from './http_bits.mjs';
import { proof_gate } from './proof_gate.mjs';

function text(value) {
  return { content: [{ type: 'text', text: String(value) }] };
}

// `challenge` is the per-tool scope hook of the 2.x SDK; 1.x has none and ignores it.
function register_tools(server, era, auth_of, challenge) {
  server.registerTool('echo', {
    title: 'Echo', description: 'Repeat the message back, unchanged.',
    inputSchema: z.object({ message: z.string().describe('What to say') }),
    annotations: { readOnlyHint: true },
  }, ({ message }) => text(message));
  server.registerTool('add', {
    title: 'Add', description: 'Add two numbers. Needs the scope mcp:write.',
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    outputSchema: z.object({ sum: z.number() }), ...challenge,
  }, ({ a, b }) => ({ ...text(a + b), structuredContent: { sum: a + b } }));
  server.registerTool('whoami', {
    title: 'Who am I', description: 'Name the account, client and scopes of the access token.',
    inputSchema: z.object({}), annotations: { readOnlyHint: true },
  }, (_args, extra) => {
    const auth = auth_of(extra);
    return text(JSON.stringify({ era, account: auth.extra.account, client_id: auth.clientId,
      scopes: auth.scopes }));
  });
  return server;
}

// Verifies the JWT access tokens of authorization_server.mjs; `ledger` counts what it saw.
function make_verifier(issuer, keys, resource, ledger, invalid_token) {
  const jwks = createLocalJWKSet({ keys: keys.keys.map(({ kty, n, e, kid, alg, use }) =>
    ({ kty, n, e, kid, alg, use })) });
  return async (token) => {
    let claims;
    try {
      const check = { issuer, audience: resource, typ: 'at+jwt' };
      claims = (await jwtVerify(token, jwks, check)).payload;
      if (ledger.expired.has(claims.jti)) throw new Error('expired by the test');
    } catch (error) {
      ledger.refused += 1;
      throw invalid_token(error.message);
    }
    ledger.accepted += 1;
    ledger.seen.add(claims.jti);
    return { token, clientId: claims.client_id, expiresAt: claims.exp, resource: new URL(resource),
      scopes: (claims.scope ?? '').split(' ').filter(Boolean), extra: { account: claims.sub } };
  };
}

function modern_handler(resource, verify) {
  const gate = requireBearerAuth({
    verifier: { verifyAccessToken: verify },
    expectedResource: new URL(resource),
    requiredScopes: ['mcp:read'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(resource)),
  });
  const mcp = createMcpHandler((context) => register_tools(
      new McpServer({ name: 'protected-modern', version: '1.0.0' }), context.era,
      (extra) => extra.http.authInfo,
      { scopeChallenge: requireScopes('mcp:write') }));
  const fetch = async (request) => {
    const auth = await gate(request);
    return auth instanceof Response ? auth : mcp.fetch(request, { authInfo: auth });
  };
  return toNodeHandler({ fetch });
}

function needs_write_scope(body) {
  return body?.method === 'tools/call' && body.params?.name === 'add';
}

// Sessions as in the 1.x SDK's own example: one transport per initialize.
function legacy_app(resource, verify) {
  const metadata_url = getOAuthProtectedResourceMetadataUrl(new URL(resource));
  const options = { verifier: { verifyAccessToken: verify }, requiredScopes: ['mcp:read'],
    expectedResource: new URL(resource), resourceMetadataUrl: metadata_url };
  const read = legacy_bearer(options);
  const write = legacy_bearer({ ...options, requiredScopes: ['mcp:read', 'mcp:write'] });
  const transports = new Map();
  const app = createMcpExpressApp();
  app.use('/legacy', (req, res, next) =>
    (needs_write_scope(req.body) ? write : read)(req, res, next));
  app.all('/legacy', async (req, res) => {
    let transport = transports.get(req.headers['mcp-session-id']);
    if (!transport && isInitializeRequest(req.body)) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => transports.set(id, transport),
      });
      transport.onclose = () => transports.delete(transport.sessionId);
      await register_tools(new LegacyMcpServer({ name: 'protected-legacy', version: '1.0.0' }),
          'legacy', (extra) => extra.authInfo, {}).connect(transport);
    }
    if (!transport) {
      res.status(req.headers['mcp-session-id'] ? 404 : 400).json({ jsonrpc: '2.0', id: null,
        error: { code: -32000, message: 'no such session' } });
      return;
    }
    await transport.handleRequest(req, res, req.body);
  });
  return { app, drop_sessions: () => transports.clear(), sessions: () => transports.size };
}

// Resolves to {modern_url, legacy_url, stats(), close}. Adds both resources to `resources`.
// `dpop`: only tokens bound to a key are taken (proof_gate.mjs).
export async function start_resource_servers({ issuer, keys, resources, oauth_metadata, dpop,
  dpop_nonce }) {
  const ledger = { accepted: 0, refused: 0, seen: new Set(), expired: new Set() };
  const routes = new Map();
  let moved_to;  // the authorization server that the metadata names instead of the real one
  const server = createServer((req, res) => {
    const path = new URL(req.url, 'http://127.0.0.1').pathname;
    const route = routes.get(`${req.method} ${path}`) ?? routes.get(path);
    if (route) return route(req, res);
    return send_json(res, { error: 'not found' }, 404);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const modern_url = `${origin}/mcp`;
  const legacy_url = `${origin}/legacy`;
  for (const resource of [modern_url, legacy_url]) {
    resources.add(resource);
    const document = buildOAuthProtectedResourceMetadata({ oauthMetadata: oauth_metadata,
      resourceServerUrl: new URL(resource), resourceName: 'Protected test server',
      scopesSupported: scopes, dangerouslyAllowInsecureIssuerUrl: true });
    const path = new URL(getOAuthProtectedResourceMetadataUrl(new URL(resource))).pathname;
    routes.set(path, (_req, res) => send_json(res,
        moved_to ? { ...document, authorization_servers: [moved_to] } : document));
  }
  const legacy = legacy_app(legacy_url, make_verifier(issuer, keys, legacy_url, ledger,
      (message) => new InvalidTokenError(message)));
  routes.set('/mcp', modern_handler(modern_url, make_verifier(issuer, keys, modern_url, ledger,
      (message) => new OAuthError(OAuthErrorCode.InvalidToken, message))));
  routes.set('/legacy', legacy.app);
  const proved = { proofs: 0, nonce_asked: 0, refused: [] };
  for (const resource of dpop ? [modern_url, legacy_url] : []) {
    const { pathname } = new URL(resource);
    routes.set(pathname, proof_gate(routes.get(pathname), { resource, stats: proved,
      metadata_url: getOAuthProtectedResourceMetadataUrl(new URL(resource)),
      with_nonce: dpop_nonce }));
  }
  const stats = () => ({ ...(dpop ? { dpop: proved } : {}),
    accepted: ledger.accepted, refused: ledger.refused,
    access_tokens: ledger.seen.size, sessions: legacy.sessions() });
  routes.set('GET /__peer/stats', (_req, res) => send_json(res, stats()));
  routes.set('POST /__peer/expire', (_req, res) => {
    for (const id of ledger.seen) ledger.expired.add(id);
    send_json(res, { expired: ledger.expired.size });
  });
  routes.set('POST /__peer/drop_sessions', (_req, res) => {
    legacy.drop_sessions();
    send_json(res, {});
  });
  routes.set('POST /__peer/name_issuer', (req, res) => {
    moved_to = new URL(req.url, origin).searchParams.get('issuer');
    send_json(res, { moved_to });
  });
  return { modern_url, legacy_url, origin, stats };
}
