#!/usr/bin/env node
// Starts an authorization server (oidc-provider) and two MCP servers behind it (official SDKs,
// modern and legacy), prints one JSON line with their URLs and runs until SIGTERM or end of stdin.
//
//   protected_server.mjs [--interaction auto|page|deny] [--access-ttl SECONDS]
//       [--refresh always|offline] [--no-registration] [--account NAME] [--client JSON]...
//       [--dpop | --dpop-nonce]        only tokens bound to a key (RFC 9449), with servers' nonces
//       [--device]                     offers sign-ins by a code on another device (RFC 8628)
//       [--token-delay MILLISECONDS]   how long the token endpoint thinks, so that requests overlap
//
// --client adds a pre-registered client (oidc-provider's client metadata). Control, for tests:
// GET <issuer>/__peer/{stats,forget_clients,refuse_clients?times=N},
// GET|POST <origin>/__peer/{stats,expire,drop_sessions,name_issuer?issuer=URL}.
import { parseArgs } from 'node:util';
import { start_authorization_server } from './authorization_server.mjs';
import { end_with_parent } from './http_bits.mjs';
import { start_resource_servers } from './resource_servers.mjs';

const { values } = parseArgs({ options: {
  interaction: { type: 'string', default: 'auto' },
  'access-ttl': { type: 'string', default: '3600' },
  refresh: { type: 'string', default: 'always' },
  'no-registration': { type: 'boolean', default: false },
  device: { type: 'boolean', default: false },
  account: { type: 'string', default: 'alice' },
  client: { type: 'string', multiple: true, default: [] },
  'token-delay': { type: 'string', default: '0' },
  dpop: { type: 'boolean', default: false },
  'dpop-nonce': { type: 'boolean', default: false },
} });

end_with_parent();
const resources = new Set();
const authorization_server = await start_authorization_server({
  interaction: values.interaction,
  access_ttl: Number(values['access-ttl']),
  refresh: values.refresh,
  registration: !values['no-registration'],
  device: values.device,
  account: values.account,
  token_delay_ms: Number(values['token-delay']),
  dpop_nonce: values['dpop-nonce'],
  clients: values.client.map((text) => JSON.parse(text)),
}, resources);
const { issuer, keys } = authorization_server;
const oauth_metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const servers = await start_resource_servers({ issuer, keys, resources, oauth_metadata,
  dpop: values.dpop || values['dpop-nonce'], dpop_nonce: values['dpop-nonce'] });
console.log(JSON.stringify({ event: 'ready', issuer, origin: servers.origin,
  modern_url: servers.modern_url, legacy_url: servers.legacy_url }));
