// What a process and its store hold: memory, descriptors, child processes, rows. A soak compares
// what it finds early with what it finds late.
import { readFileSync, readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export function rss_mb(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

export function descriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function rows(database) {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        .all().map(({ name }) => name);
    return Object.fromEntries(tables.map((name) =>
      [name, db.prepare(`SELECT count(*) AS n FROM "${name}"`).get().n]));
  } finally {
    db.close();
  }
}

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
