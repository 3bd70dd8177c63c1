// What an enterprise's identity provider and a server that trusts it do for each other (the
// extension enterprise-managed-authorization), played by one oidc-provider: an ID token is exchanged
// for an identity assertion (RFC 8693, ID-JAG), and that assertion for an access token (RFC 7523).
// Assertions that `workload_issuer` signs with the same key are taken too, as those of a platform's
// workloads; GET <issuer>/__peer/workload_assertion gives one.
import { SignJWT, createLocalJWKSet, importJWK, jwtVerify } from 'jose';
import { errors } from 'oidc-provider';

const exchange_grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const jwt_bearer_grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const id_jag = 'urn:ietf:params:oauth:token-type:id-jag';
const id_token = 'urn:ietf:params:oauth:token-type:id_token';
export const workload_issuer = 'https://workloads.example';

function require_that(condition, description) {
  if (!condition) throw new errors.InvalidRequest(description);
}

async function verified(token, key_set, expected) {
  try {
    return await jwtVerify(token, key_set, expected);
  } catch (error) {
    throw new errors.InvalidGrant(error.message);
  }
}

export async function workload_assertion(provider, keys, audience = provider.issuer) {
  return new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'peer' })
      .setIssuer(workload_issuer).setAudience(audience).setSubject('build-job').setIssuedAt()
      .setExpirationTime('5m').setJti(crypto.randomUUID())
      .sign(await importJWK(keys.keys[0], 'RS256'));
}

export function enterprise_grants(provider, keys, resources) {
  const key_set = createLocalJWKSet({ keys: keys.keys.map(({ kty, n, e, alg, use, kid }) =>
    ({ kty, n, e, alg, use, kid })) });

  // `audience` may be another server's issuer: the one that the MCP server names.
  async function exchange(ctx) {
    const { params, client } = ctx.oidc;
    require_that(params.subject_token_type === id_token, 'an ID token is exchanged');
    require_that(params.requested_token_type === id_jag, 'an ID-JAG is issued');
    require_that(params.audience && params.resource, 'audience and resource are needed');
    const { payload } = await verified(params.subject_token, key_set,
        { issuer: provider.issuer, audience: client.clientId });
    const assertion = await new SignJWT({ resource: params.resource, client_id: 'crm-client' })
        .setProtectedHeader({ alg: 'RS256', kid: 'peer', typ: 'oauth-id-jag+jwt' })
        .setIssuer(provider.issuer).setAudience(params.audience).setSubject(payload.sub)
        .setIssuedAt().setExpirationTime('5m').setJti(crypto.randomUUID())
        .sign(await importJWK(keys.keys[0], 'RS256'));
    ctx.body = { access_token: assertion, issued_token_type: id_jag, token_type: 'N_A',
      expires_in: 300 };
  }

  async function jwt_bearer(ctx) {
    const { params, client } = ctx.oidc;
    require_that(params.assertion, 'assertion is missing');
    const { payload, protectedHeader } = await verified(params.assertion, key_set,
        { issuer: [provider.issuer, workload_issuer], audience: provider.issuer });
    if (payload.iss !== workload_issuer) {
      require_that(protectedHeader.typ === 'oauth-id-jag+jwt', 'the assertion is no ID-JAG');
      if (payload.client_id !== client.clientId) {
        throw new errors.InvalidGrant('the assertion is for another client');
      }
    }
    const resource = payload.resource ?? params.resource;
    if (!resources.has(resource)) throw new errors.InvalidTarget();
    const scope = params.scope ?? 'mcp:read';
    const token = await new SignJWT({ scope, client_id: client.clientId, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'RS256', kid: 'peer', typ: 'at+jwt' })
        .setIssuer(provider.issuer).setAudience(resource).setSubject(payload.sub).setIssuedAt()
        .setExpirationTime('1h').sign(await importJWK(keys.keys[0], 'RS256'));
    ctx.body = { access_token: token, token_type: 'Bearer', expires_in: 3600, scope };
  }

  provider.registerGrantType(exchange_grant, exchange, ['audience', 'resource', 'scope',
    'requested_token_type', 'subject_token', 'subject_token_type'], []);
  provider.registerGrantType(jwt_bearer_grant, jwt_bearer, ['assertion', 'scope', 'resource'], []);
}
