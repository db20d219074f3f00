import { parseAddress } from '../../core/net/address.ts';
import { type Cidr, cidrContains, hostCidr, parseCidr } from '../../core/net/cidr.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { arnMatches, arnParts, globMatches } from './glob.ts';

/** What a policy may ask about a request: values by key in lower case; a key that is absent has none. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/** One condition: whether a request meets it. */
export type Condition = (context: RequestContext) => boolean;

/** The keys that the server knows of a request. A policy with others is refused: what is never known would silently never apply. */
const KEYS: readonly RegExp[] = [
  /^aws:(?:currenttime|epochtime|principalaccount|principalarn|requestedregion|securetransport|sourceip|userid|username|tagkeys)$/,
  /^aws:requesttag\/.+$/,
  /^ec2:region$/,
];

/** Says of one value of a request whether it fits one value of the policy; undefined when the policy's value is none of its kind. */
type Comparison = (wanted: string) => ((given: string) => boolean) | undefined;

function ordered(
  read: (text: string) => number | undefined,
  fits: (given: number, wanted: number) => boolean,
): Comparison {
  return (text) => {
    const wanted = read(text);
    if (wanted === undefined) return undefined;
    return (givenText) => {
      const given = read(givenText);
      return given !== undefined && fits(given, wanted);
    };
  };
}

function readNumber(text: string): number | undefined {
  return /^-?\d{1,15}(?:\.\d{1,10})?$/.test(text) ? Number(text) : undefined;
}

/** ISO 8601, or seconds since 1970. */
function readDate(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  const time = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function readNetwork(text: string): Cidr | undefined {
  const cidr = parseCidr(text);
  if (cidr.ok) return cidr.value;
  const address = parseAddress(text);
  return address.ok ? hostCidr(address.value) : undefined;
}

const address: Comparison = (text) => {
  const network = readNetwork(text);
  if (network === undefined) return undefined;
  return (given) => {
    const own = parseAddress(given);
    return own.ok && cidrContains(network, own.value);
  };
};

const bool: Comparison = (text) =>
  /^(?:true|false)$/i.test(text) ? (given) => given.toLowerCase() === text.toLowerCase() : undefined;

const arn: Comparison = (text) =>
  text === '*' || arnParts(text).length === 6 ? (given) => arnMatches(text, given) : undefined;

/** The positive operators (IAM: condition operators); `Not` in front of what is compared makes the negative one. */
const COMPARISONS: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ['StringEquals', (wanted) => (given) => given === wanted],
  ['StringEqualsIgnoreCase', (wanted) => (given) => given.toLowerCase() === wanted.toLowerCase()],
  ['StringLike', (wanted) => (given) => globMatches(wanted, given)],
  ['NumericEquals', ordered(readNumber, (given, wanted) => given === wanted)],
  ['NumericLessThan', ordered(readNumber, (given, wanted) => given < wanted)],
  ['NumericLessThanEquals', ordered(readNumber, (given, wanted) => given <= wanted)],
  ['NumericGreaterThan', ordered(readNumber, (given, wanted) => given > wanted)],
  ['NumericGreaterThanEquals', ordered(readNumber, (given, wanted) => given >= wanted)],
  ['DateEquals', ordered(readDate, (given, wanted) => given === wanted)],
  ['DateLessThan', ordered(readDate, (given, wanted) => given < wanted)],
  ['DateLessThanEquals', ordered(readDate, (given, wanted) => given <= wanted)],
  ['DateGreaterThan', ordered(readDate, (given, wanted) => given > wanted)],
  ['DateGreaterThanEquals', ordered(readDate, (given, wanted) => given >= wanted)],
  ['Bool', bool],
  ['IpAddress', address],
  ['ArnEquals', arn],
  ['ArnLike', arn],
]);

const NEGATIONS: ReadonlyMap<string, string> = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['NumericNotEquals', 'NumericEquals'],
  ['DateNotEquals', 'DateEquals'],
  ['NotIpAddress', 'IpAddress'],
  ['ArnNotEquals', 'ArnEquals'],
  ['ArnNotLike', 'ArnLike'],
]);

type Operator = {
  readonly comparison: Comparison;
  readonly isNegative: boolean;
  readonly ifExists: boolean;
  readonly set: 'any' | 'all' | undefined;
};

function operatorOf(text: string): Operator | undefined {
  const [, set, name = '', ifExists] = /^(ForAnyValue:|ForAllValues:)?([A-Za-z]+?)(IfExists)?$/.exec(text) ?? [];
  const positive = NEGATIONS.get(name) ?? name;
  const comparison = COMPARISONS.get(positive);
  if (comparison === undefined) return undefined;
  return {
    comparison,
    isNegative: NEGATIONS.has(name),
    ifExists: ifExists !== undefined,
    set: set === undefined ? undefined : set === 'ForAnyValue:' ? 'any' : 'all',
  };
}

/** One line of a Condition block: an operator, a key and the values that it may have. Fails on what this evaluator does not know. */
export function conditionOf(operator: string, key: string, values: readonly string[]): Result<Condition> {
  const name = key.toLowerCase();
  if (KEYS.every((known) => !known.test(name))) return fail(`the condition key '${key}' is not known to this server`);
  const variable = values.find((value) => value.includes('${'));
  if (variable !== undefined) return fail(`policy variables are not supported: '${variable}'`);
  if (operator === 'Null') return nullCondition(name, values);
  const known = operatorOf(operator);
  if (known === undefined) return fail(`the condition operator '${operator}' is not supported`);
  const tests: ((given: string) => boolean)[] = [];
  for (const value of values) {
    const fits = known.comparison(value);
    if (fits === undefined) return fail(`'${value}' is no value for the condition operator '${operator}'`);
    tests.push(fits);
  }
  return ok((context) => holds(known, tests, context.get(name)));
}

/** Values of the policy are alternatives; a negative operator wants none of them to fit. */
function holds(
  { isNegative, ifExists, set }: Operator,
  tests: readonly ((given: string) => boolean)[],
  given: readonly string[] | undefined,
): boolean {
  const fits = (value: string): boolean => tests.some((test) => test(value)) !== isNegative;
  if (given === undefined || given.length === 0) return ifExists || set === 'all' || (isNegative && set === undefined);
  if (set === 'all') return given.every(fits);
  if (set === 'any') return given.some(fits);
  // Keys with one value: for several, a negative operator wants each to differ.
  return isNegative ? given.every(fits) : given.some(fits);
}

/** `true`: the key must be absent; `false`: it must be there. */
function nullCondition(key: string, values: readonly string[]): Result<Condition> {
  const wanted = values.map((value) => value.toLowerCase());
  const stranger = wanted.find((value) => value !== 'true' && value !== 'false');
  if (stranger !== undefined) return fail(`'${stranger}' is no value for the condition operator 'Null'`);
  return ok((context) => wanted.includes(String((context.get(key)?.length ?? 0) === 0)));
}
