import { type Address, formatAddress, parseAddress } from '../core/net/address.ts';
import { parseCidr } from '../core/net/cidr.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { packMembers } from '../core/policy/members.ts';
import { addressNumber, spanOf, spanText } from './address-keys.ts';
import { isRaw, RAW_SETS } from './raw-fields.ts';
import { chainHead, keyTypes, ruleText, setHead, timeoutText } from './render.ts';
import type { Chain, Content, RawField, Ruleset, Value } from './ruleset.ts';
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
    chains: new Map([...ruleset.chains].map(([name, chain]) => [name, listedChain(chain)])),
    sets: new Map([...ruleset.sets].map(([name, set]) => [name, { head: setHead(set), content: set.content }])),
    timeouts: new Map([...ruleset.timeouts].map(([name, timeout]) => [name, timeoutText(timeout)])),
  };
}

/**
 * A chain as it is listed, for the same chain the same. The texts of its rules are made when they are asked for and not kept: a host may have tens of
 * thousands of rules, and those of a chain that stays are hardly ever looked at.
 */
export function listedChain(chain: Chain): ListedChain {
  let listed = LISTED.get(chain);
  if (listed === undefined) {
    listed = {
      head: chainHead(chain),
      get rules(): readonly string[] {
        return chain.rules.map(ruleText);
      },
    };
    LISTED.set(chain, listed);
  }
  return listed;
}

/** Memory of a pure function: a chain never changes. */
const LISTED = new WeakMap<Chain, ListedChain>();

type Json = { readonly [key: string]: unknown };

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
    chain?.rules.push(steps.map(stepOf).join(' '));
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

/** A step as `ruleText` writes it; anything else as its JSON, which no rule of ours has. */
function stepOf(step: unknown): string {
  if (!isObject(step)) return foreign(step);
  const [kind = '', body] = Object.entries(step)[0] ?? [];
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'return':
      return kind;
    case 'goto':
    case 'jump':
      return dataText(step);
    case 'counter':
      return 'counter';
    case 'ct timeout':
      return `ct timeout set "${plain(body)}"`;
    default:
      return isObject(body) ? bodyStep(kind, body, step) : foreign(step);
  }
}

function bodyStep(kind: string, body: Json, step: Json): string {
  switch (kind) {
    case 'match':
      return matchText(body) ?? foreign(step);
    case 'vmap':
      return `${fieldText(body['key'])} vmap ${mapText(body['data'], typesOf(body['key']))}`;
    case 'mangle':
      return mangleText(body) ?? foreign(step);
    case 'set':
      return updateText(body);
    default:
      return foreign(step);
  }
}

const OPENS = JSON.stringify({ '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, [1, 2, 4, 16]] });

function matchText({ op, left, right }: Json): string | undefined {
  const not = op === '!=' ? '!= ' : '';
  if (JSON.stringify(left) === OPENS && right === 2) return `tcp flags & (fin | syn | rst | ack) ${plain(op)} syn`;
  if (isObject(left) && isObject(left['ct']) && left['ct']['key'] === 'state')
    return JSON.stringify(right) === '[2,8]' && op === 'in' ? 'ct state established,new' : undefined;
  if (op === '<=') return fieldText(left) === 'ct expiration' ? `ct expiration <= ${plain(right)}s` : undefined;
  if (isObject(left) && Array.isArray(left['&'])) {
    const [field, mask] = listOf(left['&']);
    return fieldText(field) === 'ct mark' ? `ct mark & ${plain(mask)} ${plain(op)} ${plain(right)}` : undefined;
  }
  const field = fieldText(left);
  // A mask without its last bits: nft takes it for a prefix.
  if (field === 'ct mark' && isObject(right) && isObject(right['prefix'])) {
    const { addr, len } = right['prefix'];
    return `ct mark & ${2 ** MARK_BITS - 2 ** (MARK_BITS - Number(len))} ${plain(op)} ${plain(addr)}`;
  }
  if (typeof right === 'string' && right.startsWith('@')) return `${field} ${not}${right}`;
  const types = typesOf(left);
  if (isObject(right) && Array.isArray(right['set'])) {
    const values = right['set'].map((one) => keyText(one, types)).toSorted((a, b) => (a < b ? -1 : 1));
    return `${field} ${not}{ ${values.join(', ')} }`;
  }
  return `${field} ${not}${keyText(right, types)}`;
}

function mangleText({ key, value }: Json): string | undefined {
  const target = fieldText(key);
  if (typeof value === 'number') return `${target} set ${value}`;
  if (!isObject(value)) return undefined;
  const or = value['|'];
  if (Array.isArray(or)) return orText(target, or);
  const and = keptBits(target, value);
  if (and !== undefined) return `${target} set ${target} & ${and}`;
  const map = value['map'];
  if (!isObject(map)) return undefined;
  return `${target} set ${fieldText(map['key'])} map ${mapText(map['data'], typesOf(map['key']))}`;
}

/** Bits that are set, and perhaps those of the mark that are kept beside them. */
function orText(target: string, [from, bits]: readonly unknown[]): string | undefined {
  if (fieldText(from) === target) return `${target} set ${target} | ${plain(bits)}`;
  const kept = keptBits(target, from);
  // Whether a bit that is set anyway is kept makes no difference, and versions of nft differ in saying so.
  return kept === undefined || typeof bits !== 'number'
    ? undefined
    : `${target} set ${target} & ${(kept | bits) >>> 0} | ${bits}`;
}

function keptBits(target: string, value: unknown): number | undefined {
  if (!isObject(value) || !Array.isArray(value['&'])) return undefined;
  const [field, mask] = listOf(value['&']);
  return fieldText(field) === target && typeof mask === 'number' ? mask : undefined;
}

function updateText({ op, elem, set }: Json): string {
  const inner = isObject(elem) && isObject(elem['elem']) ? elem['elem'] : { val: elem };
  const timeout = inner['timeout'] === undefined ? '' : ` timeout ${plain(inner['timeout'])}s`;
  return `${plain(op)} ${plain(set)} { ${fieldText(inner['val'])}${timeout} }`;
}

function mapText(data: unknown, types: readonly string[]): string {
  if (typeof data === 'string') return data;
  const set = isObject(data) ? data['set'] : undefined;
  if (!Array.isArray(set)) return foreign(data);
  const elements = set.map((one): readonly [string, string] =>
    Array.isArray(one) ? [keyText(one[0], types), dataText(one[1])] : [foreign(one), ''],
  );
  const sorted = elements.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{ ${sorted.map(([key, value]) => `${key} : ${value}`).join(', ')} }`;
}

/** A verdict or a mark. */
function dataText(data: unknown): Value {
  if (!isObject(data)) return plain(data);
  const [kind = '', body] = Object.entries(data)[0] ?? [];
  return isObject(body) ? `${kind} ${plain(body['target'])}` : kind;
}

/** The words of a field, or of a concatenation of fields. */
function fieldText(field: unknown): string {
  if (!isObject(field)) return foreign(field);
  if (Array.isArray(field['concat'])) return field['concat'].map(fieldText).join(' . ');
  const { meta, payload, ct } = field;
  if (isObject(meta))
    return meta['key'] === 'iifname' || meta['key'] === 'oifname' ? meta['key'] : `meta ${plain(meta['key'])}`;
  if (isObject(payload)) return payloadText(payload);
  if (isObject(ct)) return `ct ${plain(ct['key'])}`;
  return foreign(field);
}

function payloadText({ protocol, field, base, offset, len }: Json): string {
  // Newer versions of nft have a word for it.
  if (protocol === 'icmpv6' && field === 'taddr') return '@th,64,128' satisfies RawField;
  return protocol === undefined
    ? `@${plain(base)},${plain(offset)},${plain(len)}`
    : `${plain(protocol)} ${plain(field)}`;
}

/** Which parts of a key are devices, which are quoted, or raw bytes. */
function typesOf(key: unknown): readonly string[] {
  return fieldText(key)
    .split(' . ')
    .map((field) => (field === 'iifname' || field === 'oifname' ? 'ifname' : isRaw(field) ? field : ''));
}

function keyText(key: unknown, types: readonly string[]): Value {
  if (isObject(key) && isObject(key['elem'])) return keyText(key['elem']['val'], types);
  if (isObject(key) && Array.isArray(key['concat']))
    return key['concat'].map((part, index) => partText(part, types[index] ?? '')).join(' . ');
  return partText(key, types[0] ?? '');
}

function partText(part: unknown, type: string): Value {
  if (typeof part === 'number') return isRaw(type) ? `0x${part.toString(16)}` : plain(part);
  if (typeof part === 'string') return type === 'ifname' ? `"${part}"` : (canonicalAddress(part) ?? part);
  if (!isObject(part)) return foreign(part);
  const { prefix, range } = part;
  if (isObject(prefix)) return prefixText(prefix);
  if (Array.isArray(range)) return rangeText(range.map((end) => partText(end, type)));
  return foreign(part);
}

/** Addresses as we write them, however this nft does. */
function canonicalAddress(text: string): Value | undefined {
  const address = parseAddress(text);
  return address.ok ? formatAddress(address.value) : undefined;
}

/** A prefix of addresses, or of marks: those we write as ranges. */
function prefixText({ addr, len }: Json): Value {
  if (typeof addr !== 'number') return canonicalPrefix(`${plain(addr)}/${plain(len)}`);
  return `${addr}-${addr + 2 ** (MARK_BITS - Number(len)) - 1}`;
}

const MARK_BITS = 32;

function canonicalPrefix(text: string): Value {
  const cidr = parseCidr(text);
  if (!cidr.ok) return text;
  const { from, to } = spanOf(cidr.value);
  return spanText(cidr.value.family, from, to);
}

function rangeText([first = '', last = '']: readonly Value[]): Value {
  const [from, to] = [parseAddress(first), parseAddress(last)];
  if (!from.ok || !to.ok) return `${first}-${last}`;
  return spanText(from.value.family, addressNumber(from.value), addressNumber(to.value));
}

function foreign(value: unknown): string {
  return `foreign ${JSON.stringify(value)}`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A plain value as text; of anything else its JSON. */
function plain(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value ?? '');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
