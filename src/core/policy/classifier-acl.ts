import { type Family, FAMILIES } from '../net/address.ts';
import { trafficInterval } from '../net/axis.ts';
import { type Cidr, cidrCovers } from '../net/cidr.ts';
import type { AclEntry, NetworkAcl } from '../model/network-acl.ts';
import { type Direction, DIRECTIONS } from '../model/security-group.ts';
import { type AddressClasses, addressClasses, type AddressWords, classAt } from './classifier-addresses.ts';
import { type AxisTable, axisTable, segmentAt } from './classifier-axis.ts';
import { addInterval, RowTable } from './classifier-rows.ts';
import { orderedEntries } from './match.ts';

/** What a NACL says to a packet: its final deny, a numbered allow, a numbered deny. */
export const ACL_DEFAULT = 0;
export const ACL_ALLOW = 1;
export const ACL_DENY = 2;
export type AclCode = typeof ACL_DEFAULT | typeof ACL_ALLOW | typeof ACL_DENY;

/**
 * The compiled entries of a NACL in one direction and family. Which entry wins depends on the longest prefix around the address and
 * on the segment alone, so each class has two rows: what is allowed, and what some entry decides.
 */
export type AclProfile = {
  readonly axis: AxisTable;
  readonly addresses: AddressClasses;
  readonly rows: RowTable;
  /** By class: the row of allowed segments, then the row of decided ones. */
  readonly pairs: Int32Array;
};

/** The compiled form of a NACL. */
export function aclProfile(acl: NetworkAcl, direction: Direction, family: Family): AclProfile {
  let profiles = PROFILES.get(acl);
  if (profiles === undefined) {
    profiles = new Map();
    PROFILES.set(acl, profiles);
  }
  const key = DIRECTIONS.indexOf(direction) * FAMILIES.length + FAMILIES.indexOf(family);
  let profile = profiles.get(key);
  if (profile === undefined) {
    profile = compileAcl(orderedEntries(acl, direction), family);
    profiles.set(key, profile);
  }
  return profile;
}

/** Memory of a pure function: the record of a NACL never changes, so neither does its compiled form. */
const PROFILES = new WeakMap<NetworkAcl, Map<number, AclProfile>>();

/** What the entries say to a packet: its point of the axis and the address that the direction filters by. */
export function classifyByAcl(profile: AclProfile, point: number, address: AddressWords): AclCode {
  const bit = segmentAt(profile.axis, point);
  const pair = classAt(profile.addresses, address) * 2;
  if (profile.rows.has(profile.pairs[pair] ?? 0, bit)) return ACL_ALLOW;
  return profile.rows.has(profile.pairs[pair + 1] ?? 0, bit) ? ACL_DENY : ACL_DEFAULT;
}

function compileAcl(all: readonly AclEntry[], family: Family): AclProfile {
  const entries = all
    .filter((entry) => entry.cidr.family === family)
    .map((entry) => ({ entry, points: trafficInterval(entry.traffic, family) }));
  const axis = axisTable(entries.flatMap(({ points }) => points));
  const rows = new RowTable(axis.segments);
  const pairs: number[] = [];
  const classOf = (prefix: Cidr): number => {
    const allowed = rows.blank();
    const decided = rows.blank();
    for (const { entry, points } of entries) {
      if (!cidrCovers(entry.cidr, prefix)) continue;
      const own = rows.blank();
      addInterval(own, axis, points);
      for (const [word, bits] of own.entries()) {
        if (entry.action === 'allow') allowed[word] = (allowed[word] ?? 0) | (bits & ~(decided[word] ?? 0));
        decided[word] = (decided[word] ?? 0) | bits;
      }
    }
    return pairs.push(rows.intern(allowed), rows.intern(decided)) / 2 - 1;
  };
  const prefixes = entries.map(({ entry }) => entry.cidr);
  const addresses = addressClasses(family, prefixes, classOf);
  return { axis, addresses, rows, pairs: Int32Array.from(pairs) };
}
