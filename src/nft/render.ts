import { formatAddress, ipv4, ipv6 } from '../core/net/address.ts';
import { type Command, wholeCommands } from './command.ts';
import { isRaw } from './raw-fields.ts';
import type { Chain, Content, CtTimeout, Elements, NftSet, Rule, Ruleset, Step, Value } from './ruleset.ts';
import { TIMEOUT_STATES } from './ruleset.ts';
import { placeOf, TABLES } from './tables.ts';

/** One rule as nft reads and prints it. Equal rules have equal texts: elements stand in a fixed order. */
export function ruleText(rule: Rule): string {
  return rule.map(stepText).join(' ');
}

function stepText(step: Step): string {
  switch (step.kind) {
    case 'compare':
      return `${step.field} ${step.operator === '!=' ? '!= ' : ''}${step.value}`;
    case 'one-of':
      return `${step.field} ${step.operator === '!=' ? '!= ' : ''}{ ${step.values.toSorted(byText).join(', ')} }`;
    case 'lookup':
      return `${step.key.join(' . ')} ${step.operator === '!=' ? '!= ' : ''}@${ownName(step.set)}`;
    case 'ct-mark-has':
      return `ct mark & ${step.among} ${step.operator} ${step.bits}`;
    case 'ct-own':
      return 'ct state established,new';
    case 'ct-ends':
      return `ct expiration <= ${step.withinSeconds}s`;
    case 'tcp-opens':
      return `tcp flags & (fin | syn | rst | ack) ${step.operator} syn`;
    case 'set-mark':
      return `meta mark set ${step.value}`;
    case 'or-mark':
      return `meta mark set meta mark | ${step.bits}`;
    case 'map-mark':
      return `meta mark set ${step.key.join(' . ')} map ${mapText(step.map)}`;
    case 'or-ct-mark':
      return `ct mark set ct mark | ${step.bits}`;
    case 'set-ct-mark':
      return ctMarkText(step);
    case 'verdict-map':
      return `${step.key.join(' . ')} vmap ${mapText(step.map)}`;
    case 'update': {
      const timeout = step.timeoutSeconds === undefined ? '' : ` timeout ${step.timeoutSeconds}s`;
      return `update @${ownName(step.set)} { ${step.key.join(' . ')}${timeout} }`;
    }
    case 'ct-timeout':
      return `ct timeout set "${step.name}"`;
    case 'counter':
      return 'counter';
    case 'verdict':
      return step.verdict;
  }
}

/** What the kernel calls it, in the table of the rule. */
function ownName(name: string): string {
  return placeOf(name).own;
}

/** As the kernel gives it back: bits that are set anyway count as kept. */
function ctMarkText({ keeps, value }: Extract<Step, { kind: 'set-ct-mark' }>): string {
  if (keeps === 0) return `ct mark set ${value}`;
  return `ct mark set ct mark & ${keeps + value}${value === 0 ? '' : ` | ${value}`}`;
}

function mapText(map: string | Elements): string {
  if (typeof map === 'string') return `@${ownName(map)}`;
  return `{ ${map
    .toSorted(([a], [b]) => byText(a, b))
    .map(([key, data]) => `${key} : ${data}`)
    .join(', ')} }`;
}

/** Code units, not words of a language: the same on every machine. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a set is, apart from its elements. Sets whose heads differ cannot become one another: the old one goes, the new one comes. */
export function setHead(set: NftSet): string {
  const { content } = set;
  const flags = [
    ...(set.isInterval ? ['interval'] : []),
    ...(content.kind === 'dynamic' ? ['dynamic'] : []),
    ...(content.kind === 'dynamic' && content.expires ? ['timeout'] : []),
  ];
  return [
    `${keyTypes(set.key)}${set.data === undefined ? '' : ` : ${set.data}`};`,
    ...(content.kind === 'dynamic' ? [`size ${content.size};`] : []),
    ...(flags.length === 0 ? [] : [`flags ${flags.join(',')};`]),
    ...(content.kind === 'dynamic' && content.counts ? ['counter;'] : []),
  ].join(' ');
}

/** nft has no word for the type of raw bytes: it takes that of what is looked up by them. */
export function keyTypes(key: readonly string[]): string {
  if (!key.some(isRaw)) return `type ${key.join(' . ')}`;
  return `typeof ${key.map((type) => (type === 'ifname' ? 'iifname' : type)).join(' . ')}`;
}

/** The head of a chain; empty for one that only others lead to. */
export function chainHead({ hook }: Chain): string {
  return hook === undefined ? '' : `type filter hook ${hook.hook} priority ${hook.priority}; policy ${hook.policy};`;
}

/** What a timeout object is. Like nft, it does not say what nft gives states that are not named. */
export function timeoutText({ protocol, l3proto, policy }: CtTimeout): string {
  const given = new Map(TIMEOUT_STATES[protocol].map(({ name, seconds }) => [name, seconds]));
  const values = Object.entries(policy)
    .filter(([state, seconds]) => given.get(state) !== seconds)
    .toSorted(([a], [b]) => byText(a, b))
    .map(([state, seconds]) => `${state} : ${seconds}`);
  const said = values.length === 0 ? '' : ` policy = { ${values.join(', ')} };`;
  return `protocol ${protocol}; l3proto ${l3proto};${said}`;
}

/** Elements as nft reads them, in pieces that fit a command; none for sets that packets fill. */
export function* elementTexts(content: Content): Generator<readonly Value[], void, undefined> {
  if (content.kind === 'dynamic') return;
  let piece: Value[] = [];
  for (const text of content.kind === 'texts' ? textElements(content.elements) : packedElements(content)) {
    piece.push(text);
    if (piece.length < ELEMENTS_A_COMMAND) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** So many elements make a line of some tens of kilobytes. */
const ELEMENTS_A_COMMAND = 2048;

function* textElements(elements: ReadonlyMap<Value, Value>): Generator<Value, void, undefined> {
  for (const [key, data] of elements) yield data === '' ? key : `${key} : ${data}`;
}

function* packedElements({ family, words }: Extract<Content, { kind: 'packed' }>): Generator<Value, void, undefined> {
  const width = family === 'ipv4' ? 1 : 4;
  for (let at = 0; at < words.length; at += width) yield packedText(family, words, at);
}

/** The address at a place of packed words. */
export function packedText(family: 'ipv4' | 'ipv6', words: Uint32Array, at: number): Value {
  const word = (offset: number): number => words[at + offset] ?? 0;
  return formatAddress(family === 'ipv4' ? ipv4(word(0)) : ipv6([word(0), word(1), word(2), word(3)]));
}

/** The lines of `nft -f` that do commands, made as they are asked for. Everything is one transaction. */
export function* linesOf(commands: Iterable<Command>): Generator<string, void, undefined> {
  for (const command of commands) yield* commandLines(command);
}

/** The lines that make a ruleset from nothing. */
export function renderAll(ruleset: Ruleset): Iterable<string> {
  return linesOf(wholeCommands(ruleset));
}

function commandLines(command: Command): Iterable<string> {
  switch (command.kind) {
    case 'create-table':
      return [`${command.family === 'inet' ? 'create' : 'add'} table ${TABLES[command.family]}`];
    case 'delete-table':
      return [`delete table ${TABLES[command.family]}`];
    case 'add-timeout':
      return [`add ct timeout ${fullName(command.timeout.name)} { ${timeoutText(command.timeout)} }`];
    case 'delete-timeout':
      return [`delete ct timeout ${fullName(command.name)}`];
    case 'add-chain': {
      const head = chainHead(command.chain);
      return [`add chain ${fullName(command.chain.name)}${head === '' ? '' : ` { ${head} }`}`];
    }
    case 'flush-chain':
      return [`flush chain ${fullName(command.name)}`];
    case 'delete-chain':
      return [`delete chain ${fullName(command.name)}`];
    case 'add-rules':
      return command.chain.rules.map((rule) => `add rule ${fullName(command.chain.name)} ${ruleText(rule)}`);
    case 'add-set':
      return [`add ${kindOf(command.set)} ${fullName(command.set.name)} { ${setHead(command.set)} }`];
    case 'delete-set':
      return [`delete ${command.isMap ? 'map' : 'set'} ${fullName(command.name)}`];
    case 'add-elements':
      return elementLines('add', command.set.name, elementTexts(command.content));
    case 'delete-elements':
      return elementLines('delete', command.set.name, elementTexts(keysOf(command.content)));
  }
}

/** The table of an object, and what it is called there. */
export function fullName(name: string): string {
  const { family, own } = placeOf(name);
  return `${TABLES[family]} ${own}`;
}

function kindOf({ data }: NftSet): 'map' | 'set' {
  return data === undefined ? 'set' : 'map';
}

function* elementLines(
  verb: 'add' | 'delete',
  name: string,
  pieces: Iterable<readonly Value[]>,
): Generator<string, void, undefined> {
  for (const piece of pieces) yield `${verb} element ${fullName(name)} { ${piece.join(', ')} }`;
}

function keysOf(content: Content): Content {
  if (content.kind !== 'texts') return content;
  return { kind: 'texts', elements: new Map([...content.elements.keys()].map((key) => [key, ''])) };
}
