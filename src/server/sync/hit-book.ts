import type { Counters, Hits } from './messages.ts';

/** What counts: rules by their group, entries (`direction/number`) by their NACL. */
export type HitKind = 'groups' | 'acls';

/** Since when a host counts without a break, and when it last read its kernel; milliseconds since 1970 by the host's clock. */
export type Counting = { readonly since: number; readonly asOf: number };

/** The rules of a group, or the entries of a NACL with `*` for its final deny; empty when there is no such owner. */
export type ItemsOf = (kind: HitKind, owner: string) => ReadonlySet<string>;

/** Totals of one run of an agent: what was told of it, by owner and item. */
type Run = { readonly run: string; readonly counting: Counting; readonly told: Told };
type Told = Readonly<Record<HitKind, Map<string, Map<string, Hits>>>>;

/** Two agents may call themselves by one name, by mistake: neither is to be taken for the other started anew, each time. */
const RUNS = 2;
/** So many totals of hosts are kept, those of each host for itself; each takes some 150 bytes. */
const MOST_TOLD = 500_000;

/**
 * Adds up what hosts counted. The sums never go down: an agent that begins anew, and a host that goes, leave in them what they counted. They
 * are those of this run of the server; what agents counted before it they tell again.
 */
export class HitBook {
  readonly #hosts = new Map<string, readonly Run[]>();
  readonly #sums = new Map<string, Told>();
  readonly #mostTold: number;
  #toldCount = 0;
  #dropped = 0;

  constructor(mostTold: number = MOST_TOLD) {
    this.#mostTold = mostTold;
  }

  /** How many totals were not kept, for there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * A host of a realm tells totals. `itemsOf`: the rules or entries of an owner; what is told of others, which went meanwhile, is left out.
   * `now`: no hit is later, whatever the host's clock says.
   */
  take(
    { realm, host }: { readonly realm: string; readonly host: string },
    counters: Counters,
    { now, itemsOf }: { readonly now: number; readonly itemsOf: ItemsOf },
  ): void {
    const { told } = this.#runOf(`${realm}/${host}`, counters, now);
    const sums = this.#sumsOf(realm);
    for (const kind of ['groups', 'acls'] as const)
      for (const [owner, items] of Object.entries(counters[kind])) {
        const known = itemsOf(kind, owner);
        for (const [item, hits] of Object.entries(items))
          if (known.has(item)) this.#add(sums[kind], told[kind], { owner, item, hits, now });
      }
  }

  /** Since when a host counts; undefined when it does not. */
  counting(realm: string, host: string): Counting | undefined {
    return this.#hosts.get(`${realm}/${host}`)?.[0]?.counting;
  }

  /** How often something was hit on all hosts of a realm together; undefined when never. */
  sum(
    realm: string,
    kind: HitKind,
    { owner, item }: { readonly owner: string; readonly item: string },
  ): Hits | undefined {
    return this.#sums.get(realm)?.[kind].get(owner)?.get(item);
  }

  /** All sums of a realm of one kind, in the order in which they were first hit, owner by owner. */
  *sums(realm: string, kind: HitKind): Generator<readonly [owner: string, item: string, hits: Hits], void, undefined> {
    for (const [owner, items] of this.#sums.get(realm)?.[kind] ?? [])
      for (const [item, hits] of items) yield [owner, item, hits];
  }

  /** The realms that have sums. */
  get realms(): Iterable<string> {
    return this.#sums.keys();
  }

  /** An owner has these rules or entries by now: forgets the sums of others. */
  prune(
    realm: string,
    kind: HitKind,
    { owner, items }: { readonly owner: string; readonly items: ReadonlySet<string> },
  ): void {
    const sums = this.#sums.get(realm)?.[kind];
    const known = sums?.get(owner);
    for (const item of known?.keys() ?? []) if (!items.has(item)) known?.delete(item);
    if (known?.size === 0) sums?.delete(owner);
  }

  /** Forgets what a host told. The sums keep it. */
  forgetHost(realm: string, host: string): void {
    for (const { told } of this.#hosts.get(`${realm}/${host}`) ?? []) this.#toldCount -= sizeOf(told);
    this.#hosts.delete(`${realm}/${host}`);
  }

  #runOf(key: string, { run, since, asOf }: Counters, now: number): Run {
    const runs = this.#hosts.get(key) ?? [];
    const counting = { since: Math.min(since, now), asOf: Math.min(asOf, now) };
    const known = runs.find((one) => one.run === run);
    const own: Run = { run, counting, told: known?.told ?? nothingTold() };
    const others = runs.filter((one) => one.run !== run);
    for (const { told } of others.slice(RUNS - 1)) this.#toldCount -= sizeOf(told);
    this.#hosts.set(key, [own, ...others.slice(0, RUNS - 1)]);
    return own;
  }

  #sumsOf(realm: string): Told {
    const known = this.#sums.get(realm) ?? nothingTold();
    this.#sums.set(realm, known);
    return known;
  }

  #add(
    sums: Told[HitKind],
    told: Told[HitKind],
    {
      owner,
      item,
      hits,
      now,
    }: { readonly owner: string; readonly item: string; readonly hits: Hits; readonly now: number },
  ): void {
    const before = told.get(owner)?.get(item);
    if (before === undefined && this.#toldCount >= this.#mostTold) {
      this.#dropped += 1;
      return;
    }
    const packets = hits.packets - (before?.packets ?? 0);
    const bytes = hits.bytes - (before?.bytes ?? 0);
    // Totals only grow: what says otherwise came late.
    if (packets <= 0) return;
    if (before === undefined) this.#toldCount += 1;
    put(told, { owner, item, hits });
    const sum = sums.get(owner)?.get(item);
    put(sums, {
      owner,
      item,
      hits: {
        packets: added(sum?.packets, packets),
        bytes: added(sum?.bytes, Math.max(0, bytes)),
        lastHit: Math.max(sum?.lastHit ?? 0, Math.min(hits.lastHit, now)),
      },
    });
  }
}

function added(sum: number | undefined, more: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, (sum ?? 0) + more);
}

function nothingTold(): Told {
  return { groups: new Map(), acls: new Map() };
}

function put(
  to: Map<string, Map<string, Hits>>,
  { owner, item, hits }: { readonly owner: string; readonly item: string; readonly hits: Hits },
): void {
  const items = to.get(owner) ?? new Map<string, Hits>();
  to.set(owner, items);
  items.set(item, hits);
}

function sizeOf({ groups, acls }: Told): number {
  return [...groups.values(), ...acls.values()].reduce((sum, items) => sum + items.size, 0);
}
