// Whoever gets the address of an interface that went inherits nothing of it, and nobody else loses anything.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import type { Kernel } from '../../src/agent/kernel.ts';
import { kernelOf } from '../../src/agent/kernel-choice.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import { asId, type EniId } from '../../src/core/model/ids.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Attachment } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import type { CompactEni } from '../compact-format.ts';
import { whyNoKernel } from './namespace.ts';
import { DEVICES } from './probes.ts';
import { type Sent, Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);
const OPEN = ['all 0.0.0.0/0', 'all ::/0'];

/** Where interfaces hang: `heir` has the addresses of `b`, on b's device or on one of its own. */
const HANGS: Readonly<Record<string, string>> = {
  a: 'e0',
  b: 'e1',
  heir: 'e1',
  elsewhere: 'e2',
  c: 'e3',
  appliance: 'e4',
  another: 'e4',
};
const OF_B = ['10.0.2.20', '2001:db8:0:2::20'];

const APPLIANCE: CompactEni = {
  subnet: 'S2',
  addresses: ['10.0.2.40', '2001:db8:0:2::40'],
  groups: ['H'],
  sourceDestCheck: false,
};

const ENIS: Readonly<Record<string, CompactEni>> = {
  a: { subnet: 'S1', addresses: ['10.0.1.10', '2001:db8:0:1::10'], groups: ['A'] },
  b: { subnet: 'S2', addresses: OF_B, groups: ['B'] },
  heir: { subnet: 'S2', addresses: OF_B, groups: ['H'] },
  elsewhere: { subnet: 'S2', addresses: OF_B, groups: ['H'] },
  c: { subnet: 'S2', addresses: ['10.0.2.30', '2001:db8:0:2::30'], groups: ['C'] },
  appliance: APPLIANCE,
  another: APPLIANCE,
};

type Rules = { readonly ingress?: readonly string[]; readonly egress?: readonly string[] };

/** What was sent, by names of interfaces; b's addresses belong to whoever has them now. */
type Packet = {
  readonly from: string;
  readonly to: string;
  readonly over: 'tcp' | 'udp' | 'gre';
  /** The answering end's port is 80. */
  readonly isAnswer?: boolean;
  readonly flags?: Sent['tcp'];
  readonly port?: number;
};

describe('the heir of an address', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  let kernel: Kernel;
  let enforcer: Enforcer;
  before(async () => {
    wire = new Wire('heir', DEVICES);
    kernel = await kernelOf(nftProgram({ namespace: wire.router.name }), { mode: 'tap', namespace: wire.router.name });
  });
  after(() => {
    kernel.close();
    wire.close();
  });
  beforeEach(() => {
    wire.router.run('nft', ['flush', 'ruleset']);
    wire.forget();
    enforcer = begun();
  });

  /** An agent that begins, and knows what the kernel tells it. */
  function begun(): Enforcer {
    const wiring = {
      mode: 'forward',
      enis: new Map(),
      fabric: new Set<string>(),
      stateful: new Set<string>(),
    } as const;
    return new Enforcer(kernel, { ...wiring, natGateways: new Map() });
  }

  /** Puts rules in force: the interfaces that are there, and what groups let pass. */
  async function enforce(names: readonly string[], groups: Readonly<Record<string, Rules>> = {}): Promise<void> {
    const none: Rules = { ingress: [], egress: [] };
    const all: Readonly<Record<string, Rules>> = { A: { egress: OPEN }, B: none, C: none, H: none, ...groups };
    const world = compactWorld({
      vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] } },
      subnets: {
        S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'] },
        S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:0:2::/64'] },
      },
      groups: Object.fromEntries(Object.entries(all).map(([name, group]) => [name, { vpc: 'V1', ...group }])),
      enis: Object.fromEntries(Object.entries(ENIS).filter(([name]) => names.includes(name))),
    });
    const enis = new Map(names.map((name): [EniId, Attachment] => [asId(name), attachmentOf(name)]));
    const wiring = {
      mode: 'forward',
      fabric: new Set<string>(),
      stateful: new Set<string>(),
      natGateways: new Map(),
    } as const;
    expectOk(await enforcer.enforce(hostViewOf(world, enis.keys()), { ...wiring, enis }));
  }

  /** Whether packets arrive, in IPv4 and in IPv6; both have to be told the same. */
  async function arrive(...packets: readonly Packet[]): Promise<readonly boolean[]> {
    const [narrow, wide] = [await sent(packets, 0), await sent(packets, 1)];
    assert.deepEqual(wide, narrow, 'IPv6 and IPv4 differ');
    return narrow;
  }

  async function sent(packets: readonly Packet[], family: 0 | 1): Promise<readonly boolean[]> {
    return (await wire.send(packets.map((packet) => frameOf(packet, family)))).map((devices) => devices.length > 0);
  }

  /** Whether an appliance gets a packet of somebody else through to a. */
  async function forwards(tcp: Sent['tcp'], by: string): Promise<boolean> {
    return (await wire.send([forwarded(tcp, by)]))[0]?.length === 1;
  }

  /** Ways in which b goes and its heir comes. */
  const ways = {
    'on the same device, in one step': async () => await enforce(['a', 'heir', 'c']),
    'on another device, in one step': async () => await enforce(['a', 'elsewhere', 'c']),
    'on the same device, later': async () => {
      await enforce(['a', 'c']);
      await enforce(['a', 'heir', 'c']);
    },
    'on another device, later, and the agent began anew in between': async () => {
      await enforce(['a', 'c']);
      enforcer = begun();
      await enforce(['a', 'elsewhere', 'c']);
    },
    'on the same device, before an agent that began anew': async () => {
      enforcer = begun();
      await enforce(['a', 'heir', 'c']);
    },
  };

  for (const [way, hand] of Object.entries(ways))
    test(`has none of its flows: ${way}`, async () => {
      const heir = way.includes('another') ? 'elsewhere' : 'heir';
      const toAll = {
        ingress: [
          'tcp/80 0.0.0.0/0',
          'tcp/80 ::/0',
          'udp/80 0.0.0.0/0',
          'udp/80 ::/0',
          'protocol/47 0.0.0.0/0',
          'protocol/47 ::/0',
        ],
      };
      await enforce(['a', 'b', 'c'], { B: { ...toAll, egress: [] }, C: { ...toAll, egress: [] } });
      const open = (['tcp', 'udp', 'gre'] as const).flatMap((over): readonly Packet[] => [
        { from: 'a', to: 'b', over },
        { from: 'b', to: 'a', over, isAnswer: true, flags: 'syn-ack' },
        { from: 'a', to: 'c', over },
        { from: 'c', to: 'a', over, isAnswer: true, flags: 'syn-ack' },
      ]);
      assert.deepEqual(
        await arrive(...open),
        open.map(() => true),
      );
      await hand();
      const later = open.map(({ from, to, ...rest }): Packet => ({
        ...rest,
        from: from === 'b' ? heir : from,
        to: to === 'b' ? heir : to,
        flags: 'ack',
      }));
      // What is between a and c outlives the rules; what was between a and b is the heir's neither way.
      assert.deepEqual(
        await arrive(...later),
        later.map(({ from, to }) => ![from, to].includes(heir)),
      );
      assert.deepEqual(
        await arrive(...later),
        later.map(({ from, to }) => ![from, to].includes(heir)),
        'nor later',
      );
    });

  test('has flows of its own, though others had the same ones before', async () => {
    const open = { ingress: ['tcp/80 0.0.0.0/0', 'tcp/80 ::/0'], egress: [] };
    const there: Packet = { from: 'a', to: 'b', over: 'tcp' };
    const back: Packet = { from: 'b', to: 'a', over: 'tcp', isAnswer: true, flags: 'syn-ack' };
    await enforce(['a', 'b'], { B: open });
    assert.deepEqual(await arrive(there, back), [true, true]);
    await enforce(['a', 'heir'], { H: open });
    assert.deepEqual(await arrive({ ...back, flags: 'ack' }, there, back), [false, true, true]);
    // They outlive their rules, and another address that goes.
    await enforce(['a', 'heir', 'c']);
    await enforce(['a', 'heir']);
    assert.deepEqual(await arrive({ ...there, flags: 'ack' }, { ...back, flags: 'ack' }), [true, true]);
  });

  test('answers nobody whom the one before it had asked', async () => {
    const ask: Packet = { from: 'b', to: 'c', over: 'tcp' };
    const mirrored: Packet = { from: 'c', to: 'b', over: 'tcp', isAnswer: true, flags: 'syn' };
    const open = { C: { egress: OPEN, ingress: [] } };
    await enforce(['b', 'c'], { ...open, B: { egress: OPEN, ingress: [] } });
    assert.deepEqual(await arrive(ask, mirrored), [false, true], 'b itself remembers what it asked in vain');
    assert.deepEqual(await arrive({ ...ask, port: 1001 }), [false]);
    await enforce(['heir', 'c'], { ...open, H: { egress: OPEN, ingress: [] } });
    assert.deepEqual(await arrive({ ...mirrored, port: 1001 }), [false]);
  });

  test('of an appliance forwards nothing that it had forwarded', async () => {
    const open = { egress: OPEN, ingress: OPEN };
    await enforce(['a', 'appliance'], { H: { egress: ['tcp/80 10.0.1.10/32'], ingress: [] }, A: open });
    assert.equal(await forwards('syn', 'appliance'), true);
    await enforce(['a', 'appliance'], { A: open });
    assert.equal(await forwards('ack', 'appliance'), true, 'the appliance remembers');
    await enforce(['a', 'another'], { A: open });
    assert.equal(await forwards('ack', 'another'), false);
  });
});

function attachmentOf(name: string): Attachment {
  const device = HANGS[name] ?? '';
  return { device, mac: `02:00:00:00:00:0${device.slice(1)}` };
}

function frameOf({ from, to, over, isAnswer = false, flags = 'syn', port = 1000 }: Packet, family: 0 | 1): Sent {
  const [source, destination] = [from, to].map((name) => expectOk(parseAddress(ENIS[name]?.addresses?.[family] ?? '')));
  assert.ok(source !== undefined && destination !== undefined);
  const [sourcePort, destinationPort] = isAnswer ? [80, port] : [port, 80];
  const transport: Transport =
    over === 'gre' ? { kind: 'protocol', protocol: 47 } : { kind: over, sourcePort, destinationPort };
  const { device, mac } = attachmentOf(from);
  return { from: device, to: attachmentOf(to).device, source, destination, transport, tcp: flags, sourceMac: mac };
}

/** What an appliance sends to a for somebody else. */
function forwarded(tcp: Sent['tcp'], from: string): Sent {
  const frame = frameOf({ from, to: 'a', over: 'tcp', flags: tcp }, 0);
  return { ...frame, source: expectOk(parseAddress('198.51.100.7')) };
}
