import { sameCidr } from '../core/net/cidr.ts';
import type { GroupId, PrefixListId, RuleId } from '../core/model/ids.ts';
import type { PrefixList } from '../core/model/prefix-list.ts';
import { getRecord } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import type { Members } from '../core/policy/members.ts';
import type { Chain } from './ruleset.ts';

/**
 * What was read of the view and written into a plan while a part of it was laid out: enough to tell whether doing it again would give the same, and
 * to put it there. Thousands are kept, so it stands in plain lists.
 */
export type Work = {
  readonly chains: readonly Chain[];
  /** Names of shared chains and what they were made of, in turns. */
  readonly contents: readonly string[];
  readonly numbered: { readonly keys: readonly string[]; readonly numbers: readonly number[] };
  readonly classes: { readonly numbers: readonly number[]; readonly rules: readonly (readonly RuleId[])[] };
  readonly lists: readonly (readonly [id: PrefixListId, list: PrefixList | undefined])[];
  /** Of members, rules depend on whether they are known and which prefixes they have; the addresses stand in sets. */
  readonly members: readonly GroupId[];
  /** Those of the members that have prefixes, or are not known. */
  readonly odd: ReadonlyMap<GroupId, Members['prefixes'] | undefined>;
};

/** Work while it is done. */
export class OpenWork {
  readonly #chains = new Set<Chain>();
  readonly #contents = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  readonly #classes = new Map<number, readonly RuleId[]>();
  readonly #lists = new Map<PrefixListId, PrefixList | undefined>();
  readonly #members = new Map<GroupId, Members['prefixes'] | undefined>();

  chain(chain: Chain): void {
    this.#chains.add(chain);
  }

  content(name: string, key: string): void {
    this.#contents.set(name, key);
  }

  number(key: string, number: number): void {
    this.#numbers.set(key, number);
  }

  classOf(number: number, rules: readonly RuleId[]): void {
    this.#classes.set(number, rules);
  }

  list(id: PrefixListId, list: PrefixList | undefined): void {
    this.#lists.set(id, list);
  }

  members(id: GroupId, prefixes: Members['prefixes'] | undefined): void {
    this.#members.set(id, prefixes);
  }

  /** Takes in what a part of it was. */
  add(part: Work): void {
    for (const chain of part.chains) this.#chains.add(chain);
    for (const [name, key] of contentsOf(part)) this.#contents.set(name, key);
    for (const [key, number] of numbersOf(part)) this.#numbers.set(key, number);
    for (const [number, rules] of classesOf(part)) this.#classes.set(number, rules);
    for (const [id, list] of part.lists) this.#lists.set(id, list);
    for (const id of part.members) this.#members.set(id, part.odd.has(id) ? part.odd.get(id) : NO_PREFIXES);
  }

  /** What was done. */
  close(): Work {
    const odd = [...this.#members].filter(([, prefixes]) => prefixes === undefined || prefixes.length > 0);
    return {
      chains: [...this.#chains],
      contents: [...this.#contents].flat(),
      numbered: { keys: [...this.#numbers.keys()], numbers: [...this.#numbers.values()] },
      classes: { numbers: [...this.#classes.keys()], rules: [...this.#classes.values()] },
      lists: [...this.#lists],
      members: [...this.#members.keys()],
      odd: odd.length === 0 ? NONE_ODD : new Map(odd),
    };
  }
}

const NO_PREFIXES: Members['prefixes'] = [];
const NONE_ODD: Work['odd'] = new Map();

/** Names of shared chains with what they were made of. */
export function* contentsOf({ contents }: Work): Generator<readonly [name: string, key: string], void, undefined> {
  for (let at = 0; at < contents.length; at += 2) yield [contents[at] ?? '', contents[at + 1] ?? ''];
}

/** Keys with the numbers that they have. */
export function* numbersOf({ numbered }: Work): Generator<readonly [key: string, number: number], void, undefined> {
  for (const [at, key] of numbered.keys.entries()) yield [key, numbered.numbers[at] ?? 0];
}

/** Numbers of classes with the rules that they count. */
export function* classesOf({
  classes,
}: Work): Generator<readonly [number: number, rules: readonly RuleId[]], void, undefined> {
  for (const [at, number] of classes.numbers.entries()) yield [number, classes.rules[at] ?? []];
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

function samePrefixes(a: Members['prefixes'] | undefined, b: Members['prefixes'] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((one, at) => sameCidr(one, b[at] ?? one));
}
