import type { Family } from '../core/net/address.ts';
import type { CauseDocument } from '../analysis/cause-document.ts';
import type { StatementDocument } from '../analysis/diff-document.ts';
import { endsAt, type EndsTables } from '../analysis/diff-ends.ts';
import type { EndsDocument } from '../analysis/ends-document.ts';
import type { Ranges, RuleDocument, TrafficDocument } from '../analysis/part-documents.ts';
import { countText } from './pair-text.ts';

const MAX_WORDS = 6;
const MAX_NAMES = 3;
/** How many protocol numbers have no part of their own among traffic. */
const OTHER_PROTOCOLS = 253;

/** The traffic of all parts of a statement on one line: `tcp/22, tcp/80-90`; `all traffic` for everything. */
export function statementTraffic({ parts, sourcePorts, about }: StatementDocument): string {
  const text = wordsText(new Set(parts.flatMap((part) => trafficWordsOf(part.traffic, part.family))));
  return about === 'answers' && sourcePorts !== null
    ? `answers to source ${portWord(sourcePorts)} ${rangesOf(sourcePorts)}`
    : text;
}

/** Traffic on one line. */
export function documentTraffic(traffic: TrafficDocument, family: Family): string {
  return wordsText(new Set(trafficWordsOf(traffic, family)));
}

/** Ends on one line. */
export function endsText(ends: readonly EndsDocument[]): string {
  const interfaces = new Map(ends.flatMap((one) => one.interfaces.map((item) => [item.eni, item.name ?? item.eni])));
  const names = [...new Set(interfaces.values())];
  const outside = outsideText(ends);
  const inside = names.length === 0 ? [] : [namesOf(names, interfaces.size)];
  return [...(outside === undefined ? [] : [outside]), ...inside].join(', and ');
}

/** `IPv4`, `IPv6` or both. */
export function statementFamilies({ parts }: StatementDocument): string {
  return [...new Set(parts.map((part) => (part.family === 'ipv4' ? 'IPv4' : 'IPv6')))].join(', ');
}

/** One side of a document's statement in few words: `the internet`, `web-1, web-2 and 10 more interfaces`, `203.0.113.0/24`. */
export function statementEnds(tables: EndsTables, { parts }: StatementDocument, side: 'from' | 'to'): string {
  return endsText(parts.map((part) => endsAt(tables, part[side])));
}

/** What made the difference, in words: `ingress rule added to web (sg-…): tcp/22 from 0.0.0.0/0`. */
export function causeText(cause: CauseDocument): string {
  switch (cause.kind) {
    case 'rule':
      return `${cause.label}: ${ruleWords(cause.rule)} ${cause.change}`;
    case 'interface':
      return `${END_NAMES[cause.side]} ${cause.change}${cause.label === '' ? '' : `, with ${cause.label}`}`;
    case 'membership':
      return membershipText(cause);
    case 'prefix-list':
      return `${cause.label}: entries changed`;
    case 'gate':
      return gateText(cause);
  }
}

/** What becomes of open connections, for what is closed. */
export function openText(statement: StatementDocument): string | undefined {
  switch (statement.openConnections) {
    case null:
      return undefined;
    case 'live-on':
      return 'open connections are tracked: they live on until they end or are idle (TCP 5 days, UDP 30 to 180 s)';
    case 'cut':
      return 'open connections are cut at once';
    case 'mixed':
      return 'open connections that are tracked live on until they end or are idle; the others are cut at once';
  }
}

/** How many pairs a statement is about, and how many had it before. */
export function pairsTextOf({ parts }: StatementDocument): string {
  const pairs = parts.reduce((sum, part) => sum + part.pairs, 0);
  const before = parts.reduce((sum, part) => sum + (part.pairsBefore ?? 0), 0);
  const known = before === 0 ? '' : `, ${before.toLocaleString('en-US')} more have it anyway`;
  // One line stands for several sets here: a reader must not take every sender for every receiver.
  const mixed = parts.some((part) => part.boxes.length > 1) ? [MIXED] : [];
  return [...(pairs === 0 ? [] : [`${countText(pairs, 'pair')}${known}`]), ...mixed].join('; ');
}

function membershipText({ side, joined, left, label }: Extract<CauseDocument, { kind: 'membership' }>): string {
  if (left.length === 0) return `${END_NAMES[side]} joined ${label}`;
  if (joined.length === 0) return `${END_NAMES[side]} left ${label}`;
  return `${END_NAMES[side]} joined ${joined.join(', ')} and left ${left.join(', ')}`;
}

const MIXED = 'not all of it for each';
const END_NAMES = { from: 'senders', to: 'receivers' } as const;

function gateText({ change, label, stage, way, refusedBy, reason }: Extract<CauseDocument, { kind: 'gate' }>): string {
  const where = way === 'reply' ? `${stage}, for the answer` : stage;
  const by = refusedBy === null ? reason : ruleWords(refusedBy);
  return change === 'opened' ? `${label} (${where}): ${by} refused before` : `${label} (${where}): ${by} refuses now`;
}

/** A rule, entry or route in words. */
export function ruleWords(rule: RuleDocument): string {
  switch (rule.kind) {
    case 'rule':
      return `${rule.direction} rule ${rule.traffic} ${rule.direction === 'ingress' ? 'from' : 'to'} ${rule.peer}`;
    case 'entry':
      return `${rule.direction} entry ${rule.number} ${rule.action} ${rule.traffic} ${rule.cidr}`;
    case 'default-entry':
      return 'the final deny';
    case 'route':
      return `route ${rule.destination} to ${rule.target}`;
  }
}

function outsideText(ends: readonly EndsDocument[]): string | undefined {
  const some = ends.filter((one) => one.outside.length > 0);
  if (some.length === 0) return undefined;
  const near = some.flatMap((one) => (one.allBut === null ? one.outside : []));
  const left = some.flatMap((one) => one.allBut ?? []);
  const most = left.length === 0 ? 'the internet' : `the internet but ${capped(left, MAX_NAMES, 'more prefixes')}`;
  const parts = [
    ...(some.some((one) => one.allBut !== null) ? [most] : []),
    ...(near.length === 0 ? [] : [capped(near, MAX_NAMES, 'more prefixes')]),
  ];
  return parts.join(', and ');
}

function namesOf(names: readonly string[], count: number): string {
  if (names.length <= MAX_NAMES) return names.join(', ');
  return `${names.slice(0, MAX_NAMES).join(', ')} and ${countText(count - MAX_NAMES, 'more interface')}`;
}

function wordsText(words: ReadonlySet<string>): string {
  return isEverything(words) ? 'all traffic' : capped([...words], MAX_WORDS, 'more');
}

function capped(words: readonly string[], most: number, rest: string): string {
  return words.length <= most
    ? words.join(', ')
    : `${words.slice(0, most).join(', ')} and ${words.length - most} ${rest}`;
}

function trafficWordsOf(traffic: TrafficDocument, family: Family): readonly string[] {
  const ports = (['tcp', 'udp'] as const).flatMap((kind) =>
    traffic[kind].flatMap((box) => box.destinationPorts.map(([from, to]) => rangeWord(kind, [from, to], 65_535))),
  );
  const own = family === 'ipv4' ? 'icmp' : 'icmpv6';
  const icmp = traffic.icmp.map(({ types, codes }) => {
    if (codes[0] !== 0 || codes[1] !== 255) return `${own}/${types[0]}/${rangesOf([codes])}`;
    return rangeWord(own, types, 255);
  });
  const numbers = traffic.other.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const other =
    numbers === OTHER_PROTOCOLS
      ? ['every other protocol']
      : traffic.other.map((range) => `protocol/${rangesOf([range])}`);
  return [...ports, ...icmp, ...other];
}

function rangeWord(kind: string, [from, to]: readonly [number, number], last: number): string {
  return from === 0 && to === last ? kind : `${kind}/${rangesOf([[from, to]])}`;
}

function portWord(ranges: Ranges): string {
  return ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1] ? 'port' : 'ports';
}

function rangesOf(ranges: Ranges): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

function isEverything(words: ReadonlySet<string>): boolean {
  const kinds = ['tcp', 'udp', 'every other protocol'];
  return kinds.every((kind) => words.has(kind)) && (words.has('icmp') || words.has('icmpv6'));
}
