import type { Counts, Listing, RuleCount } from '../listing.ts';
import { chainHead, ruleText, timeoutText } from '../render.ts';
import { type Chain, type Hook, type Rule, type Ruleset, TIMEOUT_STATES } from '../ruleset.ts';
import { nameIn, placeOf, type TableFamily } from '../tables.ts';
import { TURN, type Turn } from '../turn.ts';
import { type Attributes, attributesOf, numberOf, textOf } from './byte-reader.ts';
import { elementReader, textReader } from './element-reader.ts';
import { anonymousText } from './expressions.ts';
import { CHAIN, HOOK, HOOKS, NETWORKS, OBJECT, POLICIES, RULE, TABLE_NAME, TIMEOUT, TRANSPORTS } from './protocol.ts';
import { ruleExprs } from './rule-expressions.ts';
import { countIn, isMadeOf } from './rule-reader.ts';
import { type ReadSet, readSet } from './set-reader.ts';

const NOTHING = new Uint8Array();

type Mutable<M> = M extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never;

/**
 * What the kernel tells of one of the tables, message by message: sets, then what each holds, then the rest. A rule is read as the one that is
 * expected in its place, or as a stranger: what else it could be makes no difference.
 */
export class TableReader {
  readonly #chains: Map<string, { head: string; rules: string[] }> = new Map();
  readonly #sets: Mutable<Listing['sets']> = new Map();
  readonly #timeouts: Map<string, string> = new Map();
  #expected: { readonly chain: Chain | undefined; readonly rules: readonly Rule[] } | undefined;
  readonly #anonymous: Map<string, string> = new Map();
  readonly #counts: Map<string, RuleCount> = new Map();
  readonly #toRead: ReadSet[] = [];
  readonly #family: TableFamily;
  #turn: Turn = [];

  constructor(family: TableFamily) {
    this.#family = family;
  }

  /** A reader of one chain, for what its rules counted. */
  static ofChain(name: string): TableReader {
    const reader = new TableReader(placeOf(name).family);
    reader.#chains.set(name, { head: '', rules: [] });
    return reader;
  }

  get listing(): Listing {
    return { chains: this.#chains, sets: this.#sets, timeouts: this.#timeouts };
  }

  /** What rules counted, by chain and place. */
  get counts(): Counts['rules'] {
    return this.#counts;
  }

  /** Whose turn it is to change the table. */
  get turn(): Turn {
    return this.#turn;
  }

  /** The sets whose elements count. */
  get setsToRead(): readonly ReadSet[] {
    return this.#toRead;
  }

  takeSet(body: Uint8Array): void {
    const read = readSet(body);
    const set: ReadSet = { ...read, name: nameIn(this.#family, read.name) };
    if (set.dynamic !== undefined) this.#sets.set(set.name, { head: set.head, content: set.dynamic });
    if (set.dynamic === undefined || set.name === TURN.name) this.#toRead.push(set);
  }

  /** Takes the bodies of all messages with elements of a set, one by one, and then the end of them: false when they do not fit together. */
  elementsOf({ name, head, form, isAnonymous, dynamic }: ReadSet): {
    readonly take: (body: Uint8Array) => void;
    readonly end: () => boolean;
  } {
    const known = form ?? { types: [], data: undefined, isInterval: false };
    const reader = isAnonymous ? textReader(known) : elementReader(known);
    return {
      take: (body) => reader.take(body),
      end: () => {
        const content = reader.content();
        if (content === undefined) return false;
        const texts = content.kind === 'texts' ? content.elements : new Map<string, string>();
        if (dynamic !== undefined) this.#turn = [...texts.keys()];
        else if (isAnonymous) this.#anonymous.set(name, anonymousText(texts));
        else this.#sets.set(name, { head, content });
        return true;
      },
    };
  }

  takeChain(body: Uint8Array): void {
    const parts = attributesOf(body);
    if (textOf(parts.get(CHAIN.table)) !== TABLE_NAME) return;
    const name = nameIn(this.#family, textOf(parts.get(CHAIN.name)));
    this.#chains.set(name, { head: hookText(parts, this.#family), rules: [] });
  }

  /** Takes a rule, after sets and chains. */
  takeRule(body: Uint8Array, expected?: Ruleset): void {
    const parts = attributesOf(body);
    const name = nameIn(this.#family, textOf(parts.get(RULE.chain)));
    const chain = this.#chains.get(name);
    if (chain === undefined) return;
    const place = chain.rules.length;
    const list = parts.get(RULE.expressions) ?? NOTHING;
    const count = countIn(list);
    if (count !== undefined)
      this.#counts.set(`${name} ${place}`, { ...count, handle: numberOf(parts.get(RULE.handle)) });
    const rule = expected === undefined ? undefined : this.#expectedRules(expected, name)[place];
    const contentOf = (set: string): string | undefined => this.#anonymous.get(nameIn(this.#family, set));
    const isExpected = rule !== undefined && isMadeOf(list, ruleExprs(rule), contentOf);
    chain.rules.push(isExpected ? ruleText(rule) : 'foreign');
  }

  /** The rules that a chain should have. They are told chain by chain, and making them is not for nothing. */
  #expectedRules(expected: Ruleset, name: string): readonly Rule[] {
    const chain = expected.chains.get(name);
    if (this.#expected?.chain !== chain) this.#expected = { chain, rules: chain?.rules ?? [] };
    return this.#expected?.rules ?? [];
  }

  takeTimeout(body: Uint8Array): void {
    const parts = attributesOf(body);
    const name = nameIn(this.#family, textOf(parts.get(OBJECT.name)));
    const data = attributesOf(parts.get(OBJECT.data) ?? NOTHING);
    const l3proto = numberOf(data.get(TIMEOUT.network)) === NETWORKS.ip ? 'ip' : 'ip6';
    const protocol = numberOf(data.get(TIMEOUT.transport)) === TRANSPORTS.tcp ? 'tcp' : 'udp';
    const values = attributesOf(data.get(TIMEOUT.policy) ?? NOTHING);
    const policy = TIMEOUT_STATES[protocol].flatMap((state, index): readonly (readonly [string, number])[] => {
      const seconds = numberOf(values.get(index + 1));
      return seconds === state.seconds ? [] : [[state.name, seconds]];
    });
    this.#timeouts.set(name, timeoutText({ name, protocol, l3proto, policy: Object.fromEntries(policy) }));
  }
}

/** The head of a chain as rulesets have it; empty for one that only others lead to. */
function hookText(parts: Attributes, family: TableFamily): string {
  const hook = parts.get(CHAIN.hook);
  if (hook === undefined) return '';
  const place = attributesOf(hook);
  const number = numberOf(place.get(HOOK.number));
  const name = Object.entries(HOOKS[family]).find(([, known]) => known === number)?.[0];
  const policy = numberOf(parts.get(CHAIN.policy)) === POLICIES.accept ? 'accept' : 'drop';
  const type = textOf(parts.get(CHAIN.type));
  if (name === undefined || type !== 'filter') return `foreign ${type} ${number}`;
  // The name is a key of the hooks.
  const head: Hook = { hook: name as Hook['hook'], priority: numberOf(place.get(HOOK.priority)) | 0, policy };
  return chainHead({ name: '', hook: head, rules: [] });
}
