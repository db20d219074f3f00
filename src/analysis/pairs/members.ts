import { type Address, formatAddress, sameAddress } from '../../core/net/address.ts';
import { type Cidr, cidrCovers, hostCidr, sameCidr } from '../../core/net/cidr.ts';
import type { Eni } from '../../core/model/eni.ts';
import type { EniId } from '../../core/model/ids.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { EXEMPT_ADDRESSES } from '../../core/policy/exempt.ts';
import { type AddressSpace, intersectSpaces, sampleAddress } from '../address-space.ts';
import { isOrdinary } from '../place.ts';
import type { NodeId, PrefixTree } from './prefix-tree.ts';

/** What sends and receives: addresses of an interface, or addresses outside of all worlds' own, that nothing tells apart. */
export type Member = {
  /** The interface; absent outside. */
  readonly eniId?: EniId;
  /** Its longest prefix in the tree of all prefixes. */
  readonly node: NodeId;
  readonly space: AddressSpace;
  /** The address that stands for the space. */
  readonly sample: Address;
};

/** An interface over all worlds, and its members: an address that it has in any of them, or a part of a delegated prefix. */
export type EniMembers = {
  /** Its record in each world. */
  readonly records: readonly (Eni | undefined)[];
  /** It is the same record in all. */
  readonly isSame: boolean;
  readonly members: readonly Member[];
};

/** The members of all interfaces. */
export function* eniMembers(worlds: readonly World[], tree: PrefixTree): Generator<EniMembers, void, undefined> {
  for (const [at, world] of worlds.entries())
    for (const eni of listRecords(world, 'enis')) {
      if (!isOrdinary(eni)) continue;
      const records = recordsOf(worlds, eni, at);
      if (at > 0 && records.slice(0, at).some((one) => one !== undefined && isOrdinary(one))) continue;
      const isSame = worlds.length === 1 || isOnly(records, eni);
      const members = isSame ? membersOf(eni, tree) : [...new Set(records)].flatMap((one) => membersOf(one, tree));
      yield { records, isSame, members: distinct(members) };
    }
}

/** `at`: the world that the interface is of. */
function recordsOf(worlds: readonly World[], eni: Eni, at: number): readonly (Eni | undefined)[] {
  if (worlds.length === 1) return [eni];
  return worlds.map((other, place) => (place === at ? eni : getRecord(other, 'enis', eni.id)));
}

function isOnly(records: readonly (Eni | undefined)[], eni: Eni): boolean {
  return records.every((one) => one === eni);
}

function membersOf(eni: Eni | undefined, tree: PrefixTree): readonly Member[] {
  if (eni === undefined || !isOrdinary(eni)) return [];
  const members: Member[] = [];
  for (const { address } of eni.addresses)
    if (address.family === tree.family) members.push(new AddressMember(eni.id, placeIn(tree, address), address));
  for (const prefix of eni.prefixes)
    if (prefix.family === tree.family)
      for (const part of partsOf(prefix, tree)) members.push({ eniId: eni.id, ...part });
  return members;
}

function distinct(members: readonly Member[]): readonly Member[] {
  if (members.length < 2) return members;
  const known = new Map<string, Member>();
  for (const member of members) {
    const key = `${member.node} ${formatAddress(member.sample)}`;
    if (!known.has(key)) known.set(key, member);
  }
  return [...known.values()];
}

/** One address of an interface. Most members are such, and of most nobody asks the space. */
class AddressMember implements Member {
  readonly eniId: EniId;
  readonly node: NodeId;
  readonly sample: Address;

  constructor(eniId: EniId, node: NodeId, sample: Address) {
    this.eniId = eniId;
    this.node = node;
    this.sample = sample;
  }

  get space(): AddressSpace {
    return [hostCidr(this.sample)];
  }
}

/** An address that is not known stands at the prefix that it will be of, which must be one of the tree's. */
function placeIn(tree: PrefixTree, address: Address): NodeId {
  return address.within === undefined ? tree.nodeOf(address) : (tree.nodeFor(address.within) ?? 0);
}

/** The members that lie outside of some world's own addresses: what is left of each node of the tree. `own`: for each world (`coveredNodes`). */
export function outsideMembers(tree: PrefixTree, own: readonly Uint8Array[]): readonly Member[] {
  const exempt = new Set(EXEMPT_ADDRESSES.map(formatAddress));
  return [...tree.cidrs.keys()].flatMap((node): readonly Member[] => {
    if (own.every((nodes) => nodes[node] === 1)) return [];
    const space = tree.remainder(node);
    const sample = sampleAddress(space);
    return sample === undefined || exempt.has(formatAddress(sample)) ? [] : [{ node, space, sample }];
  });
}

/** For each node, 1 where it lies inside one of these prefixes, which must be prefixes of the tree. */
export function coveredNodes(tree: PrefixTree, prefixes: readonly Cidr[]): Uint8Array {
  const covered = new Uint8Array(tree.cidrs.length);
  for (const prefix of prefixes) {
    const node = tree.nodeFor(prefix);
    if (node !== undefined) covered[node] = 1;
  }
  // Parents stand before their children.
  for (const [node, parent] of tree.parents.entries()) if (parent >= 0 && covered[parent] === 1) covered[node] = 1;
  return covered;
}

/** Whether an interface has the addresses of a member in its world. */
export function hasMember(eni: Eni, member: Member): boolean {
  const [only] = member.space;
  return (
    eni.addresses.some((own) => only !== undefined && member.space.length === 1 && isHost(only, own.address)) ||
    eni.prefixes.some((prefix) => member.space.every((cidr) => cidrCovers(prefix, cidr)))
  );
}

function isHost(cidr: Cidr, address: Address): boolean {
  const host: Cidr = hostCidr(address);
  const [one, other] = [cidr.base.within, address.within];
  const isAlike = one === undefined || other === undefined ? one === other : sameCidr(one, other);
  return cidr.length === host.length && isAlike && sameAddress(cidr.base, address);
}

function partsOf(prefix: Cidr, tree: PrefixTree): readonly Omit<Member, 'eniId'>[] {
  return [...new Set([tree.around(prefix), ...tree.within(prefix)])].flatMap((node) => {
    const space = intersectSpaces([prefix], tree.remainder(node));
    const sample = sampleAddress(space);
    return sample === undefined ? [] : [{ node, space, sample }];
  });
}
