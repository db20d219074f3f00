// What the kernel counted belongs to the rules that let it pass, also when rules, interfaces, tables and agents come and go.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { HitTotals } from '../../src/agent/hit-totals.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES } from './probes.ts';
import { type Sent, Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);

/** a (e0) and b (e1) send to c (e2); c's groups and its subnet's NACL are to be said. */
function worldOf(groups: Record<string, readonly string[]>, more: { readonly c: readonly string[] }): World {
  const compact: Compact = {
    vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
    subnets: {
      S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] },
      S2: { vpc: 'V1', cidrs: ['10.0.2.0/24'], acl: 'N' },
    },
    acls: {
      N: {
        vpc: 'V1',
        ingress: ['100 deny tcp/81 0.0.0.0/0', '200 allow all 0.0.0.0/0'],
        egress: ['9 allow all 0.0.0.0/0'],
      },
    },
    groups: Object.fromEntries(
      Object.entries({ A: [], ...groups }).map(([name, ingress]) => [name, { vpc: 'V1', ingress }]),
    ),
    enis: {
      a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'] },
      b: { subnet: 'S1', addresses: ['10.0.1.11'], groups: more.c.includes('B') ? ['B'] : ['A'] },
      c: { subnet: 'S2', addresses: ['10.0.2.12'], groups: more.c },
    },
  };
  return compactWorld(compact);
}

function localWiring(world: World): Wiring {
  const [wiring] = [...plantOf(world).wirings.values()];
  assert.ok(wiring !== undefined);
  return { ...wiring, fabric: new Set(), stateful: new Set() };
}

function opening(from: 'e0' | 'e1', destinationPort: number, sourcePort: number, to = 'e2'): Sent {
  const [source, destination] = [from === 'e0' ? '10.0.1.10' : '10.0.1.11', to === 'e2' ? '10.0.2.12' : '10.0.1.11'];
  return {
    from,
    to,
    tcp: 'syn',
    sourceMac: `02:00:00:00:00:0${from.slice(1)}`,
    source: expectOk(parseAddress(source)),
    destination: expectOk(parseAddress(destination)),
    transport: { kind: 'tcp', sourcePort, destinationPort },
  };
}

function ruleOf(world: World, group: string, place: number): string {
  const rules = [...listRecords(world, 'groups')].find(({ id }) => id === group)?.rules ?? [];
  return rules.filter(({ direction }) => direction === 'ingress')[place]?.id ?? assert.fail('no such rule');
}

describe('hits', { skip: WHY_NOT ?? false, timeout: 60_000 }, () => {
  let wire: Wire;
  let port = 1000;
  before(() => {
    wire = new Wire('hits', DEVICES);
  });
  after(() => wire.close());

  /** An agent without a server: what it enforces, and what it would tell. */
  class Counting {
    readonly totals = new HitTotals('run');
    #enforcer: Enforcer | undefined;
    #wiring: Wiring | undefined;

    async enforce(world: World): Promise<void> {
      this.#wiring ??= localWiring(world);
      this.#enforcer ??= new Enforcer(new NftKernel(nftProgram({ namespace: wire.router.name })), this.#wiring);
      expectOk(await this.#enforcer.enforce(hostViewOf(world, this.#wiring.enis.keys())));
    }

    async read(): Promise<Readonly<Record<string, number>>> {
      assert.ok(this.#enforcer !== undefined);
      this.totals.add(expectOk(await this.#enforcer.counts()), Date.now());
      return this.told();
    }

    async verify(): Promise<Readonly<Record<string, number>>> {
      assert.ok(this.#enforcer !== undefined);
      this.totals.add(expectOk(await this.#enforcer.verify()).readings, Date.now());
      return this.told();
    }

    told(): Readonly<Record<string, number>> {
      this.totals.forgetTold();
      const { groups = {}, acls = {} } = this.totals.untold(100_000)?.counters ?? {};
      const items = [groups['B'], groups['C'], acls['N']].flatMap((one) => Object.entries(one ?? {}));
      return Object.fromEntries(items.map(([item, { packets }]) => [item, packets]));
    }
  }

  async function open(from: 'e0' | 'e1', destinationPort: number, times = 1): Promise<void> {
    const frames = Array.from({ length: times }, () => opening(from, destinationPort, (port += 1)));
    const arrived = await wire.send(frames);
    assert.ok(arrived.every((devices) => devices.length > 0) || destinationPort === 81);
  }

  test('an agent that starts anew does not take for its own what others counted before it', async () => {
    const [old, now] = [
      worldOf({ C: ['tcp/22 10.0.0.0/8', 'tcp/80 10.0.1.10/32'] }, { c: ['C'] }),
      worldOf({ C: ['tcp/80 10.0.1.0/24'] }, { c: ['C'] }),
    ];
    const first = new Counting();
    await first.enforce(old);
    await first.read();
    await open('e0', 80, 3);
    assert.deepEqual(await first.read(), { [ruleOf(old, 'C', 1)]: 3, 'ingress/200': 3 });
    const second = new Counting();
    await second.enforce(now);
    assert.deepEqual(await second.read(), {});
    await open('e1', 80, 2);
    await open('e1', 81, 4);
    assert.deepEqual(await second.read(), { [ruleOf(now, 'C', 0)]: 2, 'ingress/200': 2, 'ingress/100': 4 });
    const listed = wire.router.run('nft', ['-j', 'list', 'set', 'inet', 'crenel', 'hits']).stdout;
    assert.equal(
      listed.match(/"counter": \{/gu)?.length,
      2,
      'only those of the classes that are left: egress of a and b, ingress of c',
    );
  });

  test('a rule of two interfaces is counted once, whichever of them goes', async () => {
    const both = worldOf({ B: ['tcp/80 10.0.0.0/8'], D: [] }, { c: ['B', 'D'] });
    const one = worldOf({ B: ['tcp/80 10.0.0.0/8'], D: [] }, { c: ['D'] });
    const rule = ruleOf(both, 'B', 0);
    const counting = new Counting();
    await counting.enforce(both);
    await counting.read();
    await open('e0', 80, 3);
    await wire.send([opening('e0', 80, (port += 1), 'e1'), opening('e0', 80, (port += 1), 'e1')]);
    assert.equal((await counting.read())[rule], 5);
    // What came between the last reading and the change is counted too.
    await open('e0', 80, 1);
    await counting.enforce(one);
    assert.equal((await counting.read())[rule], 6);
    assert.equal((await counting.read())[rule], 6);
    await counting.enforce(both);
    await open('e0', 80, 2);
    assert.equal((await counting.read())[rule], 8);
  });

  test('a table that somebody took away counts on', async () => {
    const world = worldOf({ C: ['tcp/80 10.0.0.0/8'] }, { c: ['C'] });
    const rule = ruleOf(world, 'C', 0);
    const counting = new Counting();
    await counting.enforce(world);
    await counting.read();
    await open('e0', 80, 2);
    assert.deepEqual(await counting.verify(), { [rule]: 2, 'ingress/200': 2 });
    wire.router.run('nft', ['delete', 'table', 'inet', 'crenel']);
    await counting.verify();
    await open('e0', 80, 3);
    assert.deepEqual(await counting.verify(), { [rule]: 5, 'ingress/200': 5 });
  });
});
