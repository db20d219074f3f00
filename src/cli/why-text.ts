import { formatAddress } from '../core/net/address.ts';
import { intersectSets } from '../core/net/interval-set.ts';
import { unreachable } from '../core/net/result.ts';
import { formatTraffic, type Traffic } from '../core/net/traffic.ts';
import type { World } from '../core/model/world.ts';
import { type Answer, type AnswerGroup, type AnswerVerdict, isWholeForClients } from '../analysis/answer.ts';
import { isHostCidr, type Place, placeLabel } from '../analysis/place.ts';
import { familyName } from '../analysis/question.ts';
import { isEmptyTraffic } from '../analysis/traffic-split.ts';
import type { Stop } from '../analysis/trip.ts';
import { ALL_BUT, countText, pairsText, placeName } from './pair-text.ts';
import { line, type Line, padded, row, type Sheet, type Span, type Style } from './terminal.ts';
import { blockerSheet, doubtSheet, remedySheet, stacked, traceSheet } from './trace-text.ts';
import { rangesText, trafficText } from './traffic-text.ts';

/** The sign, word and colour of an answer's verdict. */
export const VERDICT_SIGNS: Readonly<
  Record<AnswerVerdict, { readonly sign: string; readonly word: string; readonly style: Style }>
> = {
  allowed: { sign: '✓', word: 'allowed', style: 'good' },
  depends: { sign: '?', word: 'unknown', style: 'doubt' },
  blocked: { sign: '✗', word: 'blocked', style: 'bad' },
};

const MAX_GROUPS = 12;

/** The answer of `crenel why`: the verdict in one sentence, then the reasons. */
export function whySheet(world: World, answer: Answer): Sheet {
  const told = toldGroups(answer.groups);
  const isOne = told.length === 1 && answer.groups.every((group) => group.pairs.length === 1);
  return stacked(
    [headline(world, answer)],
    isOne && twinOf(answer, told[0]) !== undefined ? [] : answer.groups.length > 1 ? groupTable(world, answer) : [],
    ...told.map((group) => groupSheet(world, answer, { group, isOnly: told.length === 1 })),
    noteSheet(answer),
  );
}

/** One group for each verdict that stands: the first one. */
function toldGroups(groups: readonly AnswerGroup[]): readonly AnswerGroup[] {
  return (['allowed', 'depends', 'blocked'] as const).flatMap((verdict) => {
    const found = groups.find((group) => group.verdict === verdict);
    return found === undefined ? [] : [found];
  });
}

/** The verdict in one sentence. */
export function headline(world: World, answer: Answer): Line {
  const { question, groups } = answer;
  const between = `from ${question.from.text} to ${question.to.text}`;
  const what = trafficName(question.traffic);
  const families = familiesText(groups);
  switch (answer.verdict) {
    case 'blocked':
      return line(
        { text: 'BLOCKED', style: 'bad' },
        question.traffic.kind === 'all'
          ? `: nothing gets ${between}${families}.`
          : `: ${what} does not get ${between}${families}.`,
      );
    case 'depends': {
      const why = groups.length === 0 ? 'it was not computed' : 'it depends on what this world does not hold';
      return line({ text: 'UNKNOWN', style: 'doubt' }, `: whether ${what} gets ${between}${families}: ${why}.`);
    }
    case 'allowed': {
      const isPart =
        !answer.isWhole && !(answer.pairs.computed === answer.pairs.total && groups.every(isWholeForClients));
      if (isPart) return line({ text: 'ALLOWED IN PART', style: 'good' }, `: ${partText(world, answer)}.`);
      const how = `${answeredText(question.traffic)}${answer.isWhole ? '' : sourcePortText(groups)}`;
      return line({ text: 'ALLOWED', style: 'good' }, `: ${what} gets ${between}${how}${families}.`);
    }
    default:
      return unreachable(answer.verdict);
  }
}

/** What part is allowed, as far as one sentence can say it. */
function partText(world: World, answer: Answer): string {
  const { question, groups } = answer;
  const between = `from ${question.from.text} to ${question.to.text}`;
  const allowed = groups.filter((group) => group.verdict === 'allowed');
  const [first] = allowed;
  const parts = new Set(allowed.map((group) => trafficText(group.split.allowed, group.family)));
  const what = parts.size === 1 ? [...parts].join('') : `some of ${trafficName(question.traffic)}`;
  const verb = what.includes(', ') ? 'get' : 'gets';
  if (allowed.length === groups.length) return `${what} ${verb} ${between}${familiesText(groups)}`;
  if (
    groups.every((group) => group.pairs.length === 1) &&
    new Set(groups.map((group) => group.family)).size === groups.length
  )
    return `${what} ${verb} ${between}, in ${allowed.map((group) => familyName(group.family)).join(' and ')} only`;
  if (allowed.length === 1 && first !== undefined && first.pairs.length === 1)
    return `${what} ${verb} ${between}${onlyText(world, answer, first)}${familiesText(allowed)}`;
  return `${what} ${verb} ${between} for some of these pairs`;
}

/** `, only from 203.0.113.25`, or `, except from 203.0.113.66`: the outside end of the one pair that is allowed. */
function onlyText(world: World, answer: Answer, { pair }: AnswerGroup): string {
  const { from, to } = answer.question;
  const sides = [
    { word: 'from', place: pair.from, all: from.places },
    { word: 'to', place: pair.to, all: to.places },
  ];
  const outside = sides.find(({ place }) => place.kind === 'internet' || place.kind === 'elsewhere');
  if (outside === undefined)
    return `, only ${placeName(world, from.places, pair.from)} → ${placeName(world, to.places, pair.to)}`;
  const name = placeName(world, outside.all, outside.place);
  return name.startsWith(ALL_BUT)
    ? `, except ${outside.word} ${name.slice(ALL_BUT.length)}`
    : `, only ${outside.word} ${name}`;
}

/** `, from source ports 1024-65535`: the ports that clients use, where not all others would do. */
function sourcePortText(groups: readonly AnswerGroup[]): string {
  const sets = groups
    .flatMap((group) => [...group.split.allowed.tcp, ...group.split.allowed.udp])
    .map((box) => box.sourcePorts);
  return sets.length === 0 ? '' : `, from source ports ${rangesText(sets.reduce(intersectSets))}`;
}

/** One line for each group of equal answers; what both families say the same is said once. */
export function groupTable(world: World, answer: Answer): Sheet {
  const rows = Map.groupBy(answer.groups, (group) => `${group.verdict} ${groupText(world, answer, group)}`);
  const isTwoFamilies = new Set(answer.groups.map((group) => group.family)).size > 1;
  const shown = [...rows.values()].slice(0, MAX_GROUPS);
  return [
    ...shown.map((groups) => {
      const [first] = groups;
      const { sign, word, style } = VERDICT_SIGNS[first?.verdict ?? 'depends'];
      const families = [...new Set(groups.map((group) => familyName(group.family)))].join(', ');
      const lead: readonly Span[] = [
        { text: `${sign} ${word}`, style },
        '  ',
        ...(isTwoFamilies ? [padded(families, 12)] : []),
      ];
      return row(2, lead, [first === undefined ? '' : groupText(world, answer, first)]);
    }),
    ...(rows.size > MAX_GROUPS
      ? [
          row(
            2,
            [],
            [{ text: `and ${rows.size - MAX_GROUPS} more kinds of answer: --json has them all`, style: 'faint' }],
          ),
        ]
      : []),
  ];
}

/** The pairs of a group and what part of the question is allowed between them. */
function groupText(world: World, answer: Answer, group: AnswerGroup): string {
  const pairs = pairsText(world, answer, group);
  const isRest = group.verdict === 'blocked' && answer.groups.length > 1 && pairs.includes(';');
  const who = isRest ? `the other ${countText(group.pairs.length, 'pair')}` : pairs;
  return isWholeForClients(group) || group.verdict !== 'allowed'
    ? who
    : `${who}: ${trafficText(group.split.allowed, group.family)}`;
}

/** One group in full, by the pair that stands for it. */
function groupSheet(
  world: World,
  answer: Answer,
  { group, isOnly }: { readonly group: AnswerGroup; readonly isOnly: boolean },
): Sheet {
  const { trip, passing, blocked } = group;
  const { question } = answer;
  const isPart = passing !== undefined && blocked !== undefined && !isWholeForClients(group);
  const isEnough = isWholeForClients(group);
  const tellsBlocked = blocked !== undefined && !isEnough && (passing === undefined || question.traffic.kind !== 'all');
  const ends: Sheet = [
    ...(isOnly ? [] : [line({ text: exampleTitle(world, answer, group), style: 'strong' })]),
    row(0, ['From  '], [endText(world, question.from.places, { place: group.pair.from, stop: trip.from })]),
    row(0, ['To    '], [endText(world, question.to.places, { place: group.pair.to, stop: trip.to })]),
  ];
  return stacked(
    ends,
    passing === undefined ? [] : [...partTitle(group, isPart), ...traceSheet(world, passing, trip)],
    group.verdict === 'depends' && passing !== undefined ? doubtSheet(world, passing) : [],
    isEnough ? [] : sourcePortSheet(group),
    blocked !== undefined && tellsBlocked
      ? stacked(
          [
            ...(isPart
              ? [
                  row(
                    0,
                    [{ text: 'Blocked: ', style: 'bad' }],
                    [`${trafficText(group.split.blocked, group.family)}, for example:`],
                  ),
                ]
              : []),
            ...traceSheet(world, blocked, trip),
          ],
          blockerSheet(world, blocked),
          remedySheet(world, blocked, { question, isExample: isExample(group) }),
        )
      : [],
    twinSheet(answer, group),
  );
}

function partTitle(group: AnswerGroup, isPart: boolean): Sheet {
  if (!isPart) return [];
  const isSure = group.verdict === 'allowed';
  const boxes = isSure ? group.split.allowed : group.split.depends;
  const head: Span = isSure ? { text: 'Allowed: ', style: 'good' } : { text: 'Unknown: ', style: 'doubt' };
  return [row(0, [head], [`${trafficText(boxes, group.family)}, for example:`])];
}

function sourcePortSheet(group: AnswerGroup): Sheet {
  const boxes = [...group.split.allowed.tcp, ...group.split.allowed.udp];
  if (boxes.length === 0 || isEmptyTraffic(group.split.blocked)) return [];
  const isLimited = boxes.some(
    (box) => box.sourcePorts.length !== 2 || box.sourcePorts[1] !== 65_535 || box.sourcePorts[0] !== 0,
  );
  return isLimited
    ? [line('Only from those source ports do the answers come back: NACLs read the ports of replies too.')]
    : [];
}

/** Where the other family says the same of the same pair, one line will do. */
function twinSheet(answer: Answer, group: AnswerGroup): Sheet {
  const twin = twinOf(answer, group);
  if (twin === undefined) return [];
  const [from, to] = [twin.trip.from, twin.trip.to].map((stop) => formatAddress(stop.address));
  const text = `${VERDICT_SIGNS[twin.verdict].word} as well, ${from ?? ''} → ${to ?? ''}: --family ${twin.family} shows it.`;
  return [row(0, [{ text: `${familyName(twin.family)}  `, style: 'strong' }], [text])];
}

function twinOf(answer: Answer, group: AnswerGroup | undefined): AnswerGroup | undefined {
  if (group === undefined || answer.groups.length > 2) return undefined;
  return answer.groups.find((one) => one.family !== group.family && one.verdict === group.verdict);
}

/** Whether the sender that is shown stands for many. */
export function isExample(group: AnswerGroup): boolean {
  const { from, to } = group.pair;
  return [from, to].some(
    (place) => place.kind !== 'eni' && (place.space.length > 1 || place.space.some((cidr) => !isHostCidr(cidr))),
  );
}

function endText(
  world: World,
  all: readonly Place[],
  { place, stop }: { readonly place: Place; readonly stop: Stop },
): string {
  const isMany = place.space.length > 1 || place.space.some((cidr) => !isHostCidr(cidr));
  if (place.kind === 'eni' || !isMany) return placeLabel(world, place);
  return `${placeName(world, all, place)}, for example ${formatAddress(stop.address)}`;
}

function exampleTitle(world: World, answer: Answer, group: AnswerGroup): string {
  const from = placeName(world, answer.question.from.places, group.pair.from);
  const to = placeName(world, answer.question.to.places, group.pair.to);
  const word = VERDICT_SIGNS[group.verdict].word;
  return `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}${group.pairs.length > 1 ? ', for example' : ''}: ${from} → ${to} (${familyName(group.family)})`;
}

/** What the answer does not cover, and how the endpoints were read. */
export function noteSheet(answer: Answer): Sheet {
  const { total, computed, outside } = answer.pairs;
  return [
    ...[...answer.question.from.notes, ...answer.question.to.notes].map((note) => line(`Note: ${note}.`)),
    ...(computed < total
      ? [
          line(
            { text: 'Not complete', style: 'doubt' },
            `: ${countText(computed, 'pair')} of ${total.toLocaleString('en-US')} computed, ${(total - computed).toLocaleString('en-US')} not. Ask for smaller endpoints.`,
          ),
        ]
      : []),
    ...(outside > 0
      ? [line(`Note: ${countText(outside, 'pair')} with both ends outside of this world left out.`)]
      : []),
  ];
}

function trafficName(traffic: Traffic): string {
  return traffic.kind === 'all' ? 'all traffic' : formatTraffic(traffic);
}

/** Whether an answer comes back is part of "allowed" where the protocol has answers. */
function answeredText(traffic: Traffic): string {
  const isAnswered = traffic.kind === 'tcp' || traffic.kind === 'udp' || traffic.kind === 'protocol';
  return isAnswered ? ' and is answered' : '';
}

function familiesText(groups: readonly AnswerGroup[]): string {
  const names = [...new Set(groups.map((group) => familyName(group.family)))].toSorted();
  return names.length === 0 ? '' : ` (${names.join(' and ')})`;
}
