import type { Family } from '../net/address.ts';
import { placeOnAxis } from '../net/axis.ts';
import type { Cidr } from '../net/cidr.ts';
import { interval } from '../net/interval-set.ts';
import { unreachable } from '../net/result.ts';
import type { GroupId } from '../model/ids.ts';
import type { Direction } from '../model/security-group.ts';
import { getRecord, type World } from '../model/world.ts';
import { type AddressClasses, addressClasses, type AddressWords, classAt } from './classifier-addresses.ts';
import { type AxisTable, axisTable, segmentAt } from './classifier-axis.ts';
import { type GroupSets, UNKNOWN_SET } from './classifier-membership.ts';
import { addBits, addInterval, RowTable } from './classifier-rows.ts';
import { type PlacedRule, preparedRules } from './match.ts';

/** What a profile says to a packet; `ADMIT_OPEN`: some admitting rule has an any-address peer, without which a flow is always tracked. */
export const REFUSE = 0;
export const ADMIT = 1;
export const ADMIT_OPEN = 2;
export const UNKNOWN = 3;
export type AdmitCode = typeof REFUSE | typeof ADMIT | typeof ADMIT_OPEN | typeof UNKNOWN;

/** Which combination of groups, which way, which family. */
export type ProfileKey = { readonly set: number; readonly direction: Direction; readonly family: Family };

/** The rules of a combination of groups by what their peers are; intervals of the axis stand flat. */
type SortedRules = {
  readonly ruleCount: number;
  readonly unknownGroups: readonly GroupId[];
  readonly prefixes: ReadonlyMap<string, { readonly cidr: Cidr; readonly intervals: readonly number[] }>;
  readonly references: ReadonlyMap<GroupId, readonly number[]>;
  readonly open: readonly number[];
  readonly doubts: readonly PlacedRule[];
};

/**
 * The compiled rules of one combination of groups: traffic → segment, peer address → class by longest prefix, peer's groups → row;
 * the verdict is one bit. It equals the definition (`decide.ts`) on every packet of its direction and family.
 */
export class Profile {
  readonly ruleCount: number;
  readonly unknownGroups: readonly GroupId[];
  /** Rules whose match may be unknown: those on lists that are not known always, references while the peer's end is not known. */
  readonly doubts: readonly PlacedRule[];
  readonly #axis: AxisTable;
  readonly #rows: RowTable;
  readonly #addresses: AddressClasses;
  readonly #references: ReadonlyMap<GroupId, number>;
  readonly #open: number;
  readonly #anyReference: number;
  readonly #doubtful: number;
  readonly #possible: number;
  readonly #fallThrough: typeof REFUSE | typeof UNKNOWN;
  readonly #opens: Readonly<Record<'tcp' | 'udp', boolean>>;
  readonly #sets: GroupSets;
  #memo = new Int32Array(2 * FIRST_MEMO);
  #memoSize = 0;

  constructor(world: World, sets: GroupSets, key: ProfileKey) {
    const sorted = sortRules(world, sets.groupsOf(key.set), key);
    const doubtful = sorted.doubts
      .filter((one) => one.rule.peer.kind === 'prefix-list')
      .flatMap(({ from, to }) => [from, to]);
    const references = [...sorted.references.values()].flat();
    const known = [...sorted.prefixes.values()].flatMap(({ intervals }) => intervals);
    const every = [...known, ...references, ...doubtful];
    const axis = axisTable(every);
    const rows = new RowTable(axis.segments);
    const rowOf = (intervals: readonly number[]): number => rows.intern(bitsOf(rows, axis, intervals));
    this.ruleCount = sorted.ruleCount;
    this.unknownGroups = sorted.unknownGroups;
    this.doubts = sorted.doubts;
    this.#axis = axis;
    this.#rows = rows;
    this.#sets = sets;
    this.#open = rowOf(sorted.open);
    this.#anyReference = rowOf(references);
    this.#doubtful = rowOf(doubtful);
    this.#possible = rowOf(every);
    this.#references = new Map([...sorted.references].map(([id, intervals]) => [id, rowOf(intervals)]));
    const prefixes = [...sorted.prefixes.values()].map(({ cidr }) => cidr);
    this.#addresses = addressClasses(key.family, prefixes, (cidr, outer) => {
      const bits = rows.copy(outer);
      addBits(bits, bitsOf(rows, axis, sorted.prefixes.get(prefixKey(cidr))?.intervals ?? []));
      return rows.intern(bits);
    });
    this.#fallThrough = sorted.unknownGroups.length > 0 || sets.groupsOf(key.set).length === 0 ? UNKNOWN : REFUSE;
    this.#opens = { tcp: covers(sorted.open, 'tcp'), udp: covers(sorted.open, 'udp') };
  }

  /**
   * What the rules say to a packet of the profile's family: its point of the axis, the peer's address, and the combination of groups
   * of the interface at the other end, `NO_SET` or `UNKNOWN_SET`. Allocates nothing but the memory of combinations met first.
   */
  classify(point: number, address: AddressWords, set: number): AdmitCode {
    const bit = segmentAt(this.#axis, point);
    const rows = this.#rows;
    if (rows.has(this.#possible, bit)) {
      if (rows.has(this.#open, bit)) return ADMIT_OPEN;
      if (rows.has(classAt(this.#addresses, address), bit)) return ADMIT;
      if (this.#references.size > 0 && set >= 0 && rows.has(this.#referenceRow(set), bit)) return ADMIT;
      if (rows.has(this.#doubtful, bit)) return UNKNOWN;
      if (set === UNKNOWN_SET && rows.has(this.#anyReference, bit)) return UNKNOWN;
    }
    return this.#fallThrough;
  }

  /** Whether one rule admits any address on all ports of the protocol: what lets flows of the other direction go untracked (E2:conntrack). */
  opensAllPorts(protocol: 'tcp' | 'udp'): boolean {
    return this.#opens[protocol];
  }

  /** The row of the references that a combination of groups answers. */
  #referenceRow(set: number): number {
    const memo = this.#memo;
    const mask = (memo.length >> 1) - 1;
    for (let slot = set & mask; ; slot = (slot + 1) & mask) {
      const found = memo[slot * 2] ?? 0;
      if (found === set + 1) return memo[slot * 2 + 1] ?? 0;
      if (found === 0) return this.#learn(set);
    }
  }

  #learn(set: number): number {
    const bits = this.#rows.blank();
    for (const id of this.#sets.groupsOf(set)) addBits(bits, this.#rows.copy(this.#references.get(id) ?? 0));
    const row = this.#rows.intern(bits);
    this.#memoSize += 1;
    if (this.#memoSize * 4 > this.#memo.length) this.#growMemo();
    remember(this.#memo, set, row);
    return row;
  }

  #growMemo(): void {
    const old = this.#memo;
    this.#memo = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2)
      if (old[at] !== 0) remember(this.#memo, (old[at] ?? 0) - 1, old[at + 1] ?? 0);
  }
}

/** Combinations that a profile has room for at first: two words each, half full at most. */
const FIRST_MEMO = 8;

function remember(memo: Int32Array, set: number, row: number): void {
  const mask = (memo.length >> 1) - 1;
  let slot = set & mask;
  while (memo[slot * 2] !== 0) slot = (slot + 1) & mask;
  memo[slot * 2] = set + 1;
  memo[slot * 2 + 1] = row;
}

function sortRules(world: World, groupIds: readonly GroupId[], key: ProfileKey): SortedRules {
  const groups = groupIds.map((id) => ({ id, record: getRecord(world, 'groups', id) }));
  const placed = groups.flatMap(({ record }) =>
    record === undefined ? [] : preparedRules(record, key.direction, key.family).placed,
  );
  const sorting: Sorting = { prefixes: new Map(), references: new Map(), open: [], doubts: [] };
  for (const one of placed) sortRule(world, one, { family: key.family, into: sorting });
  const unknownGroups = groups.flatMap(({ id, record }) => (record === undefined ? [id] : []));
  return { ruleCount: placed.length, unknownGroups, ...sorting };
}

type Sorting = {
  readonly prefixes: Map<string, { readonly cidr: Cidr; readonly intervals: number[] }>;
  readonly references: Map<GroupId, number[]>;
  readonly open: number[];
  readonly doubts: PlacedRule[];
};

function sortRule(world: World, one: PlacedRule, { family, into }: { family: Family; into: Sorting }): void {
  const { from, to } = one;
  const { peer } = one.rule;
  switch (peer.kind) {
    case 'cidr':
      if (peer.cidr.family !== family) return;
      addPrefix(into, peer.cidr, one);
      if (peer.cidr.length === 0) into.open.push(from, to);
      return;
    case 'prefix-list': {
      const list = getRecord(world, 'prefixLists', peer.prefixListId);
      if (list !== undefined && list.family !== family) return;
      for (const { cidr } of list?.entries ?? []) if (cidr.family === family) addPrefix(into, cidr, one);
      if (list?.entries === undefined) into.doubts.push(one);
      return;
    }
    case 'group': {
      const intervals = into.references.get(peer.groupId);
      if (intervals === undefined) into.references.set(peer.groupId, [from, to]);
      else intervals.push(from, to);
      into.doubts.push(one);
      return;
    }
    default:
      unreachable(peer);
  }
}

function addPrefix(into: Sorting, cidr: Cidr, { from, to }: PlacedRule): void {
  const key = prefixKey(cidr);
  const known = into.prefixes.get(key);
  if (known === undefined) into.prefixes.set(key, { cidr, intervals: [from, to] });
  else known.intervals.push(from, to);
}

function bitsOf(rows: RowTable, axis: AxisTable, intervals: readonly number[]): Int32Array {
  const bits = rows.blank();
  for (let index = 0; index < intervals.length; index += 2)
    addInterval(bits, axis, [intervals[index] ?? 0, intervals[index + 1] ?? 0]);
  return bits;
}

function covers(intervals: readonly number[], protocol: 'tcp' | 'udp'): boolean {
  const [first = 0, last = 0] = placeOnAxis(interval(0, 65_535), protocol);
  return intervals.some((from, index) => index % 2 === 0 && from <= first && last <= (intervals[index + 1] ?? 0));
}

function prefixKey({ base, length }: Cidr): string {
  return `${base.w0} ${base.w1} ${base.w2} ${base.w3} ${length}`;
}
