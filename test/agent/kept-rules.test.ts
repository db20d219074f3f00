// What a host keeps of its rules on the disk is what was in force, wherever the machine died while it was written.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Random } from '../../bench/random.ts';
import { KeptRules, type Keeper } from '../../src/agent/kept-rules.ts';
import { asId, type EniId, type GroupId } from '../../src/core/model/ids.ts';
import { KINDS } from '../../src/core/model/records.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { type HostView, hostViewOf } from '../../src/core/policy/host-view.ts';
import { packMembers } from '../../src/core/policy/members.ts';
import { ipv4 } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { checks } from '../property/checks.ts';
import { changeAtRandom, ENIS, firstWorld } from '../server/sync-worlds.ts';

const HELD = ENIS.slice(0, 4).map((id) => asId<EniId>(id));
const KEEPER: Keeper = { host: 'rack-7', mode: 'tap', holds: { enis: HELD, instances: [] } };

/** What a view says, whatever its revision. */
function plain(view: HostView | undefined): unknown {
  if (view === undefined) return undefined;
  const records = KINDS.map((kind) => [...listRecords(view.world, kind)].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  return { records, members: [...view.members].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

function viewOf(world: World, revision: number): HostView {
  return hostViewOf({ ...world, revision }, HELD);
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-kept-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'state');
}

/** Views that follow each other. */
function viewsOf(random: Random, count: number): readonly HostView[] {
  let world = firstWorld();
  return Array.from({ length: count }, (_, index) => {
    for (let step = 0; step < random.between(1, 4); step += 1) world = changeAtRandom(random, world);
    return viewOf(world, index + 1);
  });
}

function readBack(folder: string): unknown {
  return plain(expectOk(new KeptRules(folder, KEEPER).read()));
}

test('what is read is what was kept last, by this run or the one before', (t) => {
  for (let seed = 0; seed < checks(8); seed += 1) {
    const random = new Random(seed);
    const folder = folderOf(t);
    assert.equal(readBack(folder), undefined);
    let kept = new KeptRules(folder, KEEPER);
    for (const view of viewsOf(random, 30)) {
      if (random.chance(0.2)) {
        kept.close();
        kept = new KeptRules(folder, KEEPER);
      }
      expectOk(kept.keep(view));
      assert.deepEqual(readBack(folder), plain(view));
    }
    kept.close();
    assert.equal(statSync(kept.path).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  }
});

test('a file that ends anywhere after its first whole view has one of the views that were kept', (t) => {
  const folder = folderOf(t);
  const kept = new KeptRules(folder, KEEPER);
  const views = viewsOf(new Random(5), 6);
  const ends: number[] = [];
  for (const view of views) {
    expectOk(kept.keep(view));
    ends.push(statSync(kept.path).size);
  }
  kept.close();
  const whole = readFileSync(kept.path);
  const said = views.map((view) => JSON.stringify(plain(view)));
  for (let length = ends[0] ?? 0; length <= whole.length; length += 7) {
    const last = ends.findLastIndex((end) => end <= length);
    // What was never written may be zeros, or what was there before.
    for (const tail of ['', '\0\0\0\n\0\0', '{"type":"members"\n']) {
      writeFileSync(kept.path, Buffer.concat([whole.subarray(0, length), Buffer.from(tail)]));
      assert.equal(JSON.stringify(readBack(folder)), said[last], `cut at ${length}`);
    }
  }
});

test('a file that is damaged before a view that was whole is not believed, nor one without a view, nor one that others may write', (t) => {
  const folder = folderOf(t);
  const kept = new KeptRules(folder, KEEPER);
  for (const view of viewsOf(new Random(9), 4)) expectOk(kept.keep(view));
  kept.close();
  const read = (): string => {
    const view = new KeptRules(folder, KEEPER).read();
    return view.ok ? 'believed' : view.error;
  };
  const lines = readFileSync(kept.path, 'utf8').split('\n');
  for (const at of lines.keys()) {
    if (at >= lines.length - 2) continue;
    writeFileSync(kept.path, lines.map((line, place) => (place === at ? line.slice(0, -2) : line)).join('\n'));
    assert.match(read(), /is damaged/, `line ${at + 1}`);
  }
  for (const text of ['', '{}\n', `${lines[0]}\n`, lines.slice(0, 3).join('\n')]) {
    writeFileSync(kept.path, text);
    assert.match(read(), /is damaged/);
  }
  writeFileSync(kept.path, lines.join('\n'));
  assert.equal(read(), 'believed');
  chmodSync(kept.path, 0o620);
  assert.match(read(), /others may read or change/);
});

test('another host, or a machine that is another instance, takes nothing for its own', (t) => {
  const folder = folderOf(t);
  const [view] = viewsOf(new Random(2), 1);
  assert.ok(view !== undefined);
  const of = (keeper: Keeper): HostView | undefined => expectOk(new KeptRules(folder, keeper).read());
  expectOk(new KeptRules(folder, KEEPER).keep(view));
  const [, ...fewer] = HELD;
  assert.notEqual(of({ ...KEEPER, holds: { enis: [...fewer, asId('eni-new')], instances: [] } }), undefined);
  assert.equal(of({ ...KEEPER, holds: { enis: [asId('eni-new')], instances: [] } }), undefined);
  assert.equal(of({ ...KEEPER, host: 'rack-8' }), undefined);
  assert.equal(of({ ...KEEPER, mode: 'host', holds: { enis: [], instances: [asId('i-1')] } }), undefined);
  const instance: Keeper = { host: 'rack-7', mode: 'host', holds: { enis: [], instances: [asId('i-1')] } };
  expectOk(new KeptRules(folder, instance).keep(view));
  assert.notEqual(of(instance), undefined);
  assert.equal(of({ ...instance, holds: { enis: [], instances: [asId('i-2')] } }), undefined);
});

test('a file that grew as large again is written anew; one that cannot be written says so, and is once it can', (t) => {
  const folder = folderOf(t);
  const kept = new KeptRules(folder, KEEPER);
  const [view] = viewsOf(new Random(3), 1);
  assert.ok(view !== undefined);
  const addresses = Array.from({ length: 20_000 }, (_, index) => ipv4(0x0a00_0000 + index));
  const crowded = { ...view, members: new Map([[asId<GroupId>('sg-1'), packMembers(addresses, [])]]) };
  let most = 0;
  for (let turn = 0; turn < 30; turn += 1) {
    const next: HostView = { ...(turn % 2 === 0 ? view : crowded), revision: turn };
    expectOk(kept.keep(next));
    assert.deepEqual(readBack(folder), plain(next));
    most = Math.max(most, statSync(kept.path).size);
  }
  assert.ok(most > 1_000_000 && most < 2_500_000, String(most));
  kept.close();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'in the way');
  const failed = kept.keep(view);
  assert.match(failed.ok ? '' : failed.error, /will not have them when it starts anew/);
  rmSync(folder);
  expectOk(kept.keep(view));
  assert.ok(existsSync(kept.path));
  assert.deepEqual(readBack(folder), plain(view));
  kept.close();
});
