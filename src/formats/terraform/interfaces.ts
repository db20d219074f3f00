import type { Eni } from '../../core/model/eni.ts';
import { asId } from '../../core/model/ids.ts';
import type { Attributes, Ids } from './attributes.ts';
import { readElastic } from './elastic.ts';
import { asksPublic, groupsOf, putEni, templateOf } from './eni-draft.ts';
import { readMembers, readScaling } from './members.ts';
import { MEMBERS } from './types.ts';
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
