// What is told to the kernel by netlink is what nft would have told it, and what is read by netlink is what nft reads: the two judge each other.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { ipv4, ipv6 } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { packMembers } from '../../src/core/policy/members.ts';
import { piecesOf, type Transaction } from '../../src/nft/command.ts';
import { delta } from '../../src/nft/delta.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { type Listing, listingOf, NOTHING } from '../../src/nft/listing.ts';
import { NO_NUMBERS, type Numbering } from '../../src/nft/plan.ts';
import { renderAll } from '../../src/nft/render.ts';
import type { NftSet } from '../../src/nft/ruleset.ts';
import { undoLines } from '../../src/nft/undo.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { Random } from '../../bench/random.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { longAclWorld } from '../nft/long-acls.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { until } from '../server/listener.ts';
import { comparable } from '../nft/comparable.ts';
import { Namespace, whyNoKernel } from './namespace.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'perl']);

/** The layout of one VPC of a random world, every fifth with a long NACL; some interfaces with timeouts of their own. */
function layoutOf(seed: number, mode: Wiring['mode'], numbering: Numbering): Layout | undefined {
  const isLong = seed % 5 === 1;
  const compact = isLong ? longAclWorld(seed).compact : seed % 3 === 0 ? wornWorld(seed) : randomWorld(seed);
  const world = compactWorld(compact);
  const [wiring] = [...plantOf(world).wirings.values()];
  if (wiring === undefined) return undefined;
  const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
  const local: Wiring = { ...wiring, mode, enis: new Map([...wiring.enis].slice(0, 1)), natGateways: new Map() };
  return layout(view, mode === 'local' ? local : wiring, numbering);
}

/** A set with so many random addresses. */
function membersOf(name: string, family: 'ipv4' | 'ipv6', count: number): NftSet {
  const random = new Random(count);
  const word = (): number => random.below(2 ** 32);
  const addresses = Array.from({ length: count }, () =>
    family === 'ipv4' ? ipv4(word()) : ipv6([word(), word(), word(), word()]),
  );
  const words = packMembers(addresses, [])[family];
  return { name, key: [`${family}_addr`], isInterval: false, content: { kind: 'packed', family, words } };
}

/** The program that passes bytes on for a kernel, which is asked until it answers. */
async function relayOf(kernel: NetlinkKernel): Promise<number> {
  await until(async () => (await kernel.reach()).ok);
  const { stdout } = spawnSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,comm='], { encoding: 'utf8' });
  const [, pid] = /(\d+) perl/u.exec(stdout) ?? [];
  assert.ok(pid !== undefined);
  return Number(pid);
}

describe('rules by netlink', { skip: WHY_NOT ?? false }, () => {
  let namespace: Namespace;
  let kernel: NetlinkKernel;
  before(() => {
    namespace = new Namespace('netlink');
    kernel = new NetlinkKernel({ namespace: namespace.name });
  });
  after(() => {
    kernel.close();
    namespace.close();
  });

  function readByNft(): Listing {
    return namespace.listing();
  }

  async function read({ ruleset }: Layout): Promise<Listing> {
    return expectOk(await kernel.read(() => ruleset)).listing;
  }

  async function apply(transactions: readonly Transaction[]): Promise<void> {
    for (const transaction of transactions)
      for (const piece of piecesOf(transaction, 500)) expectOk(await kernel.apply(piece));
  }

  async function follow(mode: Wiring['mode']): Promise<void> {
    namespace.run('nft', ['flush', 'ruleset']);
    let [known, numbering] = [NOTHING, NO_NUMBERS];
    for (let seed = 0; seed < checks(40); seed += 1) {
      const made = layoutOf(seed, mode, numbering);
      if (made === undefined) continue;
      numbering = made.numbering;
      await apply(delta(known, made.ruleset).transactions);
      assert.deepEqual(comparable(readByNft()), comparable(listingOf(made.ruleset)), `seed ${seed}, read by nft`);
      known = await read(made);
      assert.deepEqual(comparable(known), comparable(listingOf(made.ruleset)), `seed ${seed}`);
      assert.ok(await kernel.isUntouched());
    }
  }

  test('are what nft reads, from one world to the next', () => follow('forward'));
  test('so they are where the machine is the instance', () => follow('local'));

  test('are read as written when nft wrote them', async () => {
    for (let seed = 0; seed < checks(40); seed += 1) {
      const made = layoutOf(seed, seed % 4 === 0 ? 'local' : 'forward', NO_NUMBERS);
      if (made === undefined) continue;
      const lines = [...undoLines(NOTHING), ...renderAll(made.ruleset)];
      assert.equal(namespace.run('nft', ['-f', '-'], `${lines.join('\n')}\n`).status, 0);
      assert.ok(!(await kernel.isUntouched()), 'somebody else was here');
      assert.deepEqual(comparable(await read(made)), comparable(listingOf(made.ruleset)), `seed ${seed}`);
    }
  });

  test('are strangers when they are not ours, and go', async () => {
    const made = layoutOf(1, 'forward', NO_NUMBERS);
    assert.ok(made !== undefined);
    const start = [...made.ruleset.chains.keys()].find((name) => name.startsWith('start.e4')) ?? '';
    for (const foreign of [
      `insert rule inet crenel ${start} ip saddr 0.0.0.0/0 accept`,
      `add rule inet crenel ${start} meta mark set 7`,
      `insert rule inet crenel ${start} iifname @interfaces`,
      `insert rule inet crenel ${start} iifname { "e0", "e1" } accept`,
      'add rule inet crenel egress tcp dport 22 log prefix "x" limit rate 3/second accept',
      'add chain inet crenel mine',
      'add chain inet crenel base { type filter hook forward priority -300; policy accept; }',
      'add set inet crenel theirs { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }',
      'add element inet crenel outside { "eth9" }',
      'delete element inet crenel interfaces { "e0" }',
      `flush chain inet crenel ${start}`,
      'flush map inet crenel e4',
      'insert rule arp crenel spoof accept',
      'add chain arp crenel ingress { type filter hook output priority 0; policy drop; }',
      'add set arp crenel own6 { type ipv6_addr; }',
      'delete element arp crenel interfaces { "e0" }',
      'flush chain arp crenel spoof',
      'delete table arp crenel',
    ]) {
      namespace.run('nft', ['flush', 'ruleset']);
      await apply(delta(NOTHING, made.ruleset).transactions);
      await read(made);
      const done = namespace.run('nft', [foreign]);
      assert.equal(done.status, 0, `${foreign}: ${done.stderr}`);
      assert.ok(!(await kernel.isUntouched()), foreign);
      const { transactions, isWhole } = delta(await read(made), made.ruleset);
      assert.ok(transactions.length > 0 && !isWhole, foreign);
      await apply(transactions);
      assert.deepEqual(comparable(readByNft()), comparable(listingOf(made.ruleset)), foreign);
    }
  });

  test('hold members by the hundred thousand, of both families', async () => {
    const sets = [
      membersOf('narrow', 'ipv4', 100_000),
      membersOf('wide', 'ipv6', 50_000),
      membersOf('none', 'ipv6', 0),
    ];
    const ruleset = { chains: new Map(), sets: new Map(sets.map((set) => [set.name, set])), timeouts: new Map() };
    namespace.run('nft', ['flush', 'ruleset']);
    await apply(delta(NOTHING, ruleset).transactions);
    const { listing } = expectOk(await kernel.read(() => ruleset));
    // A difference of so many elements is not to be printed.
    assert.ok(isDeepStrictEqual(comparable(listing), comparable(listingOf(ruleset))));
    const listed = namespace.run('nft', ['list', 'set', 'inet', 'crenel', 'wide']).stdout;
    assert.equal(listed.match(/[0-9a-f]+:[0-9a-f:]+/gu)?.length, 50_000);
  });

  test('are refused with a word of what is wrong, and whole', async () => {
    const made = layoutOf(2, 'forward', NO_NUMBERS);
    assert.ok(made !== undefined);
    namespace.run('nft', ['flush', 'ruleset']);
    await apply(delta(NOTHING, made.ruleset).transactions);
    await read(made);
    const refused = await kernel.apply([
      { kind: 'add-chain', chain: { name: 'fresh', rules: [] } },
      { kind: 'delete-chain', name: 'nowhere' },
    ]);
    assert.ok(!refused.ok && refused.error.kind === 'failed');
    assert.match(refused.error.message, /delete chain nowhere with error 2$/u);
    assert.ok(!(await kernel.isUntouched()), 'after a fault nothing is taken for known');
    assert.deepEqual(comparable(await read(made)), comparable(listingOf(made.ruleset)));
  });

  test('change though somebody else is changing rules too', async () => {
    const made = layoutOf(2, 'forward', NO_NUMBERS);
    assert.ok(made !== undefined);
    await read(made);
    assert.ok(await kernel.isUntouched());
    namespace.run('nft', ['add table inet other']);
    await apply([{ commands: [{ kind: 'add-chain', chain: { name: 'fresh', rules: [] } }], isHidden: false }]);
    assert.ok(readByNft().chains.has('fresh'));
    assert.ok(!(await kernel.isUntouched()), 'what the other one did is not known');
  });

  test('are the old or the new ones when the program between is killed', async () => {
    const random = new Random(11);
    const layouts = [1, 2, 4, 5].map((seed) => layoutOf(seed, 'forward', NO_NUMBERS));
    let known = readByNft();
    let kept = 0;
    const kills = checks(100);
    for (let kill = 0; kill < kills; kill += 1) {
      const next = layouts[kill % layouts.length];
      assert.ok(next !== undefined);
      const [first, ...rest] = delta(known, next.ruleset).transactions;
      if (first === undefined) continue;
      const relay = await relayOf(kernel);
      const applying = kernel.apply(first.commands);
      await sleep(random.between(0, 2));
      process.kill(relay, 'SIGKILL');
      await applying;
      known = readByNft();
      const left = delta(known, next.ruleset).transactions;
      assert.ok(
        [[first, ...rest], rest].some((some) => isDeepStrictEqual(some, left)),
        `kill ${kill}`,
      );
      if (left.length > rest.length) kept += 1;
    }
    assert.ok(kept < kills, 'no change came through');
  });
});
