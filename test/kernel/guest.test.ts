// What a guest may try, and what other implementations got wrong: each is a frame that must not arrive, beside one that must.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { listRecords } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { renderAll } from '../../src/nft/render.ts';
import { layout } from '../../src/nft/layout.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES } from './probes.ts';
import { type Sent, Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);
const WEB = { kind: 'tcp', sourcePort: 40_000, destinationPort: 80 } as const satisfies Transport;
const OPEN = ['all 0.0.0.0/0', 'all ::/0'];

type Groups = NonNullable<Compact['groups']>;

/** Two interfaces in one subnet and one in another: e0 is a, e1 is b, e2 is c. */
function worldOf(
  groups: Readonly<Record<'A' | 'B' | 'C', Partial<Groups[string]>>>,
  more: Partial<Compact> = {},
): Compact {
  return {
    vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] } },
    subnets: {
      S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'] },
      S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:0:2::/64'] },
    },
    groups: Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, { vpc: 'V1', ...group }])),
    enis: {
      a: { subnet: 'S1', addresses: ['10.0.1.10', '2001:db8:0:1::10'], groups: ['A'] },
      b: { subnet: 'S1', addresses: ['10.0.1.11', '2001:db8:0:1::11'], groups: ['B'] },
      c: { subnet: 'S2', addresses: ['10.0.2.12', '2001:db8:0:2::12'], groups: ['C'] },
    },
    ...more,
  };
}

type Between = Partial<Omit<Sent, 'source' | 'destination'>> & {
  readonly source: string;
  readonly destination: string;
};

function frame(from: string, to: string, of: Between): Sent {
  const [source, destination] = [of.source, of.destination].map((text) => expectOk(parseAddress(text)));
  assert.ok(source !== undefined && destination !== undefined);
  const mac = `02:00:00:00:00:0${from.slice(1)}`;
  return { tcp: 'syn', transport: WEB, sourceMac: mac, ...of, from, to, source, destination };
}

/** A TCP opening by its ports. */
function opening(destinationPort: number, sourcePort: number): { readonly transport: Transport } {
  return { transport: { kind: 'tcp', sourcePort, destinationPort } };
}

describe('a guest', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire('guest', DEVICES);
  });
  after(() => wire.close());

  /** Puts rules into the router; what it remembers of flows is forgotten unless it goes on. */
  async function enforce(compact: Compact, memory: 'anew' | 'goes on' = 'anew'): Promise<Enforcer> {
    const world = compactWorld(compact);
    const [wiring] = [...plantOf(world).wirings.values()];
    assert.ok(wiring !== undefined);
    const local: Wiring = { ...wiring, fabric: new Set(), stateful: new Set() };
    const enforcer = new Enforcer(new NftKernel(nftProgram({ namespace: wire.router.name })), local);
    expectOk(await enforcer.enforce(hostViewOf(world, local.enis.keys())));
    if (memory === 'anew') wire.forget();
    return enforcer;
  }

  /** Whether each frame arrived. */
  async function arrived(frames: readonly Sent[]): Promise<readonly boolean[]> {
    return (await wire.send(frames)).map((devices) => devices.length > 0);
  }

  test('sends by its own addresses and its own hardware address alone', async () => {
    await enforce(worldOf({ A: { egress: OPEN }, B: {}, C: { ingress: OPEN } }));
    const [destination, wide] = ['10.0.2.12', '2001:db8:0:2::12'];
    assert.deepEqual(
      await arrived([
        frame('e0', 'e2', { source: '10.0.1.10', destination }),
        frame('e0', 'e2', { source: '10.0.1.11', destination }),
        frame('e0', 'e2', { source: '203.0.113.9', destination }),
        frame('e0', 'e2', { source: '169.254.169.254', destination }),
        frame('e0', 'e2', { source: '10.0.1.10', destination, sourceMac: '02:00:00:00:00:01' }),
        frame('e0', 'e2', { source: '2001:db8:0:1::10', destination: wide }),
        frame('e0', 'e2', { source: '2001:db8:0:1::11', destination: wide }),
        frame('e0', 'e2', { source: 'fe80::1', destination: wide }),
        frame('e0', 'e2', { source: '2001:db8:0:1::10', destination: wide, sourceMac: '02:ff:00:00:00:00' }),
      ]),
      [true, false, false, false, false, true, false, false, false],
    );
  });

  test('cannot use the flows of another: a spoofed answer does not pass', async () => {
    await enforce(worldOf({ A: {}, B: {}, C: { ingress: ['tcp/80 10.0.1.10/32'] } }));
    const answer: Transport = { kind: 'tcp', sourcePort: 80, destinationPort: 40_000 };
    assert.deepEqual(
      await arrived([
        frame('e0', 'e2', { source: '10.0.1.10', destination: '10.0.2.12' }),
        frame('e1', 'e0', { source: '10.0.2.12', destination: '10.0.1.10', transport: answer, tcp: 'syn-ack' }),
        frame('e2', 'e0', { source: '10.0.2.12', destination: '10.0.1.10', transport: answer, tcp: 'syn-ack' }),
      ]),
      [true, false, true],
    );
  });

  test('is asked at both ends, whichever interface is older, in one subnet and in two', async () => {
    await enforce(worldOf({ A: {}, B: {}, C: {} }));
    const ends = [
      ['e0', 'e1', '10.0.1.10', '10.0.1.11'],
      ['e1', 'e0', '10.0.1.11', '10.0.1.10'],
      ['e0', 'e2', '10.0.1.10', '10.0.2.12'],
      ['e2', 'e0', '10.0.2.12', '10.0.1.10'],
    ] as const;
    const frames = ends.map(([from, to, source, destination]) => frame(from, to, { source, destination }));
    assert.deepEqual(await arrived(frames), [false, false, false, false]);
    await enforce(worldOf({ A: { ingress: OPEN, egress: [] }, B: { ingress: OPEN }, C: { ingress: OPEN } }));
    // From other ports: a's side remembers the openings that its egress admitted before, as on AWS.
    const others = frames.map((one): Sent => ({ ...one, transport: { ...WEB, sourcePort: 41_000 } }));
    assert.deepEqual(await arrived(others), [false, true, false, true]);
    assert.deepEqual(await arrived(frames), [true, true, true, true]);
  });

  test('meets no IPv4 rule in one for IPv6, for a prefix list or for an empty group', async () => {
    const lists = { prefixLists: { L: { family: 'ipv4', max: 10, entries: ['192.0.2.0/24'] } } } as const;
    for (const rule of ['all ::/0', 'all list:L', 'all group:B'])
      await enforce(worldOf({ A: {}, B: {}, C: { ingress: [rule] } }, lists)).then(async () =>
        assert.deepEqual(
          await arrived([frame('e0', 'e2', { source: '10.0.1.10', destination: '10.0.2.12' })]),
          [false],
          rule,
        ),
      );
  });

  test('keeps what one of two sources allows when the other is revoked', async () => {
    const frames = [
      frame('e0', 'e2', { source: '10.0.1.10', destination: '10.0.2.12' }),
      frame('e1', 'e2', { source: '10.0.1.11', destination: '10.0.2.12' }),
    ];
    await enforce(worldOf({ A: {}, B: {}, C: { ingress: ['tcp/80 10.0.1.10/32', 'tcp/80 10.0.1.11/32'] } }));
    assert.deepEqual(await arrived(frames), [true, true]);
    await enforce(worldOf({ A: {}, B: {}, C: { ingress: ['tcp/80 10.0.1.11/32'] } }));
    assert.deepEqual(await arrived(frames), [false, true]);
  });

  test('goes on far out of sequence where the kernel is told to follow liberally, and else by the rules', async () => {
    const answer: Transport = { kind: 'tcp', sourcePort: 80, destinationPort: 40_000 };
    for (const liberal of [1, 0]) {
      wire.router.run('sysctl', ['-q', '-w', `net.netfilter.nf_conntrack_tcp_be_liberal=${liberal}`]);
      const forth = frame('e0', 'e2', { source: '10.0.1.10', destination: '10.0.2.12' });
      const back = frame('e2', 'e0', { source: '10.0.2.12', destination: '10.0.1.10', transport: answer });
      await enforce(worldOf({ A: {}, B: {}, C: { ingress: ['tcp/80 10.0.1.10/32'] } }));
      const known: readonly Sent[] = [forth, { ...back, tcp: 'syn-ack' }, { ...forth, tcp: 'ack' }];
      assert.deepEqual(await arrived(known), [true, true, true]);
      await enforce(worldOf({ A: {}, B: {}, C: {} }), 'goes on');
      const late: Sent = { ...forth, tcp: 'ack', sequence: 2_000_000_000 };
      assert.deepEqual(await arrived([{ ...forth, tcp: 'ack' }, late]), [true, liberal === 1]);
    }
    wire.router.run('sysctl', ['-q', '-w', 'net.netfilter.nf_conntrack_tcp_be_liberal=1']);
  });

  test('is counted by the rule and the entry that let it pass', async () => {
    const acls = {
      N: {
        vpc: 'V1',
        ingress: ['100 deny tcp/81 0.0.0.0/0', '200 allow all 0.0.0.0/0'],
        egress: ['100 allow all 0.0.0.0/0'],
      },
    };
    const subnets = {
      S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] },
      S2: { vpc: 'V1', cidrs: ['10.0.2.0/24'], acl: 'N' },
    };
    const enis = {
      a: { subnet: 'S1', addresses: ['10.0.1.10'], groups: ['A'] },
      b: { subnet: 'S1', addresses: ['10.0.1.11'], groups: ['B'] },
      c: { subnet: 'S2', addresses: ['10.0.2.12'], groups: ['C'] },
    };
    const compact = worldOf(
      { A: {}, B: {}, C: { ingress: ['tcp/22 10.0.0.0/8', 'tcp/80 10.0.1.10/32', 'tcp/80 group:B'] } },
      { acls, subnets, enis },
    );
    const enforcer = await enforce(compact);
    const [ssh, fromA, fromB] = (
      [...listRecords(compactWorld(compact), 'groups')].find(({ id }) => id === 'C')?.rules ?? []
    )
      .filter(({ direction }) => direction === 'ingress')
      .map(({ id }) => id);
    const [a, b] = [
      { source: '10.0.1.10', destination: '10.0.2.12' },
      { source: '10.0.1.11', destination: '10.0.2.12' },
    ];
    const packets = async (): Promise<(item: string | undefined) => number> => {
      const readings = expectOk(await enforcer.counts());
      return (item) =>
        readings.filter(({ name }) => name?.item === item).reduce((sum, { count }) => sum + count.packets, 0);
    };
    const earlier = await packets();
    await arrived([
      frame('e0', 'e2', { ...a, ...opening(80, 1) }),
      frame('e0', 'e2', { ...a, ...opening(80, 2) }),
      frame('e1', 'e2', { ...b, ...opening(80, 3) }),
      frame('e1', 'e2', { ...b, ...opening(81, 4) }),
      // Of a flow that is tracked already: no rule is asked.
      frame('e0', 'e2', { ...a, ...opening(80, 1) }),
    ]);
    const later = await packets();
    assert.deepEqual(
      [ssh, fromA, fromB].map((id) => later(id) - earlier(id)),
      [0, 2, 1],
    );
    assert.equal(later('ingress/100'), 1);
    assert.equal(later('ingress/200'), 4);
  });

  test('is cut by a NACL in the middle of a flow, which no group overrules; neighbours are not', async () => {
    const open = { A: { ingress: OPEN }, B: { ingress: OPEN }, C: { ingress: OPEN } };
    const frames = [
      frame('e0', 'e2', { source: '10.0.1.10', destination: '10.0.2.12' }),
      frame('e0', 'e1', { source: '10.0.1.10', destination: '10.0.1.11' }),
    ];
    await enforce(worldOf(open));
    assert.deepEqual(await arrived(frames), [true, true]);
    const subnets = {
      S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'], acl: 'N' },
      S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:0:2::/64'] },
    };
    const entries = ['90 allow tcp/80 10.9.0.0/16', '100 deny tcp/0-1023 10.0.0.0/8', '200 allow all 0.0.0.0/0'];
    await enforce(
      worldOf(open, { subnets, acls: { N: { vpc: 'V1', ingress: ['100 allow all 0.0.0.0/0'], egress: entries } } }),
    );
    assert.deepEqual(await arrived(frames), [false, true]);
  });
});

test('what users name things never reaches nft', () => {
  const hostile = 'x"; } flush ruleset; add table inet y { #';
  const compact = worldOf({ A: { name: hostile }, B: {}, C: { ingress: [`tcp/80 group:${hostile}`] } });
  const world = compactWorld({ ...compact, groups: { ...compact.groups, [hostile]: { vpc: 'V1', name: hostile } } });
  const [wiring] = [...plantOf(world).wirings.values()];
  assert.ok(wiring !== undefined);
  const text = [...renderAll(layout(hostViewOf(world, wiring.enis.keys()), wiring).ruleset)].join('\n');
  assert.ok(!text.includes('flush') && !text.includes('#') && !text.includes('inet y'));
});
