import type { RuleId } from '../core/model/ids.ts';
import type { World } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { hashText } from './names.ts';
import { holdersIn, NO_PAST, type Past, pastAfter } from './past.ts';
import type { Chain, CtTimeout, Elements, Hook, KeyType, NftSet, Rule, Ruleset, Value } from './ruleset.ts';
import type { Wiring } from './wiring.ts';

/** Numbers that stand in the kernel for combinations of groups and for classes of rules, and its past; kept from one layout to the next. */
export type Numbering = {
  readonly numbers: ReadonlyMap<string, number>;
  /** Numbers that the kernel may know by another meaning: they are given to nothing new. */
  readonly reserved: ReadonlySet<number>;
  readonly past: Past;
};

export const NO_NUMBERS: Numbering = { numbers: new Map(), reserved: new Set(), past: NO_PAST };

/** Bits of a packet's mark that hold a number; the bits above say which peer of a class matched. */
export const NUMBER_BITS = 20;
export const MAX_NUMBER: number = 2 ** NUMBER_BITS - 1;
export const MAX_PEER: number = 2 ** (32 - NUMBER_BITS) - 1;

/** What counters count: the rules of a class, the place of each being its peer's; entry counters stand in chains of their own. */
export type Meaning = {
  readonly classes: ReadonlyMap<number, readonly RuleId[]>;
  readonly entries: ReadonlyMap<
    string,
    { readonly aclId: string; readonly direction: string; readonly number: string }
  >;
};

/** What has to be said to people: why something is closed that they may think open. */
export type Problem = string;

/** A layout in the making. Everything is written once; two contents under one name are a fault. */
export class Plan {
  readonly view: HostView;
  readonly wiring: Wiring;
  readonly #chains: Map<string, Chain> = new Map();
  readonly #sets: Map<string, NftSet> = new Map();
  readonly #timeouts: Map<string, CtTimeout> = new Map();
  readonly #contents: Map<string, string> = new Map();
  readonly #previous: Numbering;
  readonly #numbers: Map<string, number> = new Map();
  readonly #taken: Set<number>;
  #past: Past | undefined;
  readonly classes: Map<number, readonly RuleId[]> = new Map();
  readonly entries: Map<string, { aclId: string; direction: string; number: string }> = new Map();
  readonly problems: Set<Problem> = new Set();

  constructor(view: HostView, wiring: Wiring, previous: Numbering) {
    this.view = view;
    this.wiring = wiring;
    this.#previous = previous;
    this.#taken = new Set([...previous.numbers.values(), ...previous.reserved]);
  }

  get world(): World {
    return this.view.world;
  }

  get ruleset(): Ruleset {
    return { chains: this.#chains, sets: this.#sets, timeouts: this.#timeouts };
  }

  get numbering(): Numbering {
    return { numbers: this.#numbers, reserved: NO_NUMBERS.reserved, past: this.past };
  }

  /** The past of this layout. Asked for once the sets are laid that say who holds what. */
  get past(): Past {
    this.#past ??= pastAfter(this.#previous.past, holdersIn(this.#sets));
    return this.#past;
  }

  chain(name: string, rules: readonly Rule[], hook?: Hook): string {
    this.#chains.set(name, { name, rules, ...(hook === undefined ? {} : { hook }) });
    return name;
  }

  /** A chain that is named after its content, made when it is first asked for. */
  sharedChain(
    prefix: string,
    suffix: string,
    made: { readonly key: string; readonly rules: () => readonly Rule[] },
  ): string {
    const name = `${prefix}-${hashText(made.key)}.${suffix}`;
    const known = this.#contents.get(name);
    if (known !== undefined && known !== made.key) throw new Error(`two contents would have the name ${name}`);
    if (known === undefined) {
      this.#contents.set(name, made.key);
      this.chain(name, made.rules());
    }
    return name;
  }

  hasChain(name: string): boolean {
    return this.#chains.has(name);
  }

  set(set: NftSet): void {
    this.#sets.set(set.name, set);
  }

  hasSet(name: string): boolean {
    return this.#sets.has(name);
  }

  /** A set or map of texts. */
  texts(
    name: string,
    key: readonly KeyType[],
    of: {
      readonly elements: Elements | readonly Value[];
      readonly data?: 'mark' | 'verdict';
      readonly isInterval?: boolean;
    },
  ): void {
    const elements = new Map(
      of.elements.map((one): readonly [Value, Value] => (typeof one === 'string' ? [one, ''] : one)),
    );
    this.set({
      name,
      key,
      ...(of.data === undefined ? {} : { data: of.data }),
      isInterval: of.isInterval ?? false,
      content: { kind: 'texts', elements },
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
    const known = this.#numbers.get(key) ?? this.#previous.numbers.get(key);
    if (known !== undefined) {
      this.#numbers.set(key, known);
      return known;
    }
    if (this.#taken.size >= MAX_NUMBER) throw new Error(`more than ${MAX_NUMBER} classes of rules on one host`);
    let number = (Number.parseInt(hashText(key).slice(0, 8), 16) % MAX_NUMBER) + 1;
    while (this.#taken.has(number)) number = (number % MAX_NUMBER) + 1;
    this.#taken.add(number);
    this.#numbers.set(key, number);
    return number;
  }
}
