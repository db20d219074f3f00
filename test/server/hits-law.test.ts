// What hosts count adds up: kernels that begin anew, agents that do, and reports that are lost never make a sum wrong or smaller.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import type { Reading } from '../../src/agent/counter-names.ts';
import { HitTotals } from '../../src/agent/hit-totals.ts';
import type { Count } from '../../src/nft/listing.ts';
import { HitBook, type ItemsOf } from '../../src/server/sync/hit-book.ts';
import { decodeReport, encodeLine } from '../../src/server/sync/codec.ts';
import type { Counters } from '../../src/server/sync/messages.ts';
import { checks } from '../property/checks.ts';

const RULES = ['sgr-1', 'sgr-2', 'sgr-3'];
const itemsOf: ItemsOf = () => new Set(RULES);

/** A host whose kernel counts by objects, several for a rule, and what an onlooker knows that must have come of it. */
class Host {
  readonly name: string;
  readonly #random: Random;
  #objects = new Map<string, { rule: string; count: Count }>();
  #fresh = 0;
  #runs = 0;
  totals: HitTotals;
  /** Since the last reading, of this run since it first read, and of that what the server was told. */
  readonly unread = new Map<string, number>();
  readonly read = new Map<string, number>();
  readonly told = new Map<string, number>();
  hasRead = false;

  constructor(name: string, random: Random) {
    this.name = name;
    this.#random = random;
    this.totals = new HitTotals(`${name}.0`);
  }

  hit(): void {
    const rule = this.#random.pick(RULES);
    const own = [...this.#objects].filter(([, one]) => one.rule === rule).map(([object]) => object);
    const isNew = own.length === 0 || this.#random.chance(0.1);
    const object = isNew ? `object ${(this.#fresh += 1)}` : this.#random.pick(own);
    const packets = this.#random.between(1, 5);
    const before = this.#objects.get(object)?.count ?? { packets: 0, bytes: 0 };
    this.#objects.set(object, {
      rule,
      count: { packets: before.packets + packets, bytes: before.bytes + 60 * packets },
    });
    this.unread.set(rule, (this.unread.get(rule) ?? 0) + packets);
  }

  /** A combination of groups goes, and its counters with it; what they counted since the last reading is lost. */
  loseObjects(): void {
    this.#objects = new Map();
    this.unread.clear();
  }

  readKernel(now: number): void {
    const readings = [...this.#objects].map(([object, { rule, count }]): Reading => ({
      object,
      name: { kind: 'groups', owner: 'sg-1', item: rule },
      count,
    }));
    this.totals.add(readings, now);
    if (this.hasRead)
      for (const [rule, packets] of this.unread) this.read.set(rule, (this.read.get(rule) ?? 0) + packets);
    this.unread.clear();
    this.hasRead = true;
  }

  restart(): void {
    this.#runs += 1;
    this.totals = new HitTotals(`${this.name}.${this.#runs}`);
    this.read.clear();
    this.told.clear();
    this.hasRead = false;
  }

  /** What a report says, through the wire's own text. */
  counters(maxLength: number): { readonly counters: Counters; readonly arrived: () => boolean } | undefined {
    const untold = this.totals.untold(maxLength);
    if (untold === undefined) return undefined;
    const report = decodeReport(encodeLine({ version: 1, host: this.name, counters: untold.counters }));
    assert.ok(report.ok && report.value.counters !== undefined);
    return { counters: report.value.counters, arrived: () => this.totals.told(untold) };
  }
}

test('sums over hosts are what was read of the kernels, and never go down', () => {
  const seen = { restarts: 0, losses: 0, lost: 0, servers: 0, sums: 0 };
  for (let seed = 0; seed < checks(60); seed += 1) {
    const random = new Random(seed);
    const hosts = ['h1', 'h2', 'h3'].map((name) => new Host(name, random));
    let book = new HitBook();
    const expected = new Map<string, number>();
    let now = 1000;
    const sumOf = (rule: string): number => book.sum('realm', 'groups', { owner: 'sg-1', item: rule })?.packets ?? 0;
    const report = (host: Host): void => {
      for (let more = true; more;) {
        const said = host.counters(random.chance(0.5) ? 250 : 10_000);
        if (said === undefined) return;
        book.take({ realm: 'realm', host: host.name }, said.counters, { now, itemsOf });
        // The server took it, and the agent does not hear of that: it says it again.
        if (random.chance(0.2)) {
          seen.lost += 1;
          book.take({ realm: 'realm', host: host.name }, said.counters, { now, itemsOf });
          continue;
        }
        more = said.arrived();
      }
      for (const [rule, packets] of host.read) {
        expected.set(rule, (expected.get(rule) ?? 0) + packets - (host.told.get(rule) ?? 0));
        host.told.set(rule, packets);
      }
    };
    for (let step = 0; step < 150; step += 1) {
      const host = random.pick(hosts);
      const before = RULES.map(sumOf);
      now += 1;
      const act = random.weighted([
        [10, 'hit'],
        [4, 'read'],
        [3, 'report'],
        [1, 'restart'],
        [1, 'lose'],
        [0.3, 'server'],
      ] as const);
      if (act === 'hit') host.hit();
      if (act === 'read') host.readKernel(now);
      if (act === 'report') report(host);
      if (act === 'restart') host.restart();
      if (act === 'lose') host.loseObjects();
      seen.restarts += act === 'restart' ? 1 : 0;
      seen.losses += act === 'lose' ? 1 : 0;
      if (act === 'server') {
        // A new run of the server knows nothing; agents that live tell it all of their own run.
        seen.servers += 1;
        book = new HitBook();
        expected.clear();
        for (const one of hosts) {
          one.told.clear();
          one.totals.forgetTold();
          report(one);
        }
        continue;
      }
      for (const [index, rule] of RULES.entries()) assert.ok(sumOf(rule) >= (before[index] ?? 0), 'sums never go down');
    }
    for (const host of hosts) report(host);
    for (const rule of RULES) assert.equal(sumOf(rule), expected.get(rule) ?? 0, `seed ${seed} ${rule}`);
    seen.sums += RULES.filter((rule) => sumOf(rule) > 0).length;
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 10, what);
});

const hits = { packets: 5, bytes: 300, lastHit: 40 };
const told = (run: string, more: Partial<Counters> = {}): Counters => ({
  run,
  since: 1,
  asOf: 50,
  groups: { 'sg-1': { 'sgr-1': hits } },
  acls: {},
  ...more,
});
const RULE = { owner: 'sg-1', item: 'sgr-1' };

test('two agents of one name are not taken for one that starts anew each time', () => {
  const book = new HitBook();
  for (let round = 0; round < 10; round += 1)
    book.take({ realm: 'r', host: 'h' }, told(round % 2 === 0 ? 'a' : 'b'), { now: 60, itemsOf });
  assert.equal(book.sum('r', 'groups', RULE)?.packets, 10);
});

test('realms are apart, clocks that run ahead are held back, and what is not there is left out', () => {
  const book = new HitBook();
  const ahead = told('a', {
    asOf: 10_000,
    groups: { 'sg-1': { 'sgr-1': { ...hits, lastHit: 10_000 }, 'sgr-9': hits } },
  });
  book.take({ realm: 'r', host: 'h' }, ahead, { now: 60, itemsOf });
  assert.deepEqual(book.sum('r', 'groups', RULE), { ...hits, lastHit: 60 });
  assert.deepEqual(book.counting('r', 'h'), { since: 1, asOf: 60 });
  assert.equal(book.sum('r', 'groups', { owner: 'sg-1', item: 'sgr-9' }), undefined);
  assert.equal(book.sum('other', 'groups', RULE), undefined);
  assert.equal(book.counting('r', 'g'), undefined);
});

test('a rule that goes takes its sum along; a host that goes leaves its', () => {
  const book = new HitBook();
  book.take({ realm: 'r', host: 'h' }, told('a'), { now: 60, itemsOf });
  book.forgetHost('r', 'h');
  assert.equal(book.counting('r', 'h'), undefined);
  assert.deepEqual(book.sum('r', 'groups', RULE), hits);
  book.prune('r', 'groups', { owner: 'sg-1', items: new Set(['sgr-1']) });
  assert.deepEqual([...book.sums('r', 'groups')], [['sg-1', 'sgr-1', hits]]);
  book.prune('r', 'groups', { owner: 'sg-1', items: new Set(['sgr-2']) });
  assert.deepEqual([...book.sums('r', 'groups')], []);
});

test('memory is bounded, and what was dropped is said', () => {
  const book = new HitBook(2);
  const many = told('a', { groups: { 'sg-1': { 'sgr-1': hits, 'sgr-2': hits, 'sgr-3': hits } } });
  book.take({ realm: 'r', host: 'h' }, many, { now: 60, itemsOf });
  assert.equal(book.dropped, 1);
  assert.equal([...book.sums('r', 'groups')].length, 2);
  book.forgetHost('r', 'h');
  book.take({ realm: 'r', host: 'g' }, many, { now: 60, itemsOf });
  assert.equal(book.dropped, 2, 'the place of a host that went is free again');
});
