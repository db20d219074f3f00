import { type Address, parseAddress } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { packMembers } from '../core/policy/members.ts';
import { ChangedMap } from './changed-map.ts';
import { entriesAt, keysBetween } from './patched-map.ts';
import { RAW_SETS } from './raw-fields.ts';
import { chainHead, keyTypes, ruleText, setHead, timeoutText } from './render.ts';
import type { Chain, Content, Ruleset, Value } from './ruleset.ts';
import { dataText, isObject, type Json, keyText, plain, stepText } from './listed-text.ts';
import { nameIn, type TableFamily } from './tables.ts';
import { TURN, type Turn } from './turn.ts';

/**
 * What a table holds, read back or as it should be: heads and rules as canonical text, so that equal things compare equal. Rules that our
 * ruleset cannot contain have a text that equals nothing of ours.
 */
export type Listing = {
  readonly chains: ReadonlyMap<string, ListedChain>;
  readonly sets: ReadonlyMap<string, { readonly head: string; readonly content: Content }>;
  readonly timeouts: ReadonlyMap<string, string>;
};

export type ListedChain = { readonly head: string; readonly rules: readonly string[] };

export const NOTHING: Listing = { chains: new Map(), sets: new Map(), timeouts: new Map() };

/** How often what was counted, by chain and place of the rule, and by the mark of a class. */
export type Counts = {
  readonly rules: ReadonlyMap<string, RuleCount>;
  readonly hits: ReadonlyMap<number, Count>;
};

export type Count = { readonly packets: number; readonly bytes: number };

/** The kernel gives no handle twice in a table: a rule that is made anew has another, and counts from nothing. */
export type RuleCount = Count & { readonly handle: number };

/** The listing that a ruleset leads to. */
export function listingOf(ruleset: Ruleset): Listing {
  return {
    chains: new ChangedMap(ruleset.chains, (chain) => new OwnChain(chain)),
    sets: new Map([...ruleset.sets].map(([name, set]) => [name, { head: setHead(set), content: set.content }])),
    timeouts: new Map([...ruleset.timeouts].map(([name, timeout]) => [name, timeoutText(timeout)])),
  };
}

/**
 * A chain as it is listed. The texts of its rules are made when they are asked for and not kept: a host may have tens of thousands of rules, and those of
 * a chain that stays are hardly ever looked at.
 */
class OwnChain implements ListedChain {
  readonly chain: Chain;

  constructor(chain: Chain) {
    this.chain = chain;
  }

  get head(): string {
    return chainHead(this.chain);
  }

  get rules(): readonly string[] {
    return this.chain.rules.map(ruleText);
  }
}

/** Whether what is listed is this chain with these rules. */
export function listsRules(listed: ListedChain | undefined, chain: Chain): boolean {
  if (listed instanceof OwnChain && listed.chain === chain) return true;
  const [known, wanted] = [listed?.rules, chain.rules];
  return known?.length === wanted.length && wanted.every((rule, place) => ruleText(rule) === known[place]);
}

/** The chains of a ruleset that may not be there as they should be. */
export function* chainsToMake({ chains }: Listing, desired: Ruleset): Generator<Chain, void, undefined> {
  for (const [, chain] of entriesAt(desired.chains, namesBetween(chains, desired))) yield chain;
}

/** The chains that are there and not in a ruleset. */
export function* chainsToRemove(
  { chains }: Listing,
  desired: Ruleset,
): Generator<readonly [string, ListedChain], void, undefined> {
  for (const one of entriesAt(chains, namesBetween(chains, desired))) if (!desired.chains.has(one[0])) yield one;
}

function namesBetween(chains: Listing['chains'], desired: Ruleset): ReadonlySet<string> | undefined {
  // Of what a listing is made that is not read: `listingOf`.
  return chains instanceof ChangedMap
    ? keysBetween((chains as ChangedMap<string, Chain, ListedChain>).map, desired.chains)
    : undefined;
}

/** A table as it was read: what it holds, what it counted, and whose turn it was. */
export type ReadBack = { readonly listing: Listing; readonly counts: Counts; readonly turn: Turn };

/**
 * Elements were told twice, and so others not at all: the kernel counts on from one part of a set to the next, and gives its table another size for a
 * moment after many came. What was printed says nothing then; printed again, it may.
 */
export const TORN = 'nft printed elements of a set twice, and so not all of them';

/**
 * Reads what `nft -j -n list table …` printed of each of the tables; an empty text is that of a table that is not there. An error says what a text is
 * not; what it holds of others' making is read as foreign.
 */
export function parseListing(...texts: readonly string[]): Result<ReadBack> {
  const reader = new Reader();
  for (const text of texts.filter((one) => one !== '')) {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      return fail('nft printed no JSON');
    }
    const items = isObject(document) ? document['nftables'] : undefined;
    if (!Array.isArray(items)) return fail('nft printed no list of objects');
    for (const item of items) if (isObject(item)) reader.take(item);
  }
  return reader.isTorn ? fail(TORN) : ok(reader.result);
}

function familyOf(body: Json): TableFamily {
  return body['family'] === 'arp' ? 'arp' : 'inet';
}

class Reader {
  readonly #chains: Map<string, { head: string; rules: string[] }> = new Map();
  readonly #sets: Map<string, { head: string; content: Content }> = new Map();
  readonly #timeouts: Map<string, string> = new Map();
  readonly #rules: Map<string, RuleCount> = new Map();
  readonly #hits: Map<number, Count> = new Map();
  #turn: Turn = [];
  isTorn = false;

  get result(): ReadBack {
    return {
      listing: { chains: this.#chains, sets: this.#sets, timeouts: this.#timeouts },
      counts: { rules: this.#rules, hits: this.#hits },
      turn: this.#turn,
    };
  }

  take(item: Json): void {
    const [kind = '', body] = Object.entries(item)[0] ?? [];
    if (!isObject(body)) return;
    const name = nameIn(familyOf(body), plain(body['name'] ?? ''));
    if (kind === 'chain') this.#chains.set(name, { head: headOf(body), rules: [] });
    else if (kind === 'rule') this.#takeRule(body);
    else if (kind === 'set' || kind === 'map') this.#sets.set(name, this.#setOf(name, body));
    else if (kind === 'ct timeout') this.#timeouts.set(name, timeoutOf(body));
  }

  #takeRule(body: Json): void {
    const name = nameIn(familyOf(body), plain(body['chain']));
    const chain = this.#chains.get(name);
    const steps = Array.isArray(body['expr']) ? body['expr'] : [];
    for (const step of steps) {
      const counter = isObject(step) ? step['counter'] : undefined;
      if (!isObject(counter)) continue;
      const handle = Number(body['handle'] ?? 0);
      this.#rules.set(`${name} ${chain?.rules.length ?? 0}`, { ...countOf(counter), handle });
    }
    chain?.rules.push(steps.map(stepText).join(' '));
  }

  #setOf(name: string, body: Json): { readonly head: string; readonly content: Content } {
    const told = (Array.isArray(body['type']) ? body['type'] : [body['type']]).map(plain);
    const raw = RAW_SETS.get(name);
    // Bytes without a word are integers of nft's, of a length that it does not tell.
    const types = raw !== undefined && told.join(' ') === 'ifname integer' ? raw : told;
    const flags = new Set((Array.isArray(body['flags']) ? body['flags'] : [body['flags'] ?? '']).map(plain));
    const data = body['map'] === undefined ? '' : ` : ${plain(body['map'])}`;
    const elements = Array.isArray(body['elem']) ? body['elem'] : [];
    // nft 1.0.6 does not print the flag `dynamic`; a set of ours with a size is one that packets fill.
    const isDynamic = body['size'] !== undefined;
    const counts = body['stmt'] !== undefined;
    const kept = ['interval', 'timeout'].filter((flag) => flags.has(flag));
    const all = [
      ...kept.filter((flag) => flag === 'interval'),
      ...(isDynamic ? ['dynamic'] : []),
      ...kept.filter((flag) => flag === 'timeout'),
    ];
    const head = [
      `${keyTypes(types)}${data};`,
      ...(isDynamic ? [`size ${plain(body['size'])};`] : []),
      ...(all.length === 0 ? [] : [`flags ${all.join(',')};`]),
      ...(counts ? ['counter;'] : []),
    ].join(' ');
    if (isDynamic) {
      if (name === TURN.name) this.#turn = elements.map((element) => keyText(element, types));
      if (counts && name === 'hits') for (const element of elements) this.#takeHit(element);
      return {
        head,
        content: { kind: 'dynamic', size: Number(body['size']), expires: flags.has('timeout'), counts },
      };
    }
    const texts = elements.map((element): readonly [Value, Value] =>
      Array.isArray(element) && element.length === 2
        ? [keyText(element[0], types), dataText(element[1])]
        : [keyText(element, types), ''],
    );
    const content = contentOf(texts, { types, isInterval: flags.has('interval'), isMap: data !== '' });
    if (countIn(content) < elements.length) this.isTorn = true;
    return { head, content };
  }

  #takeHit(element: unknown): void {
    const body = isObject(element) ? element['elem'] : undefined;
    if (isObject(body) && isObject(body['counter'])) this.#hits.set(Number(body['val']), countOf(body['counter']));
  }
}

function countIn(content: Exclude<Content, { kind: 'dynamic' }>): number {
  if (content.kind === 'texts') return content.elements.size;
  return content.words.length / (content.family === 'ipv4' ? 1 : 4);
}

/** Plain addresses stand packed, as in a ruleset. */
function contentOf(
  texts: readonly (readonly [Value, Value])[],
  of: { readonly types: readonly string[]; readonly isInterval: boolean; readonly isMap: boolean },
): Exclude<Content, { kind: 'dynamic' }> {
  const [only] = of.types;
  const isPlain =
    of.types.length === 1 && !of.isInterval && !of.isMap && (only === 'ipv4_addr' || only === 'ipv6_addr');
  if (!isPlain) return { kind: 'texts', elements: new Map(texts) };
  const family = only === 'ipv4_addr' ? 'ipv4' : 'ipv6';
  const addresses = texts.flatMap(([text]): readonly Address[] => {
    const address = parseAddress(text);
    return address.ok ? [address.value] : [];
  });
  return { kind: 'packed', family, words: packMembers(addresses, [])[family] };
}

function headOf(body: Json): string {
  if (body['hook'] === undefined) return '';
  const { type, hook, prio, policy } = body;
  return `type ${plain(type)} hook ${plain(hook)} priority ${plain(prio)}; policy ${plain(policy)};`;
}

function timeoutOf(body: Json): string {
  const policy = isObject(body['policy']) ? body['policy'] : {};
  const values = Object.entries(policy)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, seconds]) => `${state} : ${plain(seconds)}`);
  const said = values.length === 0 ? '' : ` policy = { ${values.join(', ')} };`;
  return `protocol ${plain(body['protocol'])}; l3proto ${plain(body['l3proto'])};${said}`;
}

function countOf(counter: Json): Count {
  return { packets: Number(counter['packets'] ?? 0), bytes: Number(counter['bytes'] ?? 0) };
}
