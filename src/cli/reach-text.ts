import type { World } from '../core/model/world.ts';
import type { RuleRef } from '../core/policy/verdict.ts';
import { ruleText } from '../core/policy/explain-text.ts';
import type { Answer, AnswerGroup } from '../analysis/answer.ts';
import { nameOf } from '../analysis/names.ts';
import { familyName } from '../analysis/question.ts';
import { supportOf } from '../analysis/rule-support.ts';
import { isEmptyTraffic, type TrafficBoxes } from '../analysis/traffic-split.ts';
import { countText, pairsText } from './pair-text.ts';
import { line, type Line, padded, row, type Sheet } from './terminal.ts';
import { blockerSheet, doubtSheet, remedySheet, stacked } from './trace-text.ts';
import { sourceText, trafficWords } from './traffic-text.ts';
import { isExample, noteSheet, VERDICT_SIGNS } from './why-text.ts';

const MAX_GROUPS = 24;
const MAX_RULES = 3;

/** The answer of `crenel reach`: every stretch of traffic that gets through, with the rules that let it in. */
export function reachSheet(world: World, answer: Answer): Sheet {
  const shown = answer.groups.slice(0, MAX_GROUPS);
  const hidden = answer.groups.length - shown.length;
  return stacked(
    [headline(answer)],
    ...shown.map((group) => groupSheet(world, answer, group)),
    hidden > 0 ? [line({ text: `and ${countText(hidden, 'other answer')}: --json has them all`, style: 'faint' })] : [],
    noteSheet(answer),
  );
}

function headline(answer: Answer): Line {
  const { question, verdict } = answer;
  const between = `from ${question.from.text} to ${question.to.text}`;
  switch (verdict) {
    case 'allowed':
      return line(
        { text: 'REACHABLE', style: 'good' },
        `: ${answer.isWhole ? `everything gets ${between}` : `traffic gets ${between}, exactly this`}.`,
      );
    case 'blocked':
      return line({ text: 'NOT REACHABLE', style: 'bad' }, `: nothing gets ${between}.`);
    case 'depends':
      return line({ text: 'UNKNOWN', style: 'doubt' }, `: nothing gets ${between} for certain.`);
  }
}

function groupSheet(world: World, answer: Answer, group: AnswerGroup): Sheet {
  const { sign, style } = VERDICT_SIGNS[group.verdict];
  const count = group.pairs.length > 1 ? `, ${countText(group.pairs.length, 'pair')}` : '';
  const title = row(
    0,
    [{ text: `${sign} `, style }],
    [{ text: pairsText(world, answer, group), style: 'strong' }, `  (${familyName(group.family)}${count})`],
  );
  if (group.verdict === 'blocked') {
    if (group.blocked === undefined) return [title];
    const isAlone = answer.groups.every((one) => one.verdict === 'blocked') && answer.groups.length <= 2;
    const reasons = [
      ...blockerSheet(world, group.blocked),
      ...remedySheet(world, group.blocked, { question: answer.question, isExample: isExample(group) }),
    ];
    return isAlone
      ? [title, row(2, [], ['nothing; an example of what is in the way:']), ...reasons.map(inward)]
      : [title, row(2, [], ['nothing'])];
  }
  const doubts = group.passing === undefined ? [] : doubtSheet(world, group.passing);
  return [
    title,
    ...boxLines(world, group, group.split.allowed),
    ...(isEmptyTraffic(group.split.depends)
      ? []
      : [
          row(2, [{ text: 'perhaps, depending on what is not known:', style: 'doubt' }], []),
          ...boxLines(world, group, group.split.depends),
          ...(group.verdict === 'depends' ? doubts.map(inward) : []),
        ]),
  ];
}

/** One line for each stretch, with the rules of the receiver's groups, or the sender's where the receiver is outside. */
function boxLines(world: World, group: AnswerGroup, boxes: TrafficBoxes): readonly Line[] {
  const words = trafficWords(boxes, group.family);
  const width = Math.min(28, Math.max(14, ...words.map((one) => one.word.length + 2)));
  return words.flatMap((one) => {
    const rules = decidingRules(world, group, one.part);
    const texts = rules.slice(0, MAX_RULES).map((rule) => ruleText(rule, (id) => nameOf(world, id)));
    const more = rules.length > MAX_RULES ? [`and ${rules.length - MAX_RULES} more rules`] : [];
    const [first = '', ...rest] = [...texts, ...more];
    const source = sourceText(one).trimStart();
    const body = source === '' ? first : `${source}${first === '' ? '' : `; ${first}`}`;
    return [row(2, [padded(one.word, width)], [body]), ...rest.map((text) => row(2 + width, [], [text]))];
  });
}

function decidingRules(world: World, group: AnswerGroup, part: TrafficBoxes): readonly RuleRef[] {
  const support = supportOf(world, group.trip.path, part).filter(({ gate }) => gate.way === 'forward');
  const stage = group.trip.to.place.kind === 'eni' ? 'group-ingress' : 'group-egress';
  return support.findLast(({ gate }) => gate.stage === stage)?.rules ?? [];
}

function inward(one: Line): Line {
  return { ...one, indent: one.indent + 2 };
}
