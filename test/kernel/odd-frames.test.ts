// A guest with root sends frames that no ordinary stack sends. None gets where an ordinary one would not, nor to what the host has for itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Enforcer } from '../../src/agent/enforcer.ts';
import { NetlinkKernel } from '../../src/agent/netlink-kernel.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { compactWorld } from '../compact.ts';
import { plantOf } from '../nft/legs.ts';
import { trailer } from './frame.ts';
import { whyNoKernel } from './namespace.ts';
import { A, A6, B, B6, C, C6, HOST, HOST6, ODD_CASES, type OddCase, type Reached } from './odd-cases.ts';
import { Wire } from './wire.ts';

const WHY_NOT = whyNoKernel(['nft', 'ip', 'python3', 'conntrack', 'sysctl']);

const world = compactWorld({
  vpcs: { V1: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] } },
  subnets: {
    S1: { vpc: 'V1', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'] },
    S2: { vpc: 'V1', cidrs: ['10.0.2.0/24', '2001:db8:0:2::/64'] },
  },
  groups: {
    A: { vpc: 'V1', egress: [`tcp/80 ${B}/32`, `tcp/80 ${B6}/128`] },
    B: { vpc: 'V1', ingress: ['tcp/80 group:A'], egress: [] },
    C: { vpc: 'V1', ingress: ['all 0.0.0.0/0', 'all ::/0'], egress: [] },
  },
  enis: {
    a: { subnet: 'S1', addresses: [A, A6], groups: ['A'] },
    b: { subnet: 'S1', addresses: [B, B6], groups: ['B'] },
    c: { subnet: 'S2', addresses: [C, C6], groups: ['C'] },
  },
});

describe('odd frames of a guest', { skip: WHY_NOT ?? false }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire('odd', ['e0', 'e1', 'e2']);
    const { router } = wire;
    router.run('ip', ['link', 'set', 'lo', 'up']);
    for (const address of [...HOST, ...HOST6])
      router.run('ip', ['address', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : [])]);
    router.run('ip', ['address', 'add', 'fe80::1/64', 'dev', 'e0', 'nodad']);
    // The host answers everything that reaches it, at once, and does what packets ask of it.
    const sysctls = [
      'net.ipv4.icmp_ratemask=0',
      'net.ipv4.icmp_msgs_per_sec=100000',
      'net.ipv4.icmp_echo_ignore_broadcasts=0',
      'net.ipv6.icmp.ratelimit=0',
      'net.ipv4.conf.all.route_localnet=1',
      'net.ipv4.conf.e0.route_localnet=1',
    ];
    for (const one of sysctls) router.run('sysctl', ['-q', '-w', one]);
    wire.lead(
      [
        ['e1', B],
        ['e1', B6],
        ['e2', C],
        ['e2', C6],
        ['e0', A],
        ['e0', A6],
      ].map(([to, text]) => ({ from: 'e0', to: to ?? '', destination: expectOk(parseAddress(text ?? '')) })),
    );
    for (const [address, mac] of [
      [A, '02:00:00:00:00:00'],
      [A6, '02:00:00:00:00:00'],
    ])
      router.run('ip', ['neigh', 'replace', address ?? '', 'lladdr', mac ?? '', 'dev', 'e0', 'nud', 'permanent']);
    // Answers of the host itself.
    for (const address of [A, A6]) router.run('ip', ['route', 'add', address, 'dev', 'e0']);
  });
  after(() => wire.close());

  /** Where the frames of a case got. */
  async function reached({ frames }: OddCase, index: number, forbidden?: number): Promise<readonly Reached[]> {
    const number = 1000 + index;
    const sent = frames(number, 20_000 + index).map((bytes) => ({ from: 'e0', bytes }));
    const caught = await wire.sendBytes(sent);
    const found = new Set<Reached>();
    for (const { device, bytes } of caught) {
      if (device === 'e0' && isAnswer(bytes)) found.add('host');
      if (device === 'e0' || !bytes.includes(trailer(number))) continue;
      found.add(device as Reached);
      assert.ok(forbidden === undefined || !isToPort(bytes, forbidden), 'what arrives is not what was judged');
    }
    return [...found].toSorted();
  }

  test('get far where there are no rules', async () => {
    let count = 0;
    for (const [index, one] of ODD_CASES.entries()) {
      const got = await reached(one, index);
      for (const place of one.reaches) assert.ok(got.includes(place), `${one.name}: gets to ${place}`);
      if (got.length > one.reaches.length) count += 1;
    }
    assert.ok(count > 80, `only ${count} would do any harm`);
  });

  test('get nowhere else than their groups let them', async () => {
    const [wiring] = [...plantOf(world).wirings.values()];
    assert.ok(wiring !== undefined);
    const local = { ...wiring, fabric: new Set<string>(), stateful: new Set<string>() };
    const kernel = new NetlinkKernel({ namespace: wire.router.name });
    expectOk(await new Enforcer(kernel, local).enforce(hostViewOf(world, local.enis.keys())));
    kernel.close();
    wire.forget();
    for (const [index, one] of ODD_CASES.entries())
      assert.deepEqual(await reached(one, index, FORBIDDEN), one.reaches, one.name);
  });
});

/** The port that a may not open anywhere. */
const FORBIDDEN = 22;

/** Whether a frame is IPv4 TCP to a port. */
function isToPort(bytes: Buffer, port: number): boolean {
  const [type, head] = [bytes.readUInt16BE(12), (bytes.readUInt8(14) & 0x0f) * 4];
  return type === 0x0800 && bytes.readUInt8(23) === 6 && bytes.readUInt16BE(14 + head + 2) === port;
}

/**
 * Whether a frame is an IP packet to a that is none of neighbour discovery's, nor says that there is no way: something of the host answers by
 * itself.
 */
function isAnswer(bytes: Buffer): boolean {
  const type = bytes.readUInt16BE(12);
  if (type === 0x0800) {
    const at = 14 + (bytes.readUInt8(14) & 0x0f) * 4;
    const isNoWay = bytes.readUInt8(23) === 1 && bytes.readUInt8(at) === 3 && bytes.readUInt8(at + 1) <= 1;
    return !isNoWay;
  }
  if (type !== 0x86dd) return false;
  const [next, kind] = [bytes.readUInt8(20), bytes.readUInt8(54)];
  return !(next === 0 || (next === 58 && kind >= 130 && kind <= 143 && kind !== 139));
}
