// A resource server that takes only tokens bound to a key (RFC 9449): stands before an MCP server
// of resource_servers.mjs, checks each proof, and passes the request on as one with a plain token,
// which is what the SDKs know. With nonces it hands out a new one every third request, and a
// request with another is refused.
import { createHash } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, decodeJwt, jwtVerify } from 'jose';
import { send_json } from './http_bits.mjs';

class Refusal extends Error {
  constructor(error, why) { super(why); this.error = error; }
}

// Throws a Refusal that says which claim is wrong.
async function check_proof({ proof, token, method, url, seen, nonce }) {
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK,
      { typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: '60s', clockTolerance: 5 });
  const ath = createHash('sha256').update(token, 'ascii').digest('base64url');
  const jkt = await calculateJwkThumbprint(protectedHeader.jwk);
  if (payload.htm !== method) throw new Refusal('invalid_dpop_proof', 'htm');
  if (payload.htu !== url) throw new Refusal('invalid_dpop_proof', `htu ${payload.htu}`);
  if (payload.ath !== ath) throw new Refusal('invalid_dpop_proof', 'ath');
  if (decodeJwt(token).cnf?.jkt !== jkt) throw new Refusal('invalid_token', 'cnf.jkt');
  if (seen.has(payload.jti)) throw new Refusal('invalid_dpop_proof', 'jti was used before');
  seen.add(payload.jti);
  if (nonce !== undefined && payload.nonce !== nonce) throw new Refusal('use_dpop_nonce', 'nonce');
}

// Resolves to a route (req, res). `stats` counts what it saw: {proofs, nonce_asked, refused: []}.
export function proof_gate(route, { resource, metadata_url, with_nonce, stats }) {
  const seen = new Set();
  let accepted = 0;
  const nonce_now = () => (with_nonce ? `nonce-${Math.floor(accepted / 3)}` : undefined);
  const refuse = (res, error, why) => {
    if (error === 'use_dpop_nonce') stats.nonce_asked += 1;
    else if (error) stats.refused.push(`${error}: ${why}`);
    res.setHeader('WWW-Authenticate',
        `DPoP algs="ES256", scope="mcp:read", resource_metadata="${metadata_url}"` +
        (error ? `, error="${error}"` : ''));
    if (nonce_now() !== undefined) res.setHeader('DPoP-Nonce', nonce_now());
    send_json(res, { error: error ?? 'unauthorized' }, 401);
  };
  return async (req, res) => {
    const [scheme, token] = (req.headers.authorization ?? '').split(' ');
    if (!token) return refuse(res);
    if (scheme !== 'DPoP') return refuse(res, 'invalid_token', `scheme ${scheme}`);
    try {
      await check_proof({ proof: req.headers.dpop ?? '', token, method: req.method, url: resource,
        seen, nonce: nonce_now() });
    } catch (error) {
      return refuse(res, error.error ?? 'invalid_dpop_proof', error.message);
    }
    stats.proofs += 1;
    accepted += 1;
    if (nonce_now() !== undefined) res.setHeader('DPoP-Nonce', nonce_now());
    // Both forms: the SDKs read the one or the other.
    req.headers.authorization = `Bearer ${token}`;
    const at = req.rawHeaders.findIndex((name) => name.toLowerCase() === 'authorization');
    req.rawHeaders[at + 1] = `Bearer ${token}`;
    return route(req, res);
  };
}
