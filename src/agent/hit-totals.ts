import type { Count } from '../nft/listing.ts';
import type { Counters, Hits } from '../server/sync/messages.ts';
import type { CounterName, Reading } from './counter-names.ts';

/** So many rules and entries are counted; what is hit beyond is not. A name and its count take some 150 bytes. */
const MOST_NAMES = 100_000;

type Named = { readonly name: CounterName; readonly hits: Hits };

/** Totals that the server was not told yet, as many as fit into one message; `taken` says which they are, `telling` in which round. */
export type Untold = {
  readonly counters: Counters;
  readonly taken: ReadonlyMap<string, Hits>;
  readonly telling: number;
};

/**
 * What rules and entries counted since this run of the agent first read the kernel. What the kernel had counted before belongs to rules that
 * nobody remembers, so it is left out. A counter that is another one than at the reading before, or smaller, began anew meanwhile.
 */
export class HitTotals {
  readonly #run: string;
  readonly #last = new Map<string, Count>();
  readonly #totals = new Map<string, Named>();
  readonly #untold = new Set<string>();
  #read: { readonly since: number; readonly asOf: number } | undefined;
  #isFull = false;
  /** How often the server may have forgotten everything. */
  #telling = 0;

  /** `run` names this run of the agent, among all of its host. */
  constructor(run: string) {
    this.#run = run;
  }

  /** Whether there are more rules that were hit than are counted. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes a reading in. A rule was last hit at the reading that first shows it, give or take the time between two. */
  add(readings: readonly Reading[], nowMs: number): void {
    const isFirst = this.#read === undefined;
    this.#read = { since: this.#read?.since ?? nowMs, asOf: nowMs };
    const seen = new Map<string, Count>();
    for (const { object, name, count } of readings) {
      seen.set(object, count);
      if (isFirst || name === undefined) continue;
      const before = this.#last.get(object);
      const isNew = before === undefined || count.packets < before.packets;
      const packets = isNew ? count.packets : count.packets - before.packets;
      const bytes = isNew ? count.bytes : Math.max(0, count.bytes - before.bytes);
      if (packets > 0) this.#count(name, { packets, bytes, lastHit: nowMs });
    }
    this.#last.clear();
    for (const [object, count] of seen) this.#last.set(object, count);
  }

  /** The next totals to tell; undefined before the first reading. `maxLength`: of their text, about. */
  untold(maxLength: number): Untold | undefined {
    if (this.#read === undefined) return undefined;
    const taken = new Map<string, Hits>();
    const found = { groups: {}, acls: {} } as Record<CounterName['kind'], Record<string, Record<string, Hits>>>;
    let length = 0;
    for (const key of this.#untold) {
      const named = this.#totals.get(key);
      if (named === undefined) continue;
      length += key.length + HITS_LENGTH;
      if (length > maxLength) break;
      const { kind, owner, item } = named.name;
      (found[kind][owner] ??= {})[item] = named.hits;
      taken.set(key, named.hits);
    }
    return { counters: { run: this.#run, ...this.#read, ...found }, taken, telling: this.#telling };
  }

  /** The server knows these totals. Gives whether there are more to tell. */
  told({ taken, telling }: Untold): boolean {
    // What was told before the server forgot is not known to it.
    if (telling !== this.#telling) return this.#untold.size > 0;
    for (const [key, hits] of taken) if (this.#totals.get(key)?.hits === hits) this.#untold.delete(key);
    return this.#untold.size > 0;
  }

  /** The server may know nothing: everything is to be told again. */
  forgetTold(): void {
    this.#telling += 1;
    for (const key of this.#totals.keys()) this.#untold.add(key);
  }

  #count(name: CounterName, more: Hits): void {
    const key = `${name.kind} ${name.owner} ${name.item}`;
    const known = this.#totals.get(key);
    if (known === undefined && this.#totals.size >= MOST_NAMES) {
      this.#isFull = true;
      return;
    }
    const packets = (known?.hits.packets ?? 0) + more.packets;
    const bytes = (known?.hits.bytes ?? 0) + more.bytes;
    this.#totals.set(key, { name, hits: { ...more, packets, bytes } });
    this.#untold.add(key);
  }
}

/** `:{"packets":…,"bytes":…,"lastHit":…}` and the punctuation around it, with the longest numbers. */
const HITS_LENGTH = 96;
