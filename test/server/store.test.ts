import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { expectOk } from '../../src/core/net/result.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { SqliteStore } from '../../src/server/store/sqlite.ts';
import { storeSuite } from './store-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'crenel-store-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

storeSuite('memory', async () => await Promise.resolve(new MemoryStore()));
storeSuite('SQLite', async () => {
  count += 1;
  return await Promise.resolve(expectOk(SqliteStore.open(join(folder, `${count}.db`))));
});
