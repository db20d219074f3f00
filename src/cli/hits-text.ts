import type { HitsDocument } from '../server/native/hits.ts';
import { countText, namesText } from './pair-text.ts';
import { type Line, row, type Sheet, type Span } from './terminal.ts';

/** As of when and since when hits were counted, and by whom; `ofRules`: at the rules of a group, which tracked flows pass by. */
export function hitsHead({ hosts, at, asOf, since, counts }: HitsDocument, ofRules: boolean): Sheet {
  if (hosts.length === 0) {
    const isPast = Object.values(counts).some((count) => 'packets' in count);
    return hitsLine(
      isPast ? 'no host enforces it now; what is shown was counted before' : 'not counted, for no host enforces it',
    );
  }
  const silent = hosts.filter((one) => one.since === null);
  if (asOf === null || since === null)
    return hitsLine(`not counted yet: hosts read counters every 30 seconds, and ${hostNames(silent)} did not so far`);
  const counting = hosts.filter((one) => one.since !== null);
  const live = counting.filter(({ condition }) => condition !== 'gone');
  const gone = counting.filter(({ condition }) => condition === 'gone');
  const on = live.length === 0 ? '' : ` on ${hostNames(live)}`;
  const flows = ofRules ? '; of a tracked flow only packets that open it ask a rule' : '';
  return [
    ...hitsLine(`as of ${ageText(asOf, at)} ago${on}, counted since ${ageText(since, at)} ago${flows}`),
    ...(silent.length === 0 ? [] : [missing(`${hostNames(silent)} did not count yet`)]),
    ...gone
      .slice(0, MOST_GONE)
      .map((one) => missing(`${one.host} is gone: counted until ${ageText(one.asOf ?? at, at)} ago`)),
  ];
}

function hostNames(hosts: HitsDocument['hosts']): string {
  return namesText(hosts.map(({ host }) => host));
}

/** So many hosts that are gone are told one by one. */
const MOST_GONE = 5;

function missing(text: string): Line {
  return row(0, ['      '], [{ text, style: 'doubt' }]);
}

/** How often a rule or an entry was hit; nothing where the head says that nobody counts. */
export function hitsRow(hits: HitsDocument | undefined, item: string, indent: number): Sheet {
  const count = hits?.counts[item];
  if (hits === undefined || count === undefined) return [];
  if ('notCounted' in count)
    return hits.asOf === null ? [] : [row(indent, [], [{ text: `not counted: ${count.notCounted}`, style: 'faint' }])];
  const { packets, bytes, lastHit } = count;
  const said: Span =
    lastHit === null
      ? { text: 'never hit', style: 'faint' }
      : `${countText(packets, 'packet')}, ${bytesText(bytes)}, last hit ${ageText(lastHit, hits.at)} ago`;
  return [row(indent, [], [said])];
}

function hitsLine(text: string): Sheet {
  return [row(0, [{ text: 'Hits  ', style: 'strong' }], [text])];
}

const AGES = [
  ['days', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** How long it is from one time to another, in the largest unit of which there are two. */
export function ageText(from: string, to: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  const [unit, length] = AGES.find(([, one]) => seconds >= 2 * one) ?? ['s', 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes to three digits, in powers of a thousand. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const rounded = Number(bytes.toPrecision(3));
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log10(rounded) / 3));
  return `${(rounded / 1000 ** power).toPrecision(3)} ${SIZES[power] ?? 'B'}`;
}
