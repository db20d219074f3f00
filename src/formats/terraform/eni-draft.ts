import type { Cidr } from '../../core/net/cidr.ts';
import type { EniAddress } from '../../core/model/eni.ts';
import { asId } from '../../core/model/ids.ts';
import { sortTags, type Tags } from '../../core/model/tag.ts';
import type { Subnet } from '../../core/model/vpc.ts';
import type { Attributes, Ids } from './attributes.ts';
import type { Side } from './side.ts';

/** The launch template, or the launch configuration of old, that a machine or a scaling group is made from. */
export function templateOf(side: Side, one: Attributes): Attributes | undefined {
  const mixed = one.block('mixed_instances_policy')?.block('launch_template')?.block('launch_template_specification');
  const block = one.block('launch_template');
  const id =
    block?.id('id') ?? block?.id('name') ?? mixed?.id('launch_template_id') ?? mixed?.id('launch_template_name');
  const { resources } = side;
  return (
    resources.byId('aws_launch_template', id) ??
    resources.byId('aws_launch_configuration', one.id('launch_configuration'))
  );
}

/** Whether a template asks for public addresses or against them, or leaves it to the subnet; undefined: not known. */
export function asksPublic(template: Attributes): boolean | 'as-subnet' | undefined {
  if (template.isUnknown('network_interfaces')) return undefined;
  const name = 'associate_public_ip_address';
  for (const one of [template.block('network_interfaces'), template]) {
    const raw = one?.raw(name);
    if (typeof raw === 'boolean') return raw;
    if (raw === 'true' || raw === 'false') return raw === 'true';
    if (one?.isUnknown(name) === true && one.isDeclared(name) !== false) return undefined;
  }
  return 'as-subnet';
}

/** Groups with what is not known of them. */
export type Carried = Ids & { readonly doubt: string };

/** The groups that an attribute names; where the configuration does not set it, those of the template, else the default one of the VPC. */
export function groupsOf(side: Side, one: Attributes, name: string, template?: Attributes): Carried {
  const doubt = one.label(name);
  const isOpen = one.isUnknown(name) && one.isDeclared(name) === false;
  const isUnset = isOpen || (one.instance.isNew && !one.hasUnknown(name) && one.ids(name).ids.length === 0);
  if (!isUnset) return { ...one.ids(name), doubt };
  const lower = template === undefined ? undefined : templateGroups(template);
  if (lower !== undefined) return { ...lower, doubt: `${template?.instance.address ?? ''} groups` };
  if (one.block('launch_template') !== undefined || one.isUnknown('launch_template'))
    return { ids: [], isExact: false, doubt };
  const subnet = side.draft.get('subnets', one.id('subnet_id'));
  const vpc = subnet === undefined ? undefined : side.vpcs.get(subnet.vpcId);
  return vpc === undefined
    ? { ids: [], isExact: false, doubt }
    : { ids: [side.resources.ofVpc(vpc, 'default_security_group_id')], isExact: true, doubt };
}

/** The groups that a template names; undefined where it leaves them to others. */
export function templateGroups(template: Attributes): Ids | undefined {
  // A `dynamic` block may name others, or leave the groups to the VPC.
  if (template.isUnknown('network_interfaces')) return { ids: [], isExact: false };
  const block = template.block('network_interfaces');
  const candidates: readonly (readonly [Attributes | undefined, string])[] = [
    [block, 'security_groups'],
    [template, 'vpc_security_group_ids'],
    [template, 'security_groups'],
  ];
  for (const [one, name] of candidates) {
    if (one === undefined || (one.isUnknown(name) && one.isDeclared(name) === false)) continue;
    const found = one.ids(name);
    if (found.ids.length > 0 || !found.isExact) return found;
  }
  return undefined;
}

/** An interface to be put. */
export type NewEni = {
  readonly id: string;
  readonly subnetId: string;
  readonly groups: Carried;
  readonly known: readonly string[];
  /** There is an address beside the known ones. */
  readonly hasMore?: boolean;
  readonly knownIpv6: readonly string[];
  /** Undefined: as the subnet gives them. */
  readonly wantsIpv6: boolean | undefined;
  readonly sourceDestCheck: boolean;
  readonly type: string;
  readonly from: Attributes;
  readonly machine?: string;
  /** Whether it has a public address; undefined: not known. */
  readonly isPublic?: boolean | undefined;
  readonly name?: string;
};

/** Puts an interface. Its addresses are those known, else one of its subnet that is not. */
export function putEni(side: Side, made: NewEni): void {
  const { draft } = side;
  const subnet = draft.get('subnets', made.subnetId);
  const { groups, from } = made;
  // It may be in any VPC: nobody can say of an address that no interface has it, or what its VPC has not.
  if (subnet === undefined) side.missAll();
  draft.put<'enis'>('enis', {
    id: asId(made.id),
    vpcId: subnet?.vpcId ?? asId(`${made.subnetId}/vpc`),
    subnetId: asId(made.subnetId),
    ownerId: '',
    groups: (groups.isExact ? groups.ids : []).map((id) => asId(id)),
    ...(groups.isExact ? {} : { groupDoubt: groups.doubt }),
    addresses: addressesOf(side, made, subnet),
    prefixes: ['ipv4_prefixes', 'ipv6_prefixes'].flatMap((name) => from.cidrs(name).cidrs),
    sourceDestCheck: made.sourceDestCheck,
    interfaceType: made.type,
    status: 'in-use',
    description: from.instance.address,
    ...(made.machine === undefined ? {} : { attachment: { instanceId: asId(made.machine), deviceIndex: 0 } }),
    timeouts: {},
    // An instance's interfaces are called by its name; the others by that of their resource.
    tags: made.machine === undefined ? withName(from.tags(), made.name ?? from.instance.address) : [],
  });
}

function withName(tags: Tags, name: string): Tags {
  return tags.some(({ key }) => key === 'Name') ? tags : sortTags([...tags, { key: 'Name', value: name }]);
}

function addressesOf(side: Side, made: NewEni, subnet: Subnet | undefined): readonly EniAddress[] {
  const { numbers } = side.draft;
  const within = (family: 'ipv4' | 'ipv6'): Cidr =>
    subnet?.cidrs.find((cidr) => cidr.family === family) ?? side.any(family);
  const hasIpv4 = subnet === undefined || subnet.cidrs.some((cidr) => cidr.family === 'ipv4');
  const parsed = made.known.flatMap((text) => side.parse(text) ?? []);
  const isWhole = parsed.length > 0 && made.hasMore !== true;
  const ipv4 = isWhole || !hasIpv4 ? parsed : [numbers.address(within('ipv4'), made.id), ...parsed];
  const parsed6 = made.knownIpv6.flatMap((text) => side.parse(text) ?? []);
  const wants = made.wantsIpv6 ?? (made.from.instance.isNew && subnet !== undefined && givesIpv6(subnet));
  const ipv6 = parsed6.length > 0 ? parsed6 : wants ? [numbers.address(within('ipv6'), made.id)] : [];
  const seen = publicOf(side, made);
  return [
    ...ipv4.map((address, at): EniAddress => ({
      address,
      isPrimary: at === 0,
      ...(at === 0 && seen !== undefined ? { public: seen } : {}),
    })),
    ...ipv6.map((address): EniAddress => ({ address, isPrimary: false })),
  ];
}

function givesIpv6({ cidrs, assignIpv6OnCreation }: Subnet): boolean {
  return assignIpv6OnCreation && cidrs.some((cidr) => cidr.family === 'ipv6');
}

function publicOf(side: Side, made: NewEni): EniAddress['public'] | undefined {
  const known = made.from.address('public_ip');
  if (known !== undefined && made.machine !== undefined) return { address: known };
  // Of a machine that is there already, no public address means that it has none.
  if (made.machine !== undefined && !made.from.isUnknown('public_ip')) return undefined;
  const address = side.draft.numbers.address(side.any('ipv4'), `${made.id} public`);
  if (made.isPublic === true) return { address };
  return made.isPublic === undefined && 'isPublic' in made
    ? { address, doubt: made.from.label('associate_public_ip_address') }
    : undefined;
}
