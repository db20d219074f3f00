import { sameCidr } from '../core/net/cidr.ts';
import type { GroupId, PrefixListId } from '../core/model/ids.ts';
import type { PrefixList } from '../core/model/prefix-list.ts';
import { getRecord } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import type { Members } from '../core/policy/members.ts';
import type { Chain } from './ruleset.ts';

/** A chain before it is sealed. `content`: what it was made of, where others of the same content share it. */
export type Draft = Chain & { readonly content?: string };

/**
 * What was read of the view and written into a plan while a part of it was laid out: enough to tell whether doing it again would give the same, and
 * to put it there. Thousands are kept, so it stands in plain lists. What numbers stand for and count says the layout.
 */
export type Work = {
  readonly chains: readonly Draft[];
  /** Numbers that count nothing, and numbers of classes. */
  readonly numbers: readonly number[];
  readonly classes: readonly number[];
  readonly lists: readonly (readonly [id: PrefixListId, list: PrefixList | undefined])[];
  /** Of members, rules depend on whether they are known and which prefixes they have; the addresses stand in sets. */
  readonly members: readonly GroupId[];
  /** Those of the members that have prefixes, or are not known. */
  readonly odd: ReadonlyMap<GroupId, Members['prefixes'] | undefined>;
  readonly problems: readonly string[];
};

/** Work while it is done. */
export class OpenWork {
  readonly #chains = new Set<Draft>();
  readonly #numbers = new Set<number>();
  readonly #classes = new Set<number>();
  readonly #lists = new Map<PrefixListId, PrefixList | undefined>();
  readonly #members = new Map<GroupId, Members['prefixes'] | undefined>();
  readonly #problems = new Set<string>();

  chain(chain: Draft): void {
    this.#chains.add(chain);
  }

  number(number: number): void {
    this.#numbers.add(number);
  }

  classOf(number: number): void {
    this.#classes.add(number);
  }

  list(id: PrefixListId, list: PrefixList | undefined): void {
    this.#lists.set(id, list);
  }

  members(id: GroupId, prefixes: Members['prefixes'] | undefined): void {
    this.#members.set(id, prefixes);
  }

  problem(problem: string): void {
    this.#problems.add(problem);
  }

  /** Takes in what a part of it was. */
  add(part: Work): void {
    for (const chain of part.chains) this.#chains.add(chain);
    for (const number of part.numbers) this.#numbers.add(number);
    for (const number of part.classes) this.#classes.add(number);
    for (const [id, list] of part.lists) this.#lists.set(id, list);
    for (const problem of part.problems) this.#problems.add(problem);
    for (const id of part.members) this.#members.set(id, part.odd.has(id) ? part.odd.get(id) : NO_PREFIXES);
  }

  /** What was done. */
  close(): Work {
    const odd = [...this.#members].filter(([, prefixes]) => prefixes === undefined || prefixes.length > 0);
    return {
      chains: [...this.#chains],
      numbers: [...this.#numbers].filter((number) => !this.#classes.has(number)),
      classes: listOf(this.#classes),
      lists: this.#lists.size === 0 ? NONE : [...this.#lists],
      members: listOf(new Set(this.#members.keys())),
      problems: listOf(this.#problems),
      odd: odd.length === 0 ? NONE_ODD : new Map(odd),
    };
  }
}

const NO_PREFIXES: Members['prefixes'] = [];
const NONE: readonly never[] = [];
const NONE_ODD: Work['odd'] = new Map();

function listOf<T>(all: ReadonlySet<T>): readonly T[] {
  return all.size === 0 ? NONE : [...all];
}

/** Whether all that the work read is in a view as it was. */
export function holdsIn({ lists, members, odd }: Work, view: HostView): boolean {
  for (const [id, list] of lists) if (getRecord(view.world, 'prefixLists', id) !== list) return false;
  for (const id of members) {
    const known = odd.has(id) ? odd.get(id) : NO_PREFIXES;
    if (!samePrefixes(view.members.get(id)?.prefixes, known)) return false;
  }
  return true;
}

/** Whether rules say the same of members with these prefixes; undefined where members are not known. */
export function samePrefixes(a: Members['prefixes'] | undefined, b: Members['prefixes'] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((one, at) => sameCidr(one, b[at] ?? one));
}
