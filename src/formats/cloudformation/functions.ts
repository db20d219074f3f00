import { offsetAddress } from '../../core/net/address.ts';
import { cidrOf, formatCidr, parseCidr } from '../../core/net/cidr.ts';
import { isList, isProperties, NO_VALUE, Opaque, property, sameValue, textOf, UNKNOWN, type Value } from './value.ts';

/** Texts longer than this are no address, port or id: what is made of them is not known. */
const MAX_TEXT = 65_536;
/** The most prefixes that `Fn::Cidr` gives (CloudFormation's own limit). */
const MAX_CIDRS = 256;

/** The functions that depend on nothing but their arguments, which are known as far as they can be. */
export const PLAIN_FUNCTIONS: Readonly<Record<string, (argument: Value) => Value>> = {
  'Fn::Join': join,
  'Fn::Split': split,
  'Fn::Select': select,
  'Fn::Cidr': cidrs,
  'Fn::Length': (list) => (isList(list) && !list.includes(UNKNOWN) ? list.length : UNKNOWN),
  'Fn::Equals': (argument) => truth(isList(argument) ? sameValue(argument[0] ?? null, argument[1] ?? null) : undefined),
  'Fn::Not': (argument) => truth(negated(isList(argument) ? argument[0] : argument)),
  'Fn::And': (argument) => truth(all(argument)),
  'Fn::Or': (argument) => truth(any(argument)),
};

/** A truth value as conditions have it; undefined: not known. */
export function truthOf(value: Value | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** A text with its parts put in; not known where a part is not, unless that part is all of it. */
export function substitute(text: string, valueOf: (name: string) => Value): Value {
  const [, only] = /^\$\{([^!{}][^{}]*)\}$/.exec(text) ?? [];
  if (only !== undefined) return valueOf(only.trim());
  const parts = text.split(/(\$\{[^{}]*\})/).map((part) => {
    const [, name] = /^\$\{([^{}]*)\}$/.exec(part) ?? [];
    if (name === undefined) return part;
    return name.startsWith('!') ? `\${${name.slice(1)}}` : textOf(valueOf(name.trim()));
  });
  if (parts.includes(undefined)) return UNKNOWN;
  const filled = parts.join('');
  return filled.length <= MAX_TEXT ? filled : UNKNOWN;
}

function truth(value: boolean | undefined): Value {
  return value ?? UNKNOWN;
}

function negated(value: Value | undefined): boolean | undefined {
  const known = truthOf(value);
  return known === undefined ? undefined : !known;
}

function all(argument: Value): boolean | undefined {
  const parts = isList(argument) ? argument.map(truthOf) : [undefined];
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

function any(argument: Value): boolean | undefined {
  const parts = isList(argument) ? argument.map(truthOf) : [undefined];
  if (parts.includes(true)) return true;
  return parts.includes(undefined) ? undefined : false;
}

function join(argument: Value): Value {
  const [separator, list] = isList(argument) ? argument : [];
  const between = textOf(separator);
  if (between === undefined || !isList(list)) return UNKNOWN;
  const [only] = list;
  if (list.length === 1 && only instanceof Opaque) return only;
  const parts = list.map(textOf);
  if (parts.includes(undefined)) return UNKNOWN;
  const text = parts.join(between);
  return text.length <= MAX_TEXT ? text : UNKNOWN;
}

function split(argument: Value): Value {
  const [separator, text] = isList(argument) ? argument : [];
  const [between, whole] = [textOf(separator), textOf(text)];
  return between === undefined || between === '' || whole === undefined ? UNKNOWN : whole.split(between);
}

function select(argument: Value): Value {
  const [index, list] = isList(argument) ? argument : [];
  const at = Number(textOf(index) ?? Number.NaN);
  return isList(list) && Number.isInteger(at) ? (list[at] ?? UNKNOWN) : UNKNOWN;
}

/** `[block, count, bits]`: the first prefixes of a block, each with so many bits for hosts. */
function cidrs(argument: Value): Value {
  const [block, count, bits] = isList(argument) ? argument : [];
  const text = textOf(block);
  const parsed = text === undefined ? undefined : parseCidr(text);
  const [number, hostBits] = [Number(textOf(count) ?? Number.NaN), Number(textOf(bits) ?? 8)];
  if (parsed?.ok !== true || !Number.isInteger(number) || !Number.isInteger(hostBits)) return UNKNOWN;
  const { base, family, length } = parsed.value;
  const size = (family === 'ipv4' ? 32 : 128) - hostBits;
  if (number < 1 || number > MAX_CIDRS || hostBits < 1 || size < length || 2 ** (size - length) < number)
    return UNKNOWN;
  // Prefixes of IPv6 are counted in the words above their hosts: 64 bits of hosts are the usual.
  return Array.from({ length: number }, (_, at) => {
    const first = family === 'ipv4' ? offsetAddress(base, at * 2 ** hostBits) : shifted(base, at, hostBits);
    return first === undefined ? UNKNOWN : formatCidr(cidrOf(first, size));
  });
}

function shifted(base: Parameters<typeof offsetAddress>[0], at: number, hostBits: number): typeof base | undefined {
  const step = 2 ** (hostBits % 32);
  const word = 3 - Math.floor(hostBits / 32);
  const words = [base.w0, base.w1, base.w2, base.w3];
  let carry = at * step;
  for (let index = word; index >= 0 && carry > 0; index -= 1) {
    const sum = (words[index] ?? 0) + carry;
    words[index] = sum % 0x1_0000_0000;
    carry = Math.floor(sum / 0x1_0000_0000);
  }
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return { family: 'ipv6', w0, w1, w2, w3 };
}

/** A list without the members that are not there. */
export function withoutMissing(list: readonly Value[]): readonly Value[] {
  return list.filter((one) => one !== NO_VALUE);
}

/** `Fn::FindInMap`: a value of the mappings; the default that may stand behind the keys where there is none. */
export function findInMap(mappings: Value, argument: Value): Value {
  const [map, first, second, options] = isList(argument) ? argument : [];
  const keys = [map, first, second].map((one) => textOf(one));
  if (keys.includes(undefined)) return UNKNOWN;
  const found = keys.reduce<Value | undefined>((value, key) => property(value, key ?? ''), mappings);
  const fallback = isProperties(options) ? property(options, 'DefaultValue') : undefined;
  return found ?? fallback ?? UNKNOWN;
}
