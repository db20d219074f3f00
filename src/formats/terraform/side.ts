import { type Address, type Family, formatAddress, ipv6, parseAddress } from '../../core/net/address.ts';
import { anyCidr, type Cidr, cidrOf } from '../../core/net/cidr.ts';
import { KINDS, type Kind, type Records } from '../../core/model/records.ts';
import type { Rule } from '../../core/model/security-group.ts';
import type { RecordLists } from '../../core/model/world.ts';
import type { Attributes } from './attributes.ts';
import { type Numbers, WorldDraft } from './draft.ts';
import type { Resources } from './resources.ts';

/** IPv6 prefixes for VPCs and subnets that get theirs only when they are made; the same on both sides of a plan. */
export class Ipv6Prefixes {
  readonly #vpcs = new Map<string, number>();
  readonly #subnets = new Map<string, number>();

  /** A /56 for a VPC. */
  vpcPrefix(vpcId: string): Cidr {
    return cidrOf(ipv6([0x0100_0000, (place(this.#vpcs, vpcId) << 8) >>> 0, 0, 0]), 56);
  }

  /** A /64 of it for a subnet. */
  subnetPrefix(vpcId: string, subnetId: string): Cidr {
    const base = this.vpcPrefix(vpcId).base;
    return cidrOf(ipv6([base.w0, base.w1 + (place(this.#subnets, `${vpcId} ${subnetId}`) & 0xff), 0, 0]), 64);
  }
}

function place(map: Map<string, number>, key: string): number {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, map.size + 1);
  return map.size;
}

/** What both sides of a plan share. */
export type Shared = { readonly numbers: Numbers; readonly ipv6: Ipv6Prefixes };

/**
 * What resources of their own said before and do not say now, by the group, NACL or list that they are of: those that are there already still
 * show it.
 */
export type Gone = {
  readonly rules: ReadonlyMap<string, ReadonlySet<string>>;
  readonly entries: ReadonlyMap<string, ReadonlySet<string>>;
  readonly listEntries: ReadonlyMap<string, ReadonlySet<string>>;
};

/** One side of a plan while it becomes a world: its resources, and the records that they make. */
export class Side {
  readonly resources: Resources;
  readonly draft: WorldDraft;
  readonly ipv6: Ipv6Prefixes;
  /** The VPCs that are resources here, by id. */
  readonly vpcs: ReadonlyMap<string, Attributes>;
  readonly region: string | undefined;
  readonly gone: Gone;
  /** The rules with which AWS makes the default groups of new VPCs, by group. */
  readonly broughtRules: Map<string, readonly Rule[]> = new Map();

  constructor(resources: Resources, shared: Shared, gone: Gone) {
    this.resources = resources;
    this.draft = new WorldDraft(shared.numbers);
    this.ipv6 = shared.ipv6;
    this.vpcs = new Map(resources.of('aws_vpc', 'aws_default_vpc').map((vpc) => [resources.idOf(vpc.instance), vpc]));
    this.region = regionOf(resources);
    this.gone = gone;
  }

  /** Says that VPCs may have more than what is read. */
  missAll(): void {
    for (const kind of PARTIAL) this.draft.missing.add(kind);
  }

  /** The records by kind. */
  get lists(): RecordLists {
    const lists: { [K in Kind]?: readonly Records[Kind][] } = {};
    for (const kind of KINDS) lists[kind] = [...this.draft.records[kind].values()];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind was filled from the map of that kind
    return lists as RecordLists;
  }

  /** Default groups of new VPCs that stay as AWS makes them: nothing here writes their rules. */
  get broughtGroups(): readonly string[] {
    return [...this.broughtRules].flatMap(([id, rules]) => (this.draft.get('groups', id)?.rules === rules ? id : []));
  }

  /** Whether a NACL writes entries in blocks of its own. */
  declaresEntries(aclId: string): boolean {
    const acl = this.resources.byId('aws_network_acl', aclId);
    return acl === undefined || acl.isDeclared('ingress') === true || acl.isDeclared('egress') === true;
  }

  isVpc(id: string): boolean {
    return this.vpcs.has(id) || /^vpc-[0-9a-f]+$/.test(id);
  }

  any(family: Family): Cidr {
    return anyCidr(family);
  }

  parse(text: string): Address | undefined {
    const parsed = parseAddress(text);
    return parsed.ok ? parsed.value : undefined;
  }

  isAddress(address: Address, text: string): boolean {
    return formatAddress(address) === text;
  }

  /** The public address of an Elastic address, or of what has none of its own; one that is not known where AWS is to choose it. */
  publicAddress(allocationId: string | undefined, owner: string): Address {
    const elastic = this.resources.byId('aws_eip', allocationId);
    const known = elastic?.address('public_ip');
    return known ?? this.draft.numbers.address(anyCidr('ipv4'), `${allocationId ?? owner} public`);
  }

  /** The prefix that stands for the IPv6 prefix of the only VPC or subnet of which an attribute refers to one. */
  ownIpv6(from: Attributes, name: string): Cidr | undefined {
    const { targets, others } = from.targets(name);
    const meant = targets.filter(({ attribute }) => attribute === 'ipv6_cidr_block');
    const [only] = meant;
    if (others || only === undefined || meant.length > 1) return undefined;
    const named = this.resources.at(only.address);
    const id = named === undefined ? '' : this.resources.idOf(named.instance);
    const record = this.draft.get('vpcs', id) ?? this.draft.get('subnets', id);
    return record?.cidrs.find((cidr) => cidr.family === 'ipv6');
  }
}

/** Kinds of which a VPC that is there already may have more than a document of Terraform says. */
const PARTIAL: readonly Kind[] = ['enis', 'internetGateways', 'egressOnlyGateways', 'natGateways'];

function regionOf(resources: Resources): string | undefined {
  for (const { values } of resources.all) {
    const [, region] =
      /^arn:aws[a-z-]*:ec2:([a-z0-9-]+):/.exec(typeof values['arn'] === 'string' ? values['arn'] : '') ?? [];
    if (region !== undefined) return region;
  }
  return undefined;
}
