import { type Address, formatAddress } from '../core/net/address.ts';
import type { Eni } from '../core/model/eni.ts';
import { type Kind, KINDS } from '../core/model/records.ts';
import { type Tags, tagValue } from '../core/model/tag.ts';
import { getRecord, type World } from '../core/model/world.ts';

/** The kind and record of an id of any kind, or undefined. */
export function findKind(world: World, id: string): Kind | undefined {
  return KINDS.find((kind) => getRecord(world, kind, id) !== undefined);
}

/** What a person calls the record of an id: the group's or list's name, else its Name tag; for an ENI also its instance's. */
export function nameOf(world: World, id: string): string | undefined {
  const group = getRecord(world, 'groups', id);
  if (group !== undefined) return group.name;
  const eni = getRecord(world, 'enis', id);
  if (eni !== undefined) return eniName(world, eni);
  const list = getRecord(world, 'prefixLists', id);
  if (list !== undefined) return list.name;
  const kind = findKind(world, id);
  const record = kind === undefined || kind === 'groupAssociations' ? undefined : getRecord(world, kind, id);
  return nameTag(record?.tags ?? []);
}

/** The Name tag of an ENI, else of its instance. */
export function eniName(world: World, eni: Eni): string | undefined {
  return nameTag(eni.tags) ?? instanceName(world, eni);
}

/** `web-1 (i-0abc eni-0abc 10.0.1.10)`; without a name, the ids and the address. */
export function eniLabel(world: World, eni: Eni, address: Address | undefined = eni.addresses[0]?.address): string {
  const name = eniName(world, eni);
  const parts = [
    ...(eni.attachment?.instanceId === undefined ? [] : [eni.attachment.instanceId]),
    eni.id,
    ...(address === undefined ? [] : [formatAddress(address)]),
  ];
  return name === undefined ? parts.join(' ') : `${name} (${parts.join(' ')})`;
}

/** `web (sg-0abc)`, or the id alone. */
export function recordLabel(world: World, id: string): string {
  const name = nameOf(world, id);
  return name === undefined || name === id ? id : `${name} (${id})`;
}

/** The Name tag; an empty one is none. */
export function nameTag(tags: Tags): string | undefined {
  const value = tagValue(tags, 'Name');
  return value === '' ? undefined : value;
}

function instanceName(world: World, eni: Eni): string | undefined {
  const id = eni.attachment?.instanceId;
  const instance = id === undefined ? undefined : getRecord(world, 'instances', id);
  return instance === undefined ? undefined : nameTag(instance.tags);
}
