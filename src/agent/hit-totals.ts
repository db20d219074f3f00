import type { Count } from '../nft/listing.ts';
import type { Hits, Report } from '../server/sync/messages.ts';
import type { HitCounts } from './enforcer.ts';

type Known = { readonly last: Count; readonly hits: Hits };

/**
 * What rules and entries counted since the agent began. The kernel's own counters begin anew when a chain is made anew; a count that is
 * smaller than before is one that did.
 */
export class HitTotals {
  readonly #rules: Map<string, Known> = new Map();
  readonly #entries: Map<string, Known> = new Map();

  /** Takes a reading in, and gives the totals. A rule was last hit at the reading that first shows it, give or take the time between two. */
  add(counts: HitCounts, nowMs: number): NonNullable<Report['counters']> {
    return { rules: merged(this.#rules, counts.rules, nowMs), entries: merged(this.#entries, counts.entries, nowMs) };
  }
}

function merged(
  known: Map<string, Known>,
  counts: ReadonlyMap<string, Count>,
  nowMs: number,
): Readonly<Record<string, Hits>> {
  for (const [name, now] of counts) {
    const key = name.replaceAll(' ', '/');
    const before = known.get(key);
    const isNew = before === undefined || now.packets < before.last.packets;
    const packets = isNew ? now.packets : now.packets - before.last.packets;
    const bytes = isNew ? now.bytes : now.bytes - before.last.bytes;
    const old = before?.hits ?? { packets: 0, bytes: 0 };
    const hits = packets === 0 ? old : { packets: old.packets + packets, bytes: old.bytes + bytes, lastHit: nowMs };
    known.set(key, { last: now, hits });
  }
  return Object.fromEntries([...known].map(([key, { hits }]) => [key, hits]));
}
