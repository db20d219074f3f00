// What the SQLite store owes to disks, processes and people: nothing lost, nothing damaged, every fault with a name.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { expectOk } from '../../src/core/net/result.ts';
import { SqliteStore } from '../../src/server/store/sqlite.ts';
import { FORMAT } from '../../src/server/store/sqlite-schema.ts';
import { Random } from '../../bench/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'crenel-sqlite-'));
after(() => rmSync(folder, { recursive: true }));
const WRITER = fileURLToPath(new URL('store-writer.ts', import.meta.url));

function pathOf(name: string): string {
  return join(folder, name);
}

function openFault(path: string): string | undefined {
  const opened = SqliteStore.open(path);
  return opened.ok ? undefined : opened.error.kind;
}

async function writtenStore(path: string): Promise<void> {
  const store = expectOk(SqliteStore.open(path));
  expectOk(await store.commit(0, [[{ key: 'a', value: '1' }]]));
  await store.close();
}

async function valueOf(path: string, key: string): Promise<string | undefined> {
  const store = expectOk(SqliteStore.open(path));
  const value = new Map(expectOk(await store.snapshot()).entries).get(key);
  await store.close();
  return value;
}

test('what was committed is there after reopening, in a file that is its owner’s alone', async () => {
  const path = pathOf('new/folder/a.db');
  await writtenStore(path);
  assert.equal(await valueOf(path, 'a'), '1');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const store = expectOk(SqliteStore.open(path));
  assert.equal(expectOk(await store.snapshot()).revision, 1);
  await store.close();
});

test('two servers on one file: the second is refused and harms nothing', async () => {
  const path = pathOf('shared.db');
  const store = expectOk(SqliteStore.open(path));
  expectOk(await store.commit(0, [[{ key: 'a', value: '1' }]]));
  const second = spawnSync(process.execPath, [WRITER, path, 'x'], { encoding: 'utf8', timeout: 20_000 });
  assert.match(second.stderr, /is in use by another process/);
  assert.equal(openFault(path), 'locked');
  expectOk(await store.commit(1, [[{ key: 'b', value: '2' }]]));
  await store.close();
  assert.equal(await valueOf(path, 'b'), '2');
});

test('files that are none of ours are refused and stay as they are', async () => {
  const foreign = pathOf('foreign.db');
  const database = new DatabaseSync(foreign);
  database.exec('CREATE TABLE theirs (x)');
  database.close();
  const text = pathOf('text.db');
  writeFileSync(text, 'this is no database, whatever its name says\n'.repeat(100));
  const newer = pathOf('newer.db');
  await writtenStore(newer);
  const changed = new DatabaseSync(newer);
  changed.exec(`PRAGMA user_version = ${FORMAT + 1}`);
  changed.close();
  for (const [path, kind] of [
    [foreign, 'corrupt'],
    [text, 'corrupt'],
    [newer, 'newer'],
    [folder, 'failed'],
  ] as const) {
    const before = path === folder ? undefined : readFileSync(path);
    assert.equal(openFault(path), kind, path);
    if (before !== undefined) assert.deepEqual(readFileSync(path), before, path);
  }
});

test('a damaged file is told, not believed', async () => {
  const path = pathOf('damaged.db');
  const store = expectOk(SqliteStore.open(path));
  const many = Array.from({ length: 400 }, (_, at) => ({ key: `key/${at}`, value: `${at}`.repeat(100) }));
  expectOk(await store.commit(0, [many]));
  await store.close();
  truncateSync(path, Math.floor(statSync(path).size / 2 / 4096) * 4096);
  const opened = SqliteStore.open(path);
  const read = opened.ok ? await opened.value.snapshot() : opened;
  assert.equal(read.ok ? undefined : read.error.kind, 'corrupt');
});

test('an empty file of the first format is what older Crenels wrote', () => {
  // The first format came with the first store: an empty file is format 0, and the first step makes it one of ours.
  const path = pathOf('zero.db');
  writeFileSync(path, '');
  assert.equal(openFault(path), undefined);
});

test('a backup of a store in use is a store of its own', async () => {
  const path = pathOf('original.db');
  const copy = pathOf('copy.db');
  const store = expectOk(SqliteStore.open(path));
  expectOk(await store.commit(0, [[{ key: 'a', value: '1' }]]));
  expectOk(await store.backup(copy));
  expectOk(await store.commit(1, [[{ key: 'a', value: '2' }]]));
  assert.equal((await store.backup(copy)).ok, false);
  await store.close();
  assert.equal(await valueOf(copy, 'a'), '1');
  assert.equal(statSync(copy).mode & 0o777, 0o600);
});

test('the log beside the database is its owner’s alone, too', async () => {
  const path = pathOf('logged.db');
  const store = expectOk(SqliteStore.open(path));
  expectOk(await store.commit(0, [[{ key: 'a', value: '1' }]]));
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600);
  await store.close();
});

test('a backup in the place of a store whose process was killed is not mixed with the log of that one', async () => {
  const [path, copy, killed] = [pathOf('lived.db'), pathOf('kept.db'), pathOf('left-behind.db')];
  const store = expectOk(SqliteStore.open(path));
  expectOk(await store.commit(0, [[{ key: 'a', value: 'as backed up' }]]));
  expectOk(await store.backup(copy));
  expectOk(await store.commit(1, [[{ key: 'a', value: 'newer' }]]));
  // What a killed process leaves on the disk.
  for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, `${killed}${end}`);
  await store.close();
  copyFileSync(copy, killed);
  const opened = SqliteStore.open(killed);
  assert.equal(opened.ok ? undefined : opened.error.kind, 'refused');
  assert.match(
    opened.ok ? '' : opened.error.message,
    /left-behind\.db-wal is of another database than .*move it away first/u,
  );
  assert.deepEqual(readFileSync(killed), readFileSync(copy));
  rmSync(`${killed}-wal`);
  assert.equal(await valueOf(killed, 'a'), 'as backed up');
  assert.equal(await valueOf(killed, 'a'), 'as backed up', 'and has a log of its own from then on');
});

test('a full disk refuses the commit and leaves the store in use', async (t) => {
  const mount = pathOf('small');
  mkdirSync(mount);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
  if (mounted.status !== 0) return t.skip('needs the right to mount a small disk');
  try {
    const path = join(mount, 'full.db');
    const store = expectOk(SqliteStore.open(path));
    let revision = 0;
    let fault: string | undefined;
    for (let at = 0; at < 1000 && fault === undefined; at += 1) {
      const done = await store.commit(revision, [[{ key: `key/${at}`, value: 'x'.repeat(20_000) }]]);
      if (done.ok) revision = done.value;
      else fault = done.error.kind;
    }
    assert.equal(fault, 'disk-full');
    const entries = [...expectOk(await store.snapshot()).entries];
    assert.equal(entries.length, revision);
    assert.ok(entries.every(([, value]) => value.length === 20_000));
    await store.close();
  } finally {
    spawnSync('umount', [mount]);
  }
  return undefined;
});

test(
  '50 times SIGKILL in the middle of commits loses nothing that was acknowledged',
  { timeout: 120_000 },
  async () => {
    const path = pathOf('killed.db');
    const random = new Random(4);
    const acknowledged: string[] = [];
    for (let run = 0; run < 50; run += 1) {
      acknowledged.push(...(await killedRun(path, `run${run}`, random.between(1, 40))));
      if (run % 10 !== 9) continue;
      const store = expectOk(SqliteStore.open(path));
      const entries = new Map(expectOk(await store.snapshot()).entries);
      await store.close();
      const lost = acknowledged.filter((value) => entries.get(`left/${value}`) !== value);
      assert.deepEqual(lost, []);
      const halves = [...entries.keys()].filter((key) => {
        const value = key.slice(key.indexOf('/') + 1);
        return entries.get(`left/${value}`) !== value || entries.get(`right/${value}`) !== value.repeat(50);
      });
      assert.deepEqual(halves, []);
    }
    assert.ok(acknowledged.length > 500, `only ${acknowledged.length} acknowledged`);
  },
);

/** Runs the writer until it has acknowledged something and some milliseconds more, kills it, and gives what it acknowledged. */
async function killedRun(path: string, run: string, milliseconds: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WRITER, path, run], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (said === '') setTimeout(resolve, milliseconds);
      said += chunk.toString();
    });
    child.on('close', () => resolve());
  });
  child.kill('SIGKILL');
  await ended;
  assert.equal(complaint, '');
  assert.ok(existsSync(path));
  // The last line may be cut.
  return said.split('\n').slice(0, -1);
}

test('a disk that cannot be written is told, and nothing is changed', async (t) => {
  const mount = pathOf('read-only');
  mkdirSync(mount);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]).status !== 0)
    return t.skip('needs the right to mount a small disk');
  try {
    const path = join(mount, 'here.db');
    await writtenStore(path);
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', mount]).status, 0);
    assert.equal(openFault(path), 'read-only');
    assert.equal(openFault(join(mount, 'new.db')), 'read-only');
    assert.equal(openFault(join(mount, 'folder', 'new.db')), 'failed');
    assert.equal(spawnSync('mount', ['-o', 'remount,rw', mount]).status, 0);
    assert.equal(await valueOf(path, 'a'), '1');
  } finally {
    spawnSync('umount', [mount]);
  }
  return undefined;
});
