import type { Cidr } from '../../core/net/cidr.ts';
import type { Eni, EniAddress } from '../../core/model/eni.ts';
import { asId } from '../../core/model/ids.ts';
import { sortTags, type Tags } from '../../core/model/tag.ts';
import type { Subnet } from '../../core/model/vpc.ts';
import type { Attributes, Ids } from './attributes.ts';
import type { Open } from './draft.ts';
import { MEMBERS, type MemberType } from './types.ts';
import type { Side } from './side.ts';

const MACHINES = ['aws_instance', 'aws_spot_instance_request'];

/** Network interfaces, instances, and what stands for the interfaces that services make. */
export function readInterfaces(side: Side): void {
  for (const one of side.resources.of('aws_network_interface')) readEni(side, one);
  for (const machine of side.resources.of(...MACHINES)) readMachine(side, machine);
  for (const link of side.resources.of('aws_network_interface_attachment'))
    attach(side, link, {
      enis: link.ids('network_interface_id'),
      machine: link.id('instance_id'),
      device: link.number('device_index'),
    });
  for (const link of side.resources.of('aws_network_interface_sg_attachment')) joinGroup(side, link);
  for (const [type, member] of Object.entries(MEMBERS))
    for (const one of side.resources.of(type)) readMembers(side, one, member);
  for (const group of side.resources.of('aws_autoscaling_group')) readScaling(side, group);
  for (const address of side.resources.of('aws_eip')) readElastic(side, address);
}

function readEni(side: Side, one: Attributes): void {
  const id = side.resources.idOf(one.instance);
  putEni(side, {
    id,
    subnetId: one.id('subnet_id') ?? one.label('subnet_id'),
    groups: groupsOf(side, one, 'security_groups'),
    known: [...new Set([one.text('private_ip'), ...one.texts('private_ips').texts])].flatMap((text) =>
      text === undefined ? [] : [text],
    ),
    hasMore: !one.isUnknown('private_ips') && one.hasUnknown('private_ips'),
    knownIpv6: one.texts('ipv6_addresses').texts,
    wantsIpv6: wantsIpv6(one),
    sourceDestCheck: one.flag('source_dest_check') !== false || one.raw('source_dest_check') === undefined,
    type: one.text('interface_type') ?? 'interface',
    from: one,
  });
  const attachment = one.block('attachment');
  if (attachment !== undefined)
    attach(side, attachment, {
      enis: { ids: [id], isExact: true },
      machine: attachment.id('instance'),
      device: attachment.number('device_index'),
    });
}

/** Whether IPv6 addresses are asked for: by number, or because the subnet gives one. */
function wantsIpv6(one: Attributes): boolean | undefined {
  const isOpen = (name: string): boolean => one.hasUnknown(name) && one.isDeclared(name) !== false;
  if ((one.number('ipv6_address_count') ?? 0) > 0 || isOpen('ipv6_addresses') || isOpen('ipv6_address_count'))
    return true;
  return undefined;
}

function readMachine(side: Side, machine: Attributes): void {
  const id = machine.text('spot_instance_id') ?? side.resources.idOf(machine.instance);
  side.draft.put<'instances'>('instances', {
    id: asId(id),
    state: machine.text('instance_state') ?? 'running',
    tags: machine.tags(),
  });
  const brought = machine.isDeclared('network_interface') === false ? [] : (machine.blocks('network_interface') ?? []);
  const own = brought.filter((block) => block.ids('network_interface_id').ids.length > 0);
  for (const block of own)
    attach(side, block, { enis: block.ids('network_interface_id'), machine: id, device: block.number('device_index') });
  if (own.some((block) => (block.number('device_index') ?? 0) === 0)) return;
  const template = templateOf(side, machine);
  const groups = groupsOf(side, machine, 'vpc_security_group_ids', template);
  const subnetId = machine.id('subnet_id') ?? machine.label('subnet_id');
  const eniId = side.resources.primaryEni(machine);
  putEni(side, {
    id: eniId,
    subnetId,
    groups,
    known: [machine.text('private_ip'), ...machine.texts('secondary_private_ips').texts].flatMap((text) => text ?? []),
    hasMore: machine.isUnknown('private_ip'),
    knownIpv6: machine.texts('ipv6_addresses').texts,
    wantsIpv6: wantsIpv6(machine),
    sourceDestCheck: machine.flag('source_dest_check') !== false,
    type: 'interface',
    from: machine,
    machine: id,
    isPublic: givesPublic(side, machine, { template, subnetId }),
  });
}

/** Whether an instance gets a public address: as it asks, else as its template, else as its subnet gives them. */
function givesPublic(
  side: Side,
  machine: Attributes,
  from: { readonly template: Attributes | undefined; readonly subnetId: string },
): boolean | undefined {
  const raw = machine.raw('associate_public_ip_address');
  if (typeof raw === 'boolean') return raw;
  if (machine.isUnknown('associate_public_ip_address') && machine.isDeclared('associate_public_ip_address') !== false)
    return undefined;
  const hasTemplate = machine.block('launch_template') !== undefined || machine.isUnknown('launch_template');
  if (from.template === undefined && hasTemplate) return undefined;
  const asked = from.template === undefined ? 'as-subnet' : asksPublic(from.template);
  return asked === 'as-subnet' ? side.draft.get('subnets', from.subnetId)?.mapPublicIpOnLaunch : asked;
}

/** The launch template, or the launch configuration of old, that a machine or a scaling group is made from. */
function templateOf(side: Side, one: Attributes): Attributes | undefined {
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

/** Groups with what is not known of them. */
type Carried = Ids & { readonly doubt: string };

/** The groups that an attribute names; where the configuration does not set it, those of the template, else the default one of the VPC. */
function groupsOf(side: Side, one: Attributes, name: string, template?: Attributes): Carried {
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

function templateGroups(template: Attributes): Ids | undefined {
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

type NewEni = {
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
function putEni(side: Side, made: NewEni): void {
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

function attach(
  side: Side,
  from: Attributes,
  link: { readonly enis: Ids; readonly machine: string | undefined; readonly device: number | undefined },
): void {
  const { enis, machine, device } = link;
  for (const id of enis.isExact && machine !== undefined ? enis.ids : []) {
    const eni = side.draft.get('enis', id);
    if (eni === undefined) continue;
    const tags = side.draft.get('instances', machine)?.tags ?? [];
    const isMadeName = eni.tags.some(({ key, value }) => key === 'Name' && value === eni.description);
    eni.attachment = { instanceId: asId(machine ?? from.label('instance_id')), deviceIndex: device ?? 0 };
    if (isMadeName && tags.some(({ key }) => key === 'Name')) eni.tags = eni.tags.filter(({ key }) => key !== 'Name');
  }
}

function joinGroup(side: Side, link: Attributes): void {
  const [enis, groups] = [link.ids('network_interface_id'), link.ids('security_group_id')];
  const all = [...side.draft.records.enis.values()];
  for (const eni of enis.isExact ? all.filter((one) => enis.ids.includes(one.id)) : all) {
    if (enis.isExact && groups.isExact)
      eni.groups = [...new Set([...eni.groups, ...groups.ids.map((id): Eni['groups'][number] => asId(id))])];
    else eni.groupDoubt = link.label('security_group_id');
  }
}

/** One interface in each subnet stands for all those that a service makes there, how many there may be. */
function readMembers(side: Side, one: Attributes, member: MemberType): void {
  const at = (path: readonly string[]): { readonly block: Attributes | undefined; readonly name: string } => ({
    block: path.slice(0, -1).reduce<Attributes | undefined>((block, step) => block?.block(step), one),
    name: path.at(-1) ?? '',
  });
  if (member.when !== undefined && !member.when(one)) return;
  const place = at(member.subnets);
  if (place.block === undefined) {
    readVagueMembers(side, one, member);
    return;
  }
  const carried = at(member.groups);
  const type = member.type?.(one) ?? 'interface';
  // A network load balancer that asks for no groups has none, and is not filtered.
  const named = one.ids(carried.name);
  const asksSome = one.isDeclared(carried.name) ?? (!named.isExact || named.ids.length > 0);
  const isBare = type !== 'interface' && !asksSome;
  const groups = isBare ? { ids: [], isExact: true, doubt: '' } : groupsOf(side, carried.block ?? one, carried.name);
  const subnets = subnetsOf(side, place.block, place.name, member);
  if (subnets.ids.length === 0 && subnets.isExact) return;
  putMembers(side, one, {
    subnets,
    groups: member.addsGroup === true && groups.isExact ? { ...groups, isExact: false } : groups,
    isPublic: member.isPublic?.(one) ?? false,
    type,
    doubt: place.block.label(place.name),
  });
}

/** Where it is not known whether there is the block that says where the interfaces are, they may be anywhere and carry any group. */
function readVagueMembers(side: Side, one: Attributes, member: MemberType): void {
  const [name = ''] = member.subnets;
  if (member.subnets.length < 2 || !one.isUnknown(name)) return;
  const doubt = one.label(name);
  const nothing = { ids: [], isExact: false };
  putMembers(side, one, {
    subnets: nothing,
    groups: { ...nothing, doubt },
    isPublic: undefined,
    type: 'interface',
    doubt,
  });
}

/** The subnets of a member: named, or by a subnet group. */
function subnetsOf(side: Side, block: Attributes, name: string, member: MemberType): Ids {
  if (member.subnetGroup === undefined) {
    const mapped = (block.blocks('subnet_mapping') ?? []).map((one) => one.ids('subnet_id'));
    const isMapped = block.isUnknown(name) && block.isDeclared(name) === false && mapped.length > 0;
    return isMapped
      ? { ids: mapped.flatMap(({ ids }) => ids), isExact: mapped.every(({ isExact }) => isExact) }
      : block.ids(name);
  }
  const group = side.resources.byId(member.subnetGroup, block.id(name));
  return group === undefined ? { ids: [], isExact: false } : group.ids('subnet_ids');
}

type Members = {
  readonly subnets: Ids;
  readonly groups: Carried;
  readonly isPublic: boolean | undefined;
  readonly type: string;
  readonly doubt: string;
};

function putMembers(side: Side, one: Attributes, { subnets, groups, isPublic, type, doubt }: Members): void {
  const id = side.resources.idOf(one.instance);
  const isAll = subnets.isExact ? subnets.ids.length > 0 : subnets.isComplete === true;
  const ids = isAll ? subnets.ids : [...subnets.ids, doubt];
  side.draft.note('note', MEMBERS_NOTE, one.instance.address);
  for (const subnetId of new Set(ids))
    putEni(side, {
      id: `${one.instance.address}/${subnetId}`,
      subnetId,
      groups,
      known: [],
      knownIpv6: [],
      wantsIpv6: undefined,
      sourceDestCheck: true,
      type: groups.ids.length === 0 && groups.isExact ? type : 'interface',
      from: one,
      isPublic,
      name: id.startsWith('arn:') || id === one.instance.address ? one.instance.address : id,
    });
}

const MEMBERS_NOTE = 'one interface in each subnet stands for those of %, how many there may be';

function readScaling(side: Side, group: Attributes): void {
  const template = templateOf(side, group);
  const carried = template === undefined ? undefined : templateGroups(template);
  const subnets = group.ids('vpc_zone_identifier');
  if (subnets.ids.length === 0 && subnets.isExact) return;
  const isPublic = template === undefined ? undefined : asksPublic(template);
  const gives = subnets.ids.map((id) => side.draft.get('subnets', id)?.mapPublicIpOnLaunch);
  putMembers(side, group, {
    subnets,
    groups: { ...(carried ?? { ids: [], isExact: false }), doubt: `${group.instance.address} groups` },
    isPublic: isPublic === 'as-subnet' ? allAgree(gives) : isPublic,
    type: 'interface',
    doubt: group.label('vpc_zone_identifier'),
  });
}

/** Whether a template asks for public addresses or against them, or leaves it to the subnet; undefined: not known. */
function asksPublic(template: Attributes): boolean | 'as-subnet' | undefined {
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

function allAgree(flags: readonly (boolean | undefined)[]): boolean | undefined {
  const [first] = flags;
  return flags.every((one) => one === first) ? first : undefined;
}

/** An Elastic address, and the interface that it stands for. */
function readElastic(side: Side, elastic: Attributes): void {
  const { draft, resources } = side;
  const id = resources.idOf(elastic.instance);
  const seen = side.publicAddress(id, id);
  draft.put<'elasticAddresses'>('elasticAddresses', { id: asId(id), public: seen, tags: elastic.tags() });
  const links = resources.of('aws_eip_association').filter((one) => one.id('allocation_id') === id);
  for (const one of [elastic, ...links]) {
    const machine = one.id(one === elastic ? 'instance' : 'instance_id');
    const isOpen = (name: string): boolean => one.isUnknown(name) && one.isDeclared(name) === false;
    const named =
      isOpen('network_interface') || isOpen('network_interface_id')
        ? undefined
        : one.id(one === elastic ? 'network_interface' : 'network_interface_id');
    const eni =
      draft.get('enis', named) ?? (isOpen('instance') || isOpen('instance_id') ? undefined : primaryOf(side, machine));
    if (eni === undefined) continue;
    const behind = addressesBehind(side, one, eni.addresses);
    const doubt = behind.length === 1 ? {} : { doubt: one.label('private_ip_address') };
    eni.addresses = eni.addresses.map((own) =>
      behind.includes(own) ? { ...own, public: { address: seen, allocationId: asId(id), ...doubt } } : own,
    );
  }
}

/** The addresses that a public one may stand for; one alone is it for certain: the one that is named, else the first. */
function addressesBehind(side: Side, one: Attributes, addresses: readonly EniAddress[]): readonly EniAddress[] {
  const ipv4 = addresses.filter(({ address }) => address.family === 'ipv4');
  const names = ['associate_with_private_ip', 'private_ip_address'];
  if (names.some((name) => one.isUnknown(name) && one.isDeclared(name) !== false)) return ipv4;
  const wanted = names.map((name) => one.text(name)).find((text) => text !== undefined);
  if (wanted === undefined) return ipv4.slice(0, 1);
  const named = ipv4.filter(({ address }) => side.isAddress(address, wanted));
  const vague = side.parse(wanted) === undefined ? ipv4 : ipv4.filter(({ address }) => address.within !== undefined);
  return named.length > 0 ? named : vague;
}

function primaryOf(side: Side, machine: string | undefined): Open<Eni> | undefined {
  if (machine === undefined) return undefined;
  return [...side.draft.records.enis.values()].find(
    (eni) => eni.attachment?.instanceId === machine && eni.attachment.deviceIndex === 0,
  );
}
