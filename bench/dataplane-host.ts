// A host as large as wanted, of which two interfaces are real: the client's `c0` and the server's `s0`; the others stand in the maps alone.
import { type Address, ipv4, ipv6, parseAddress } from '../src/core/net/address.ts';
import { type Cidr, cidrOf, parseCidr } from '../src/core/net/cidr.ts';
import { expectOk } from '../src/core/net/result.ts';
import type { Eni } from '../src/core/model/eni.ts';
import { asId, type EniId, type GroupId, type SubnetId, type VpcId } from '../src/core/model/ids.ts';
import type { AclEntry } from '../src/core/model/network-acl.ts';
import type { Rule, SecurityGroup } from '../src/core/model/security-group.ts';
import type { Subnet } from '../src/core/model/vpc.ts';
import { worldOf } from '../src/core/model/world.ts';
import type { HostView } from '../src/core/policy/host-view.ts';
import { packMembers } from '../src/core/policy/members.ts';
import { layout } from '../src/nft/layout.ts';
import { renderAll } from '../src/nft/render.ts';
import type { Attachment, Wiring } from '../src/nft/wiring.ts';

/** What the entries of a NACL tell packets apart by: a port and sometimes an address, an address alone, or a range of ports. */
export type Wall = 'mixed' | 'addresses' | 'ranges';

/** How large the rules are: interfaces, rules of each one's own group, members of the group that they name; and what NACL there is. */
export type Size = { readonly enis: number; readonly rules: number; readonly members: number; readonly wall?: Wall };

/** One end of the traffic: its device at the router, and what the router knows it by. */
export type End = {
  readonly device: string;
  readonly mac: string;
  readonly subnet: number;
  readonly ipv4: string;
  readonly ipv6: string;
};

export const CLIENT: End = {
  device: 'c0',
  mac: '02:00:00:00:00:0a',
  subnet: 1,
  ipv4: '10.0.1.10',
  ipv6: 'fd00:0:0:1::a',
};
export const SERVER: End = {
  device: 's0',
  mac: '02:00:00:00:00:14',
  subnet: 2,
  ipv4: '10.0.2.20',
  ipv6: 'fd00:0:0:2::14',
};

/** Traffic goes to this port; the group of the server opens it by the last of its rules. */
export const PORT = 5000;

const VPC = asId<VpcId>('vpc-0');
const ACL = 'acl-0000000a';
const MEMBERS = asId<GroupId>('sg-00000000000000aa');

/** The lines of `nft -f` for the router of a host of that size. */
export function routerRules(size: Size): string {
  const { view, attachments } = hostOf(size);
  return rulesOf(view, { mode: 'forward', enis: attachments, fabric: new Set() });
}

/** The lines of `nft -f` for an end that is itself the instance and enforces its own rules. */
export function endRules(end: End, size: Size): string {
  const { view } = hostOf(size);
  const id = asId<EniId>(end === CLIENT ? 'eni-0' : 'eni-1');
  const enis = new Map([[id, { device: 'eth0', mac: end.mac }]]);
  return rulesOf(view, { mode: 'local', enis, fabric: new Set(['eth0']) });
}

function rulesOf(view: HostView, wiring: Pick<Wiring, 'mode' | 'enis' | 'fabric'>): string {
  const { ruleset } = layout(view, { ...wiring, stateful: new Set(), natGateways: new Map() });
  return `${[...renderAll(ruleset)].join('\n')}\n`;
}

function hostOf({ enis, rules, members, wall }: Size): {
  readonly view: HostView;
  readonly attachments: ReadonlyMap<EniId, Attachment>;
} {
  const groups = Array.from({ length: enis - 1 }, (_, index) => groupOf(index + 1, ingressRules(rules)));
  const [first] = groups;
  if (first === undefined) throw new Error('no interfaces');
  const all = [
    eniOf(0, { subnet: CLIENT.subnet, group: MEMBERS, addresses: addressesOf(CLIENT) }),
    eniOf(1, { subnet: SERVER.subnet, group: first.id, addresses: addressesOf(SERVER) }),
    ...groups
      .slice(1)
      .map((group, at) => eniOf(at + 2, { subnet: SERVER.subnet, group: group.id, addresses: otherAddresses(at) })),
  ];
  const world = worldOf({
    vpcs: [{ id: VPC, ownerId: '1', isDefault: false, cidrs: ['10.0.0.0/8', 'fd00::/32'].map(cidr), tags: [] }],
    subnets: [CLIENT, SERVER].map((end) => subnetOf(end.subnet)),
    groups: [{ ...groupOf(0, OPEN), id: MEMBERS }, ...groups],
    enis: all,
    acls: [{ id: asId(ACL), vpcId: VPC, isDefault: false, entries: entriesOf(wall), tags: [] }],
  });
  const memberAddresses = Array.from({ length: members }, (_, index) => ipv4(0x0a80_0000 + index));
  const view: HostView = {
    revision: 1,
    world,
    members: new Map([[MEMBERS, packMembers([...addressesOf(CLIENT), ...memberAddresses], [])]]),
  };
  const attachments = all.map(
    ({ id }, index) => [id, [CLIENT, SERVER][index] ?? { device: `e${index}`, mac: CLIENT.mac }] as const,
  );
  return { view, attachments: new Map(attachments.map(([id, { device, mac }]) => [id, { device, mac }])) };
}

function ingressRules(count: number): readonly Rule[] {
  const others = Array.from({ length: count - 2 }, (_, at) => ruleOf(at, 6000 + at, 'tcp'));
  return [...others, ruleOf(count - 1, PORT, 'tcp'), ruleOf(count, PORT, 'udp')];
}

function ruleOf(index: number, port: number, kind: 'tcp' | 'udp'): Rule {
  return {
    id: asId(`sgr-${index.toString(16).padStart(17, '0')}`),
    direction: 'ingress',
    traffic: { kind, ports: { from: port, to: port } },
    peer: { kind: 'group', groupId: MEMBERS },
    tags: [],
  };
}

/** The client may send everything inside the VPC. */
const OPEN: readonly Rule[] = ['10.0.0.0/8', 'fd00::/32'].map((text, index) => ({
  id: asId(`sgr-${index}`),
  direction: 'egress',
  traffic: { kind: 'all' },
  peer: { kind: 'cidr', cidr: cidr(text) },
  tags: [],
}));

function groupOf(index: number, rules: readonly Rule[]): SecurityGroup {
  return {
    id: asId(`sg-${index.toString(16).padStart(17, '0')}`),
    vpcId: VPC,
    ownerId: '1',
    name: `g${index}`,
    description: '',
    rules,
    tags: [],
  };
}

function eniOf(
  index: number,
  of: { readonly subnet: number; readonly group: GroupId; readonly addresses: readonly Address[] },
): Eni {
  return {
    id: asId(`eni-${index}`),
    vpcId: VPC,
    subnetId: asId<SubnetId>(`subnet-${of.subnet}`),
    ownerId: '1',
    groups: [of.group],
    addresses: of.addresses.map((address, place) => ({ address, isPrimary: place === 0 })),
    prefixes: [],
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: '',
    timeouts: {},
    tags: [],
  };
}

function subnetOf(number: number): Subnet {
  return {
    id: asId(`subnet-${number}`),
    vpcId: VPC,
    cidrs: [cidrOf(ipv4(0x0a00_0000 + number * 256), 24), cidrOf(ipv6([0xfd00_0000, number, 0, 0]), 64)],
    networkAcl: { associationId: 'a', aclId: asId(ACL) },
    mapPublicIpOnLaunch: false,
    assignIpv6OnCreation: false,
    tags: [],
  };
}

function addressesOf(end: End): readonly Address[] {
  return [end.ipv4, end.ipv6].map((text) => expectOk(parseAddress(text)));
}

function otherAddresses(index: number): readonly Address[] {
  return [ipv4(0x0a01_0000 + index), ipv6([0xfd00_0000, SERVER.subnet, 1, index])];
}

const ENTRIES = 40;

/** In each family denials that do not concern the traffic, 40 entries with the last that allows everything; no wall is the default NACL. */
function entriesOf(wall: Wall | undefined): readonly AclEntry[] {
  return (['ingress', 'egress'] as const).flatMap((direction) => [
    ...familyEntries(wall, { direction, first: 1, any: '0.0.0.0/0', prefix: (at) => `192.${at}.0.0/16` }),
    ...familyEntries(wall, { direction, first: 1001, any: '::/0', prefix: (at) => `2001:db8:${at}::/48` }),
  ]);
}

function familyEntries(
  wall: Wall | undefined,
  of: {
    readonly direction: AclEntry['direction'];
    readonly first: number;
    readonly any: string;
    readonly prefix: (at: number) => string;
  },
): readonly AclEntry[] {
  const { direction, first } = of;
  const any = cidr(of.any);
  return [
    ...Array.from({ length: wall === undefined ? 0 : ENTRIES - 1 }, (_, index): AclEntry => ({
      number: first + index,
      direction,
      action: 'deny',
      cidr: wall !== 'addresses' && index % 2 === 0 ? any : cidr(of.prefix(index)),
      traffic: deniedTraffic(wall, index),
    })),
    { number: first + ENTRIES, direction, action: 'allow', cidr: any, traffic: { kind: 'all' } },
  ];
}

function deniedTraffic(wall: Wall | undefined, index: number): AclEntry['traffic'] {
  switch (wall) {
    case 'addresses':
      return { kind: 'all' };
    case 'ranges':
      return {
        kind: index % 4 < 2 ? 'tcp' : 'udp',
        ports: { from: 7000 + 10 * index, to: 7005 + 10 * index },
      };
    case 'mixed':
    case undefined:
      return { kind: 'tcp', ports: { from: 7000 + index, to: 7000 + index } };
  }
}

function cidr(text: string): Cidr {
  return expectOk(parseCidr(text));
}
