import { formatAddress, parseAddress } from '../core/net/address.ts';
import { parseCidr } from '../core/net/cidr.ts';
import { addressNumber, spanOf, spanText } from './address-keys.ts';
import { isRaw } from './raw-fields.ts';
import type { RawField, Value } from './ruleset.ts';

/** An object of the JSON that nft prints. */
export type Json = Readonly<Record<string, unknown>>;

/** A step as `ruleText` writes it; anything else as its JSON, which no rule of ours has. */
export function stepText(step: unknown): string {
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
export function dataText(data: unknown): Value {
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

/** A key of an element, by the types of its parts, as `typesOf` or a set says them. */
export function keyText(key: unknown, types: readonly string[]): Value {
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
export function plain(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value ?? '');
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
