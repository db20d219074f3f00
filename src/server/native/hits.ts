import { FAMILIES } from '../../core/net/address.ts';
import type { NetworkAcl } from '../../core/model/network-acl.ts';
import { DIRECTIONS, type Direction } from '../../core/model/security-group.ts';
import { getRecord, indexedIds, listRecords, type World } from '../../core/model/world.ts';
import { passesAll } from '../../core/policy/match.ts';
import type { HitBook, HitKind } from '../sync/hit-book.ts';
import type { At, Filtered, HostCondition, HostDocument, Hosts } from '../sync/hosts.ts';

/** How often a rule or an entry let something pass or denied it; of a tracked flow only what opens it asks a rule. `lastHit` is null when never. */
export type HitCount = { readonly packets: number; readonly bytes: number; readonly lastHit: string | null };

/** Why nobody knows how often something was hit. */
export type NotCounted = { readonly notCounted: string };

/** What hosts counted at the rules of a group, or at the entries of a NACL. Times are by the clocks of the hosts. */
export type HitsDocument = {
  /** When the server said so. */
  readonly at: string;
  /** The hosts that hold an interface which it filters; `since` and `asOf` are null for one that did not count yet. */
  readonly hosts: readonly {
    readonly host: string;
    readonly condition: HostCondition;
    readonly since: string | null;
    readonly asOf: string | null;
  }[];
  /** From when on all live hosts have counted without a break; of all hosts if none is live. The counts may hold what was counted before. */
  readonly since: string | null;
  /** The oldest of the live hosts' newest readings of their kernels; of all hosts if none is live. */
  readonly asOf: string | null;
  /** By rule id, or by `direction/number` with `*` for the final deny. */
  readonly counts: Readonly<Record<string, HitCount | NotCounted>>;
};

/** A group or NACL by its id. */
export type HitOwner = { readonly kind: HitKind; readonly id: string };

/** The rules of a group, or the entries of a NACL with its final denies, as counters call them. */
export function countedItems(world: World, { kind, id }: HitOwner): ReadonlySet<string> {
  if (kind === 'groups') return new Set((getRecord(world, 'groups', id)?.rules ?? []).map((rule) => rule.id));
  const acl = getRecord(world, 'acls', id);
  return acl === undefined ? new Set() : new Set(DIRECTIONS.flatMap((direction) => itemsOfAcl(acl, direction)));
}

function itemsOfAcl(acl: NetworkAcl, direction: Direction): readonly string[] {
  const own = acl.entries.filter((entry) => entry.direction === direction);
  return [...own.map(({ number }) => `${direction}/${number}`), `${direction}/*`];
}

/** What is known of the hits of a group or NACL. */
export function hitsDocument(
  realm: string,
  { world, owner, at }: { readonly world: World; readonly owner: HitOwner; readonly at: At },
  { hosts, book }: { readonly hosts: Hosts; readonly book: HitBook },
): HitsDocument {
  const holding = hosts.holding(realm, filteredBy(world, owner), at);
  const countings = holding.map((one) => ({ one, counting: book.counting(realm, one.host) }));
  const counted = countings.filter(({ counting }) => counting !== undefined);
  const isCounted = counted.length > 0;
  // Hosts that are gone say nothing new: they count for these times only where no other does.
  const live = counted.filter(({ one }) => one.condition !== 'gone');
  const known = (live.length === 0 ? counted : live).flatMap(({ counting }) => counting ?? []);
  const why = whyNot(world, owner, isCounted ? undefined : holding);
  const counts = [...countedItems(world, owner)].map((item): readonly [string, HitCount | NotCounted] => {
    const hits = book.sum(realm, owner.kind, { owner: owner.id, item });
    if (hits !== undefined) return [item, { ...hits, lastHit: isoOf(hits.lastHit) }];
    const notCounted = why(item);
    return [item, notCounted === undefined ? NEVER : { notCounted }];
  });
  return {
    at: isoOf(at.now),
    hosts: countings.map(({ one: { host, condition }, counting }) => ({
      host,
      condition,
      since: counting === undefined ? null : isoOf(counting.since),
      asOf: counting === undefined ? null : isoOf(counting.asOf),
    })),
    since: isCounted ? isoOf(Math.max(...known.map(({ since }) => since))) : null,
    asOf: isCounted ? isoOf(Math.min(...known.map(({ asOf }) => asOf))) : null,
    counts: Object.fromEntries(counts),
  };
}

const NEVER: HitCount = { packets: 0, bytes: 0, lastHit: null };

/** The interfaces that a group or a NACL filters. A NAT gateway is behind its subnet's NACL too, in a lab. */
function filteredBy(world: World, { kind, id }: HitOwner): Filtered {
  if (kind === 'groups') return { world, enis: [...indexedIds(world, 'enisByGroup', id)], isAtNat: false };
  const subnets = new Set<string>();
  for (const subnet of listRecords(world, 'subnets')) if (subnet.networkAcl?.aclId === id) subnets.add(subnet.id);
  return {
    world,
    enis: [...subnets].flatMap((subnet) => [...indexedIds(world, 'enisBySubnet', subnet)]),
    isAtNat: [...listRecords(world, 'natGateways')].some((nat) => subnets.has(nat.subnetId)),
  };
}

/** Why something that has no hits was not counted; `idle` are the hosts when none of them counts. */
function whyNot(
  world: World,
  { kind, id }: HitOwner,
  idle: readonly HostDocument[] | undefined,
): (item: string) => string | undefined {
  const ofHosts =
    idle === undefined
      ? undefined
      : idle.length === 0
        ? 'no host enforces it'
        : 'its hosts have not read their counters yet';
  const acl = kind === 'acls' ? getRecord(world, 'acls', id) : undefined;
  return (item) => ofHosts ?? (acl === undefined ? undefined : whyUnasked(acl, item));
}

/** A NACL that lets everything of a family pass is not asked by the kernel at all: nothing is counted at its entries. */
function whyUnasked(acl: NetworkAcl, item: string): string | undefined {
  const direction = DIRECTIONS.find((one) => item.startsWith(`${one}/`)) ?? 'ingress';
  const number = item.slice(direction.length + 1);
  const entry = acl.entries.find((one) => one.direction === direction && String(one.number) === number);
  const families = entry === undefined ? FAMILIES : [entry.cidr.family];
  const isUnasked = families.every((family) => passesAll(acl, direction, family));
  return isUnasked ? 'its NACL lets everything pass, so nothing asks it' : undefined;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
