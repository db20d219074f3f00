import type { RuleId } from '../core/model/ids.ts';
import { listRecords, type World } from '../core/model/world.ts';
import type { Count, Counts } from '../nft/listing.ts';
import { entriesAt, keysBetween } from '../nft/patched-map.ts';
import { MAX_NUMBER, MAX_PEER, type Meaning, NUMBER_BITS } from '../nft/plan.ts';

/** What a counter stands for: a rule of a group, or an entry of a NACL as `direction/number`. */
export type CounterName = { readonly kind: 'groups' | 'acls'; readonly owner: string; readonly item: string };

/** One counter of the kernel. `object` is another one when it is made anew; `name` is absent when nobody knows what it counts. */
export type Reading = { readonly object: string; readonly name: CounterName | undefined; readonly count: Count };

/** Rules of a class, by place, and the world that knows which groups they are of. */
type Class = { readonly rules: readonly RuleId[]; readonly world: World };

const NO_CLASSES: Meaning['classes'] = new Map();

/** Knows what the kernel's counters count, also those of rules that went since they were read last. */
export class CounterNames {
  #live: Meaning | undefined;
  #world: World | undefined;
  readonly #chains = new Map<string, CounterName>();
  /** Classes that went since the last reading, or became others. */
  readonly #gone = new Map<number, Class>();
  /** Numbers that meant one thing and then another since the last reading: what they counted may be of either. */
  readonly #doubtful = new Set<number>();

  /** The chains whose first rule counts something that has a name. */
  get chains(): Iterable<string> {
    return this.#chains.keys();
  }

  /** The kernel holds a layout with this meaning now, made of a world. */
  follow(world: World, meaning: Meaning): void {
    if (meaning === this.#live) return;
    const [before, worldBefore] = [this.#live, this.#world];
    this.#live = meaning;
    this.#world = world;
    const known = before?.classes ?? NO_CLASSES;
    for (const [number, rules] of entriesAt(known, keysBetween(known, meaning.classes))) {
      const next = meaning.classes.get(number);
      const stays = next !== undefined && hasSameItems(next, rules);
      if (!stays && !this.#gone.has(number)) this.#gone.set(number, { rules, world: worldBefore ?? world });
    }
    for (const [number, { rules }] of this.#gone) {
      const next = meaning.classes.get(number);
      if (next !== undefined && !hasSameItems(next, rules)) this.#doubtful.add(number);
    }
    for (const [chain, { aclId, direction, number }] of meaning.entries)
      this.#chains.set(chain, { kind: 'acls', owner: aclId, item: `${direction}/${number}` });
  }

  /** What counters say; what went before is forgotten with it. */
  readings(counts: Counts): readonly Reading[] {
    const readings: Reading[] = [];
    const owners = new Owners();
    for (const [mark, count] of counts.hits)
      readings.push({ object: `mark ${mark}`, name: this.#nameOf(mark, owners), count });
    for (const [chain, name] of this.#chains) {
      const count = counts.rules.get(`${chain} 0`);
      if (count !== undefined) readings.push({ object: `${chain} ${count.handle}`, name, count });
    }
    this.#gone.clear();
    this.#doubtful.clear();
    for (const chain of this.#chains.keys()) if (this.#live?.entries.has(chain) === false) this.#chains.delete(chain);
    return readings;
  }

  /** Marks that no packet can bear any more: their counters may be taken out of the kernel. */
  staleMarks(counts: Counts): readonly number[] {
    return [...counts.hits.keys()].filter((mark) => this.#live?.classes.has(mark & MAX_NUMBER) === false);
  }

  #nameOf(mark: number, owners: Owners): CounterName | undefined {
    const number = mark & MAX_NUMBER;
    if (this.#doubtful.has(number)) return undefined;
    const live = this.#live?.classes.get(number);
    const found = live === undefined ? this.#gone.get(number) : { rules: live, world: this.#world };
    return found?.world && nameAt(found.rules, Math.max(0, (mark >>> NUMBER_BITS) - 1), owners.of(found.world));
  }
}

/** Which groups rules are of, world by world, for as long as counters are read. */
class Owners {
  readonly #known = new Map<World, ReadonlyMap<RuleId, string>>();

  of(world: World): ReadonlyMap<RuleId, string> {
    const owners =
      this.#known.get(world) ??
      new Map(
        [...listRecords(world, 'groups')].flatMap(({ id, rules }) => rules.map((rule) => [rule.id, id] as const)),
      );
    this.#known.set(world, owners);
    return owners;
  }
}

/** Peers past what a mark can tell apart share the last place, so what is counted there is nobody's. */
function nameAt(rules: readonly RuleId[], place: number, owners: ReadonlyMap<RuleId, string>): CounterName | undefined {
  const item = rules[place];
  const owner = item === undefined ? undefined : owners.get(item);
  if (item === undefined || owner === undefined) return undefined;
  return rules.length > MAX_PEER && place >= MAX_PEER - 1 ? undefined : { kind: 'groups', owner, item };
}

function hasSameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
