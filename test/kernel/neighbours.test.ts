// What guests say of addresses by ARP and neighbour discovery, against the host's own table of neighbours: each lie is one that Linux believes without
// rules and not with them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import type { Kernel } from '../../src/agent/kernel.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Layout } from '../../src/nft/layout.ts';
import { layout } from '../../src/nft/layout.ts';
import { trace } from '../../src/nft/trace.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { type ArpOf, arpBytes, textBytes } from './frame.ts';
import { whyNoKernel } from './namespace.ts';
import { discovery, ethernet, whereabouts } from './odd-frames.ts';
import { ROUTER_MAC, Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);

const [ROUTER, OWN, OTHER, SECOND] = ['10.0.1.1', '10.0.1.10', '10.0.1.11', '10.0.1.20'];
const [MINE, THEIRS, NOBODYS] = ['02:00:00:00:00:00', '02:00:00:00:00:01', '02:00:00:00:00:99'];
const NOWHERE = '00:00:00:00:00:00';

/** Two interfaces in one subnet, the first with a second address: a is e0, b is e1. Groups let everything pass. */
const world = compactWorld({
  vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] } },
  subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'] } },
  groups: { A: { vpc: 'V1', ingress: ['all 0.0.0.0/0', 'all ::/0'] } },
  enis: {
    a: {
      subnet: 'S1',
      addresses: ['10.0.1.10', '10.0.1.20', '2001:db8:0:1::10'],
      groups: ['A'],
      sourceDestCheck: false,
    },
    b: { subnet: 'S1', addresses: ['10.0.1.11', '2001:db8:0:1::11'], groups: ['A'] },
  },
});

type Case = {
  readonly name: string;
  readonly says: Partial<ArpOf>;
  /** Whose neighbour the frame is about, and whether the host is to believe it with rules. */
  readonly about: string;
  readonly believed: boolean;
};

/** Frames of a at its own device. What is not said is the truth. */
const ARP: readonly Case[] = [
  { name: 'asks for the router', says: {}, about: OWN, believed: true },
  { name: 'asks from its second address', says: { sender: SECOND }, about: SECOND, believed: true },
  { name: 'answers', says: { operation: 2 }, about: OWN, believed: true },
  { name: 'tells everybody unasked', says: { operation: 2, target: OWN }, about: OWN, believed: true },
  { name: 'asks in the name of another', says: { sender: OTHER }, about: OTHER, believed: false },
  { name: 'answers for another', says: { sender: OTHER, operation: 2 }, about: OTHER, believed: false },
  {
    name: 'tells everybody unasked of another',
    says: { sender: OTHER, target: OTHER, operation: 2 },
    about: OTHER,
    believed: false,
  },
  {
    name: 'asks for another as that one',
    says: { sender: OTHER, target: OTHER },
    about: OTHER,
    believed: false,
  },
  { name: 'asks in the name of a stranger', says: { sender: '203.0.113.9' }, about: '203.0.113.9', believed: false },
  {
    name: 'asks in the name of a service',
    says: { sender: '169.254.169.254' },
    about: '169.254.169.254',
    believed: false,
  },
  { name: 'says that it is where another is', says: { senderMac: THEIRS }, about: OWN, believed: false },
  { name: 'says that it is where nobody is', says: { senderMac: NOBODYS, operation: 2 }, about: OWN, believed: false },
  { name: 'speaks in the frame of another', says: { frameMac: THEIRS }, about: OWN, believed: false },
  {
    name: 'is another altogether',
    says: { frameMac: THEIRS, senderMac: THEIRS, sender: OTHER },
    about: OTHER,
    believed: false,
  },
];

const CLAIM: ArpOf = {
  frameMac: MINE,
  operation: 1,
  senderMac: MINE,
  sender: OWN,
  targetMac: NOWHERE,
  target: ROUTER,
};

const [WIDE_OWN, WIDE_OTHER, LOCAL] = ['2001:db8:0:1::10', '2001:db8:0:1::11', 'fe80::ff:fe00:0'];
const ALL_NODES = 'ff02::1';
const ROUTER6 = 'fe80::1';

/** The same of neighbour discovery: whose whereabouts the frame tells, and what the host is to believe. */
type WideCase = {
  readonly name: string;
  readonly packet: Buffer;
  readonly frameMac?: string;
  readonly about: string;
  readonly believed: string | undefined;
};

function asks(from: string, mac: string): Buffer {
  return discovery({ from, to: ROUTER6 }, 135, [[0, 0, 0, 0], textBytes(ROUTER6), whereabouts(1, mac)]);
}

/** An advertisement that overrides what was known. */
function tells(from: string, target: string, mac: string): Buffer {
  return discovery({ from, to: ALL_NODES }, 136, [[0x20, 0, 0, 0], textBytes(target), whereabouts(2, mac)]);
}

const DISCOVERY: readonly WideCase[] = [
  { name: 'asks for the router', packet: asks(WIDE_OWN, MINE), about: WIDE_OWN, believed: MINE },
  { name: 'asks from its link-local address', packet: asks(LOCAL, MINE), about: LOCAL, believed: MINE },
  { name: 'asks in the name of another', packet: asks(WIDE_OTHER, MINE), about: WIDE_OTHER, believed: undefined },
  {
    name: 'asks in the name of a stranger',
    packet: asks('2001:db8:9::1', MINE),
    about: '2001:db8:9::1',
    believed: undefined,
  },
  {
    name: 'asks in the frame of another',
    packet: asks(WIDE_OWN, THEIRS),
    frameMac: THEIRS,
    about: WIDE_OWN,
    believed: undefined,
  },
  {
    name: 'is another altogether',
    packet: asks(WIDE_OTHER, THEIRS),
    frameMac: THEIRS,
    about: WIDE_OTHER,
    believed: undefined,
  },
  {
    name: 'tells of another in its name',
    packet: tells(WIDE_OTHER, WIDE_OTHER, MINE),
    about: WIDE_OTHER,
    believed: undefined,
  },
  {
    name: 'tells of another in its own',
    packet: tells(WIDE_OWN, WIDE_OTHER, MINE),
    about: WIDE_OTHER,
    believed: undefined,
  },
  // A limit: it leads frames for itself astray, at its own device, where nobody else is.
  { name: 'says that it is where nobody is', packet: asks(WIDE_OWN, NOBODYS), about: WIDE_OWN, believed: NOBODYS },
];

const WAYS: readonly (readonly [string, (namespace: string) => Kernel])[] = [
  ['netlink', (namespace) => new NetlinkKernel({ namespace })],
  ['the nft program', (namespace) => new NftKernel(nftProgram({ namespace }))],
];

/** What is enforced on the two. */
function laid(): { readonly view: ReturnType<typeof hostViewOf>; readonly wiring: ReturnType<typeof wiringOf> } {
  const wiring = wiringOf();
  return { view: hostViewOf(world, wiring.enis.keys()), wiring };
}

function wiringOf() {
  const [wiring] = [...plantOf(world).wirings.values()];
  assert.ok(wiring !== undefined);
  return { ...wiring, fabric: new Set<string>(), stateful: new Set<string>() };
}

describe('the neighbours of a host', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire('neigh', ['e0', 'e1']);
    const { router } = wire;
    router.run('ip', ['address', 'add', `${ROUTER6}/64`, 'dev', 'e0', 'nodad']);
    // The host is as credulous as Linux can be, and answers for its own address at any device.
    router.run('ip', ['address', 'add', `${ROUTER}/32`, 'dev', 'lo']);
    router.run('ip', ['link', 'set', 'lo', 'up']);
    for (const device of ['all', 'e0', 'e1'])
      router.run('sysctl', ['-q', '-w', `net.ipv4.conf.${device}.arp_accept=1`, `net.ipv4.neigh.e0.locktime=0`]);
  });
  after(() => wire.close());

  /** Where the host believes an address to be, at the device of a, after one frame. */
  async function belief({ says, about }: Case): Promise<string | undefined> {
    wire.router.run('ip', ['neigh', 'flush', 'dev', 'e0']);
    await wire.sendBytes([{ from: 'e0', bytes: arpBytes({ ...CLAIM, ...says }) }]);
    const shown = wire.router.run('ip', ['-j', 'neigh', 'show', 'dev', 'e0']).stdout;
    const known = JSON.parse(shown === '' ? '[]' : shown) as { readonly dst: string; readonly lladdr?: string }[];
    return known.find(({ dst }) => dst === about)?.lladdr;
  }

  test('are whatever anybody says when there are no rules', async () => {
    wire.router.run('nft', ['flush', 'ruleset']);
    for (const one of ARP) assert.equal(await belief(one), one.says.senderMac ?? MINE, one.name);
  });

  /** Where the host believes an address to be after one packet of neighbour discovery. */
  async function wideBelief({ packet, about, frameMac = MINE }: WideCase): Promise<string | undefined> {
    wire.router.run('ip', ['neigh', 'flush', 'dev', 'e0']);
    await wire.sendBytes([{ from: 'e0', bytes: ethernet({ to: ROUTER_MAC, from: frameMac, type: 0x86dd }, packet) }]);
    const shown = wire.router.run('ip', ['-6', '-j', 'neigh', 'show', 'dev', 'e0']).stdout;
    const known = JSON.parse(shown === '' ? '[]' : shown) as { readonly dst: string; readonly lladdr?: string }[];
    return known.find(({ dst }) => dst === about)?.lladdr;
  }

  async function guarded(kernelOf: (namespace: string) => Kernel): Promise<void> {
    wire.router.run('nft', ['flush', 'ruleset']);
    const kernel = kernelOf(wire.router.name);
    const { view, wiring } = laid();
    const enforcer = new Enforcer(kernel, wiring);
    expectOk(await enforcer.enforce(view));
    for (const one of ARP) assert.equal(await belief(one), one.believed ? MINE : undefined, one.name);
    wire.router.run('nft', ['flush', 'chain', 'arp', 'crenel', 'spoof']);
    const lie = ARP.find(({ believed }) => !believed);
    assert.ok(lie !== undefined);
    assert.equal(await belief(lie), MINE, 'somebody took the rules away');
    const drift = expectOk(await enforcer.verify());
    assert.ok(drift.commands.length > 0 && drift.fault === undefined);
    assert.equal(await belief(lie), undefined, 'they are there again');
    wire.router.run('nft', ['delete', 'table', 'arp', 'crenel']);
    assert.ok(expectOk(await enforcer.verify()).commands.length > 0);
    assert.equal(await belief(lie), undefined, 'the table is there again');
    assert.deepEqual(expectOk(await enforcer.verify()).commands, []);
    kernel.close();
  }

  for (const [way, kernelOf] of WAYS) test(`are at their own addresses alone, by ${way}`, () => guarded(kernelOf));

  test('are by neighbour discovery what anybody asks as when there are no rules, and with them what interfaces are', async () => {
    wire.router.run('nft', ['flush', 'ruleset']);
    let lies = 0;
    for (const one of DISCOVERY) if ((await wideBelief(one)) !== one.believed) lies += 1;
    assert.ok(lies >= 4, `only ${lies} would be believed`);
    const { view, wiring } = laid();
    const kernel = new NetlinkKernel({ namespace: wire.router.name });
    expectOk(await new Enforcer(kernel, wiring).enforce(view));
    kernel.close();
    for (const one of DISCOVERY) assert.equal(await wideBelief(one), one.believed, one.name);
  });

  test('make no routes of their own', async () => {
    const { router } = wire;
    const routes = (): string => router.run('ip', ['-6', 'route', 'show', 'default']).stdout;
    router.run('sysctl', ['-q', '-w', 'net.ipv6.conf.e0.accept_ra=2']);
    const lifetime = [64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    const announces = discovery({ from: LOCAL, to: ALL_NODES }, 134, [lifetime, whereabouts(1, MINE)]);
    const bytes = ethernet({ to: '33:33:00:00:00:01', from: MINE, type: 0x86dd }, announces);
    router.run('nft', ['flush', 'ruleset']);
    await wire.sendBytes([{ from: 'e0', bytes }]);
    assert.match(routes(), /fe80::ff:fe00:0/u, 'believed without rules');
    router.run('ip', ['-6', 'route', 'flush', 'default']);
    router.run('ip', ['-6', 'route', 'delete', 'default']);
    const { view, wiring } = laid();
    const kernel = new NetlinkKernel({ namespace: router.name });
    expectOk(await new Enforcer(kernel, wiring).enforce(view));
    kernel.close();
    await wire.sendBytes([{ from: 'e0', bytes }]);
    assert.doesNotMatch(routes(), /fe80::ff:fe00:0/u);
  });

  test('a question from no address is let through, with its own hardware address', async () => {
    const { view, wiring } = laid();
    const kernel = new NetlinkKernel({ namespace: wire.router.name });
    expectOk(await new Enforcer(kernel, wiring).enforce(view));
    kernel.close();
    const answers = async (senderMac: string): Promise<number> => {
      const probe = arpBytes({ ...CLAIM, sender: '0.0.0.0', senderMac });
      const caught = await wire.sendBytes([{ from: 'e0', bytes: probe }]);
      return caught.filter(({ device, bytes }) => device === 'e0' && bytes.readUInt16BE(12) === 0x0806).length;
    };
    assert.equal(await answers(MINE), 1);
    assert.equal(await answers(THEIRS), 0);
  });
});

test('the interpreter believes what the kernel believes', () => {
  const { view, wiring } = laid();
  const { ruleset }: Layout = layout(view, wiring);
  for (const { name, says, believed } of ARP) {
    const { frameMac, senderMac, sender } = { ...CLAIM, ...says };
    const frame = { iifname: 'e0', etherSource: frameMac, senderMac, sender: expectOk(parseAddress(sender)) };
    const { verdict } = trace(ruleset, 'input', { frame, memory: new Map() });
    assert.equal(verdict, believed ? 'accept' : 'drop', name);
    assert.equal(
      trace(ruleset, 'input', { frame: { ...frame, iifname: 'eth9' }, memory: new Map() }).verdict,
      'accept',
    );
  }
});
