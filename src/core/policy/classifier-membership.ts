import { type Family, formatAddress } from '../net/address.ts';
import { formatCidr } from '../net/cidr.ts';
import type { Change } from '../model/change.ts';
import type { Eni } from '../model/eni.ts';
import type { GroupId, VpcId } from '../model/ids.ts';
import { getRecord, indexedId, listRecords, type World } from '../model/world.ts';
import { AddressTable } from './classifier-address-table.ts';
import type { AddressWords } from './classifier-addresses.ts';

/** No interface stands at the other end: no reference matches. */
export const NO_SET = -1;
/** The world does not say whether an interface stands at the other end. */
export const UNKNOWN_SET = -2;

/** Combinations of groups by number. A number means the same combination for ever, so what is compiled for it never goes stale. */
export class GroupSets {
  readonly #byArray = new WeakMap<readonly GroupId[], number>();
  readonly #byKey = new Map<string, number>();
  readonly #sets: (readonly GroupId[])[] = [];
  readonly #byGroup = new Map<GroupId, number[]>();

  /** The number of the combination; order and repetition do not matter. The list must not change afterwards. */
  numberOf(groups: readonly GroupId[]): number {
    const known = this.#byArray.get(groups);
    if (known !== undefined) return known;
    const sorted = [...new Set(groups)].toSorted();
    const key = sorted.join('\n');
    const number = this.#byKey.get(key) ?? this.#add(key, sorted);
    this.#byArray.set(groups, number);
    return number;
  }

  /** The groups of a combination, sorted. */
  groupsOf(set: number): readonly GroupId[] {
    return this.#sets[set] ?? [];
  }

  /** The combinations that contain a group. */
  setsWith(group: GroupId): readonly number[] {
    return this.#byGroup.get(group) ?? [];
  }

  #add(key: string, sorted: readonly GroupId[]): number {
    const number = this.#sets.length;
    this.#sets.push(sorted);
    this.#byKey.set(key, number);
    for (const group of sorted) {
      const sets = this.#byGroup.get(group);
      if (sets === undefined) this.#byGroup.set(group, [number]);
      else sets.push(number);
    }
    return number;
  }
}

/** How an address is filed: for itself, or as the base of a delegated prefix (/28 IPv4, /80 IPv6). */
const KINDS = { address: 0, prefix: 1 } as const;

/**
 * Which combination of groups stands behind an address of a VPC: what `eniAt` finds, as a number and without text. Members that join or
 * leave change this index and nothing that is compiled. INVARIANT: it equals a new index of the same world.
 */
export class MembershipIndex {
  readonly #sets: GroupSets;
  readonly #vpcs = new Map<VpcId, number>();
  readonly #table = new AddressTable();
  readonly #prefixBase = { w0: 0, w1: 0, w2: 0, w3: 0 };
  #prefixes = 0;

  constructor(world: World, sets: GroupSets) {
    this.#sets = sets;
    for (const eni of listRecords(world, 'enis')) this.#file(eni, world);
  }

  /** How many addresses and prefixes have an owner. */
  get size(): number {
    return this.#table.size;
  }

  /** Takes in what changed about interfaces; `world` is the world after the change. */
  apply(change: Change, world: World): void {
    for (const { from, to } of eniSteps(change)) {
      if (from !== undefined) this.#file(from, world);
      if (to !== undefined) this.#file(to, world);
    }
  }

  /** The number by which `setAt` knows a VPC. */
  vpcNumber(vpcId: VpcId): number {
    const known = this.#vpcs.get(vpcId);
    if (known !== undefined) return known;
    const number = this.#vpcs.size;
    this.#vpcs.set(vpcId, number);
    return number;
  }

  /** The combination of groups of the interface that owns an address of a VPC, itself or inside a prefix; else `NO_SET`. */
  setAt(vpc: number, family: Family, address: AddressWords): number {
    const set = this.#table.get(placeOf(vpc, family, KINDS.address), address);
    if (set !== NO_SET || this.#prefixes === 0) return set;
    const base = this.#prefixBase;
    base.w0 = family === 'ipv4' ? address.w0 & ~0xf : address.w0;
    base.w1 = address.w1;
    base.w2 = address.w2 & ~0xffff;
    return this.#table.get(placeOf(vpc, family, KINDS.prefix), base);
  }

  /** Files the addresses of an interface anew, each under the interface that the world says owns it now, if any. */
  #file(eni: Eni, world: World): void {
    const vpc = this.vpcNumber(eni.vpcId);
    for (const { address } of eni.addresses) {
      const place = placeOf(vpc, address.family, KINDS.address);
      this.#put(place, address, this.#ownerSet(world, `${eni.vpcId} ${formatAddress(address)}`));
    }
    for (const prefix of eni.prefixes) {
      if (prefix.length !== (prefix.family === 'ipv4' ? 28 : 80)) continue;
      const place = placeOf(vpc, prefix.family, KINDS.prefix);
      const before = this.#table.size;
      this.#put(place, prefix.base, this.#ownerSet(world, `${eni.vpcId} ${formatCidr(prefix)}`));
      this.#prefixes += this.#table.size - before;
    }
  }

  #ownerSet(world: World, key: string): number {
    const id = indexedId(world, 'enisByAddress', key);
    const owner = id === undefined ? undefined : getRecord(world, 'enis', id);
    return owner === undefined ? NO_SET : this.#sets.numberOf(owner.groups);
  }

  #put(place: number, address: AddressWords, set: number): void {
    if (set === NO_SET) this.#table.delete(place, address);
    else this.#table.set(place, address, set);
  }
}

function placeOf(vpc: number, family: Family, kind: 0 | 1): number {
  return vpc * 4 + (family === 'ipv4' ? 0 : 2) + kind;
}

function* eniSteps(change: Change): Generator<{ readonly from?: Eni; readonly to?: Eni }, void, undefined> {
  const part = change.enis;
  if (part === undefined) return;
  for (const to of part.added) yield { to };
  for (const [from, to] of part.updated) yield { from, to };
  for (const from of part.removed) yield { from };
}
