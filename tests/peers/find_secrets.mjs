#!/usr/bin/env node
// Looks into every file below a folder for access tokens in the clear (JWTs, as
// authorization_server.mjs issues them) and for files that others may read.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const found = { jwts: [], readable_by_others: [] };
for (const entry of readdirSync(process.argv[2], { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  if (!entry.isSocket() && statSync(file).mode & 0o077) found.readable_by_others.push(file);
  if (!entry.isFile()) continue;
  if (/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/.test(readFileSync(file, 'latin1'))) {
    found.jwts.push(file);
  }
}
console.log(JSON.stringify(found));
