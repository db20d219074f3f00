import type { GroupId, PrefixListId, RuleId } from '../core/model/ids.ts';
import type { PrefixList } from '../core/model/prefix-list.ts';
import { getRecord, type World } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import type { Members } from '../core/policy/members.ts';
import { CannotHold } from './cannot-hold.ts';
import { ClassMap } from './class-map.ts';
import { type Draft, holdsIn, OpenWork, type Work } from './kept-work.ts';
import { hashText } from './names.ts';
import { NumberMap, numbersIn } from './packed-map.ts';
import { holdersIn, NO_PAST, type Past, pastAfter } from './past.ts';
import type { PlacedMemory } from './rule-classes.ts';
import type { CtTimeout, Elements, Hook, KeyType, NftSet, Rule, Ruleset, Value } from './ruleset.ts';
import { TextMap } from './text-map.ts';
import type { Wiring } from './wiring.ts';

/** Numbers that stand in the kernel for combinations of groups and for classes of rules, and its past; kept from one layout to the next. */
export type Numbering = {
  /** The highest number that is given: what a mark has room for, and less only where a test wants a host that is full. */
  readonly most: number;
  readonly numbers: ReadonlyMap<string, number>;
  /** Numbers that the kernel may know by another meaning: they are given to nothing new. */
  readonly reserved: ReadonlySet<number>;
  readonly past: Past;
};

/**
 * Bits of a packet's mark that hold a number; the bits above say which peer of a class matched. Ten of those tell the 1,000 rules apart that AWS lets one
 * interface have (VPC quotas: rules by groups); the rest are numbers enough for 10,000 interfaces of 60 rules of their own for both families.
 */
export const NUMBER_BITS = 22;
export const MAX_NUMBER: number = 2 ** NUMBER_BITS - 1;
export const MAX_PEER: number = 2 ** (32 - NUMBER_BITS) - 1;

export const NO_NUMBERS: Numbering = { most: MAX_NUMBER, numbers: new Map(), reserved: new Set(), past: NO_PAST };

/** What counters count: the rules of a class, the place of each being its peer's; entry counters stand in chains of their own. */
export type Meaning = {
  readonly classes: ReadonlyMap<number, readonly RuleId[]>;
  readonly entries: ReadonlyMap<
    string,
    { readonly aclId: string; readonly direction: string; readonly number: string }
  >;
};

/** What the layout before gave numbers, and what they counted: work that is taken over knows them by number alone. */
export type Given = { readonly numbers: Numbering['numbers']; readonly classes: Meaning['classes'] };

const NONE_GIVEN: Given = { numbers: new Map(), classes: new Map() };

/** What has to be said to people: why something is closed that they may think open. */
export type Problem = string;

/** So few elements are not worth packing. */
const FEW = 16;

/** A layout in the making. Everything is written once; two contents under one name are a fault. */
export class Plan {
  readonly view: HostView;
  readonly wiring: Wiring;
  readonly #chains: Map<string, Draft> = new Map();
  readonly #sets: Map<string, NftSet> = new Map();
  readonly #timeouts: Map<string, CtTimeout> = new Map();
  readonly #previous: Numbering;
  readonly #numbers: Map<string, number> = new Map();
  #taken: Set<number> | undefined;
  readonly #before: Given;
  /** Numbers of work that was taken over. */
  readonly #reused: Set<number> = new Set();
  /** Which numbers still stand for what they stood for; undefined where all do. */
  readonly #lasting: ReadonlySet<number> | undefined;
  #past: Past | undefined;
  readonly #standing: Set<string> = new Set();
  /** What shared chains took to make: whoever leads to one needs all of it. */
  readonly #shared: Map<string, Work> = new Map();
  /** Pieces of work that are under way, the innermost last. */
  readonly #open: OpenWork[] = [];
  /** Texts that stand in many places, each once. */
  readonly #texts: Map<string, string> = new Map();
  readonly #classes: Map<number, readonly RuleId[]> = new Map();
  readonly entries: Map<string, { aclId: string; direction: string; number: string }> = new Map();
  readonly problems: Set<Problem> = new Set();
  readonly placed: PlacedMemory = new Map();

  /** `before`: of the layout whose work may be taken over. */
  constructor(view: HostView, wiring: Wiring, previous: Numbering, before: Given = NONE_GIVEN) {
    this.view = view;
    this.wiring = wiring;
    this.#previous = previous;
    this.#before = before;
    if (previous.numbers !== before.numbers)
      this.#lasting = new Set(
        [...before.numbers].filter(([key, number]) => previous.numbers.get(key) === number).map(([, number]) => number),
      );
  }

  get world(): World {
    return this.view.world;
  }

  get ruleset(): Ruleset {
    return { chains: this.#chains, sets: this.#sets, timeouts: this.#timeouts };
  }

  get numbering(): Numbering {
    const { most } = this.#previous;
    for (const [key, number] of this.#before.numbers) if (this.#reused.has(number)) this.#numbers.set(key, number);
    const numbers = this.#numbers;
    return { most, numbers: new NumberMap(numbers), reserved: NO_NUMBERS.reserved, past: this.past };
  }

  /** What numbers of classes count. */
  get classes(): Meaning['classes'] {
    return new ClassMap(this.#classes);
  }

  /** The past of this layout. Asked for once the sets are laid that say who holds what. */
  get past(): Past {
    this.#past ??= pastAfter(this.#previous.past, holdersIn(this.#sets));
    return this.#past;
  }

  /** Says what the past is, where nobody comes and goes. */
  goOn(past: Past): void {
    this.#past = past;
  }

  /** The numbers that were asked for. */
  get asked(): Numbering['numbers'] {
    return this.#numbers;
  }

  /** Does a part of the layout and notes what it read and wrote. */
  record<T>(part: () => T): { readonly result: T; readonly work: Work } {
    const open = new OpenWork();
    this.#open.push(open);
    const result = part();
    this.#open.pop();
    return { result, work: open.close() };
  }

  /** Puts there what was made before; false, and nothing done, where making it anew could give something else. */
  reuse(work: Work): boolean {
    const isLasting = (number: number): boolean => this.#lasting?.has(number) ?? true;
    if (!work.numbers.every(isLasting) || !work.classes.every(isLasting)) return false;
    if (!holdsIn(work, this.view)) return false;
    for (const chain of work.chains) {
      const there = this.#chains.get(chain.name);
      if (there !== chain && chain.content !== undefined) this.#hasContent(chain.name, chain.content);
      this.#chains.set(chain.name, chain);
    }
    for (const problem of work.problems) this.problems.add(problem);
    for (const number of work.numbers) this.#reused.add(number);
    for (const number of work.classes) {
      this.#reused.add(number);
      this.#classes.set(number, this.#before.classes.get(number) ?? []);
    }
    return true;
  }

  /** Says what has to be said to people. */
  problem(problem: Problem): void {
    this.problems.add(problem);
    this.#open.at(-1)?.problem(problem);
  }

  chain(name: string, rules: readonly Rule[], hook?: Hook): string {
    return this.draft({ name, rules, ...(hook === undefined ? {} : { hook }) });
  }

  /** A chain that makes its rules by itself. */
  draft(chain: Draft): string {
    this.#chains.set(chain.name, chain);
    this.#open.at(-1)?.chain(chain);
    return chain.name;
  }

  /** A chain whose name says all that is in it. */
  onceChain(name: string, rules: () => readonly Rule[]): string {
    const known = this.#chains.get(name);
    if (known === undefined) return this.chain(name, rules());
    this.#open.at(-1)?.chain(known);
    return name;
  }

  /** A chain that is named after its content, made when it is first asked for: its rules, or a chain of this name that knows them. */
  sharedChain(
    prefix: string,
    suffix: string,
    made: { readonly key: string; readonly rules: (name: string) => readonly Rule[] | Draft },
  ): string {
    const name = this.once([prefix, '-', hashText(made.key), '.', suffix].join(''));
    if (!this.#hasContent(name, made.key) || !this.#shared.has(name)) {
      const { work } = this.record(() => {
        const rules = made.rules(name);
        return this.draft('name' in rules ? rules : { name, content: made.key, rules });
      });
      this.#shared.set(name, work);
    }
    const work = this.#shared.get(name);
    if (work !== undefined) this.#open.at(-1)?.add(work);
    return name;
  }

  /** Whether a chain of this name is there, and then of this content. Throws where it is of another. */
  #hasContent(name: string, content: string): boolean {
    const known = this.#chains.get(name);
    if (known !== undefined && known.content !== content) throw new Error(`two contents would have the name ${name}`);
    return known !== undefined;
  }

  /** A text as it stands elsewhere in the layout already: thousands of keys lead to the same few chains. */
  once<T extends string>(text: T): T {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    // What is found is equal to what was asked for.
    return (known ?? text) as T;
  }

  hasChain(name: string): boolean {
    return this.#chains.has(name);
  }

  set(set: NftSet): void {
    this.#sets.set(set.name, set);
  }

  hasSet(name: string): boolean {
    return this.#sets.has(name) || this.#standing.has(name);
  }

  /** Says that a set is there already, as it was. */
  stands(name: string): void {
    this.#standing.add(name);
  }

  /** A set or map of texts. */
  texts(
    name: string,
    key: readonly KeyType[],
    of: {
      readonly elements: Iterable<Value | Elements[number]>;
      readonly data?: 'mark' | 'verdict';
      readonly isInterval?: boolean;
    },
  ): void {
    const elements = new Map<Value, Value>();
    for (const one of of.elements) {
      const [text, data] = typeof one === 'string' ? [one, ''] : one;
      elements.set(text, data);
    }
    this.set({
      name,
      key,
      ...(of.data === undefined ? {} : { data: of.data }),
      isInterval: of.isInterval ?? false,
      content: { kind: 'texts', elements: elements.size < FEW ? elements : TextMap.of(elements) },
    });
  }

  /** A set that packets fill; `expires`: its elements go by themselves, as those that count nothing do unless said otherwise. */
  dynamic(
    name: string,
    key: readonly KeyType[],
    of: { readonly size: number; readonly counts?: boolean; readonly expires?: boolean },
  ): void {
    const { size, counts = false, expires = !counts } = of;
    this.set({ name, key, isInterval: false, content: { kind: 'dynamic', size, expires, counts } });
  }

  timeout(timeout: CtTimeout): string {
    this.#timeouts.set(timeout.name, timeout);
    return timeout.name;
  }

  /**
   * The number of a key: the one that it had, or else one that follows from the key, so that an agent which begins anew mostly gives the numbers
   * that are in the kernel. Throws when all are taken: the host is past what one table can tell apart.
   */
  numberOf(key: string): number {
    const number = this.#numbers.get(key) ?? this.#previous.numbers.get(key) ?? this.#freeNumber(key);
    this.#numbers.set(key, number);
    this.#open.at(-1)?.number(number);
    return number;
  }

  /** Says what a number counts. */
  classOf(number: number, rules: readonly RuleId[]): void {
    this.#classes.set(number, rules);
    this.#open.at(-1)?.classOf(number);
  }

  /** A prefix list of the view. */
  listOf(id: PrefixListId): PrefixList | undefined {
    const list = getRecord(this.world, 'prefixLists', id);
    this.#open.at(-1)?.list(id, list);
    return list;
  }

  /** The members of a group; undefined where they are not known. */
  membersOf(id: GroupId): Members | undefined {
    const members = this.view.members.get(id);
    this.#open.at(-1)?.members(id, members?.prefixes);
    return members;
  }

  #freeNumber(key: string): number {
    const { most, numbers, reserved } = this.#previous;
    this.#taken ??= new Set([...numbersIn(numbers), ...reserved]);
    const taken = this.#taken;
    if (taken.size >= most)
      throw new CannotHold(
        `the groups of this host's interfaces make more than ${most} classes of rules: hold some of the interfaces on another host, or let more of them share groups`,
      );
    let number = (Number.parseInt(hashText(key).slice(0, 8), 16) % most) + 1;
    while (taken.has(number)) number = (number % most) + 1;
    taken.add(number);
    return number;
  }
}
