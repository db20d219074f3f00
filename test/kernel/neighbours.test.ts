// What guests say of addresses by ARP and neighbour discovery, against the host's own table of neighbours: each lie is one that Linux believes without
// rules and not with them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import type { Kernel } from '../../src/agent/kernel.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { NftKernel } from '../../src/agent/nft-kernel.ts';
import { nftProgram } from '../../src/agent/nft-program.ts';
import { ipv6, parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { type Frame, trace } from '../../src/nft/trace.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { arpBytes, textBytes } from './frame.ts';
import { whyNoKernel } from './namespace.ts';
import { discovery, ethernet, whereabouts } from './odd-frames.ts';
import {
  ALL_NODES,
  ARP,
  AT_HOME,
  BEFORE,
  CHOSEN,
  CLAIM,
  DISCOVERY,
  LOCAL,
  MINE,
  NONCE,
  ROUTER,
  ROUTER6,
  tells,
  THEIRS,
  WIDE_OTHER,
  WIDE_OWN,
  type Case,
  type Options,
  type WideCase,
} from './neighbour-cases.ts';
import { ROUTER_MAC, Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack']);

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
  async function wideBelief({ packet, about, frameMac = MINE, isKnown }: WideCase): Promise<string | undefined> {
    wire.router.run('ip', ['neigh', 'flush', 'dev', 'e0']);
    if (isKnown === true)
      wire.router.run('ip', ['neigh', 'replace', about, 'lladdr', BEFORE, 'dev', 'e0', 'nud', 'stale']);
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
    assert.ok(lies >= 27, `only ${lies} would be believed`);
    for (const [way, kernelOf] of WAYS) {
      wire.router.run('nft', ['flush', 'ruleset']);
      const { view, wiring } = laid();
      const kernel = kernelOf(wire.router.name);
      const enforcer = new Enforcer(kernel, wiring);
      expectOk(await enforcer.enforce(view));
      for (const one of DISCOVERY) assert.equal(await wideBelief(one), one.believed, `${one.name}, by ${way}`);
      assert.deepEqual(expectOk(await enforcer.verify()).commands, [], way);
      kernel.close();
    }
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

/** A packet of neighbour discovery as it comes in by the device of a; undefined where a header stands before the message. */
function frameOf(packet: Buffer, etherSource: string): Frame | undefined {
  if (packet.readUInt8(6) !== 58) return undefined;
  const [source, destination] = [packet.subarray(8, 24), packet.subarray(24, 40)].map((bytes) =>
    ipv6([bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes.readUInt32BE(12)]),
  );
  assert.ok(source !== undefined && destination !== undefined);
  const message = packet.subarray(40);
  const transport = { kind: 'icmpv6', type: message.readUInt8(0), code: message.readUInt8(1) } as const;
  return { iifname: 'e0', etherSource, source, destination, transport, hopLimit: packet.readUInt8(7), message };
}

test('the interpreter lets in of neighbour discovery what the kernel believes', () => {
  const { view, wiring } = laid();
  const { ruleset }: Layout = layout(view, wiring);
  const memory = new Map<string, Set<string>>([...ruleset.sets.keys()].map((name) => [name, new Set()]));
  let count = 0;
  for (const { name, packet, frameMac = MINE, believed, isHeard } of DISCOVERY) {
    const frame = frameOf(packet, frameMac);
    if (frame === undefined) continue;
    const { verdict, updates } = trace(ruleset, 'prerouting', { frame, memory });
    for (const { set, key } of updates) memory.get(set)?.add(key);
    assert.equal(verdict, believed === MINE || isHeard === true ? 'accept' : 'drop', name);
    count += 1;
  }
  assert.ok(count >= 30);
});

test('a guest may say that a link-local address is its own, and of no other', () => {
  const { view, wiring } = laid();
  const { ruleset }: Layout = layout(view, wiring);
  const verdictOf = (target: string): string => {
    const packet = tells(LOCAL, target, whereabouts(2, MINE));
    const frame = frameOf(packet, MINE);
    assert.ok(frame !== undefined);
    return trace(ruleset, 'prerouting', { frame, memory: new Map() }).verdict;
  };
  assert.equal(verdictOf(ROUTER6), 'accept');
  for (const target of ['fe80:ec2::1', 'fec0::1', '2001:db8:0:1::1', WIDE_OTHER, '::1', 'fd00:ec2::254'])
    assert.equal(verdictOf(target), 'drop', target);
});

test('whether an address is taken may be asked of its own addresses, with a nonce or without', () => {
  const { view, wiring } = laid();
  const { ruleset }: Layout = layout(view, wiring);
  const verdictOf = (target: string, ...said: Options): string => {
    const packet = discovery({ from: '::', to: 'ff02::1:ff00:10' }, 135, [[0, 0, 0, 0], textBytes(target), ...said]);
    const frame = frameOf(packet, MINE);
    assert.ok(frame !== undefined);
    return trace(ruleset, 'prerouting', { frame, memory: new Map() }).verdict;
  };
  assert.equal(verdictOf(WIDE_OWN), 'accept');
  assert.equal(verdictOf(WIDE_OWN, NONCE), 'accept');
  assert.equal(verdictOf(CHOSEN, NONCE), 'accept');
  assert.equal(verdictOf(WIDE_OTHER), 'drop');
  assert.equal(verdictOf(WIDE_OTHER, NONCE), 'drop');
  assert.equal(verdictOf('2001:db8:0:1::1'), 'drop', 'the address of the router');
  assert.equal(verdictOf(WIDE_OWN, AT_HOME), 'drop', 'nobody is anywhere yet');
});
