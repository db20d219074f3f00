import { formatAddress } from '../core/net/address.ts';
import { formatTransport, replyTransport, type Transport } from '../core/net/traffic.ts';
import type { World } from '../core/model/world.ts';
import { explain, type TraceStep } from '../core/policy/explain.ts';
import { remedies, remedyText } from '../core/policy/explain-remedy.ts';
import { namedText, unknownText } from '../core/policy/explain-text.ts';
import type { Shown } from '../analysis/answer.ts';
import { nameOf } from '../analysis/names.ts';
import type { Question } from '../analysis/question.ts';
import type { Trip } from '../analysis/trip.ts';
import { BLANK, indented, line, type Line, padded, row, type Sheet, type Span, type Style } from './terminal.ts';

const TITLE_WIDTH = 15;
const MAX_RULES = 3;
const MAX_NEAREST = 2;

/** The sign and colour of a gate's decision. */
export const SIGNS: Readonly<Record<TraceStep['outcome'], { readonly sign: string; readonly style: Style }>> = {
  pass: { sign: '✓', style: 'good' },
  deny: { sign: '✗', style: 'bad' },
  unknown: { sign: '?', style: 'doubt' },
};

/** The path of one packet, stage by stage with the deciding rules. */
export function traceSheet(world: World, shown: Shown, trip: Trip): Sheet {
  const trace = explain(shown.verdict, (id) => nameOf(world, id));
  const ends = new Set([trip.from.place, trip.to.place].map((place) => (place.kind === 'eni' ? place.eni.id : '')));
  const way = (title: string, steps: readonly TraceStep[], ports: string): Sheet => {
    const [first] = steps;
    if (first === undefined) return [];
    const header = `${formatAddress(first.source)} → ${formatAddress(first.destination)}${ports === '' ? '' : `, ${ports}`}`;
    return [
      row(0, [padded({ text: title, style: 'strong' }, 9)], [header]),
      ...steps.filter((step) => !step.isPlain).flatMap((step) => stepLines(world, step, ends)),
    ];
  };
  const reply = replyTransport(shown.transport);
  const hidesPort = shown.verdict.path.translations.length > 0;
  return [
    ...way('Forward', trace.forward, portsText(shown.transport, false)),
    ...way('Reply', trace.reply, reply === undefined ? '' : portsText(reply, hidesPort)),
    ...(trip.note === undefined ? [] : [line(`Note: ${trip.note}.`)]),
  ];
}

/** Every gate that refuses, with the rules that came close. */
export function blockerSheet(world: World, shown: Shown): Sheet {
  const trace = explain(shown.verdict, (id) => nameOf(world, id));
  const denied = [...trace.forward, ...trace.reply].filter((step) => step.outcome === 'deny');
  if (denied.length === 0) return [];
  return [
    line({ text: denied.length === 1 ? 'Blocked by' : `Blocked by ${denied.length} checks`, style: 'strong' }),
    ...denied.flatMap((step) => [
      row(
        2,
        [{ text: '✗ ', style: 'bad' }],
        [`${wayText(step)}${step.title}${placeText(world, step)}: ${step.lines.join('; ')}`],
      ),
      ...step.nearest.slice(0, MAX_NEAREST).map((text) => row(6, [{ text: 'nearest  ', style: 'faint' }], [text])),
      ...moreLine(8, step.nearest.length - MAX_NEAREST, ['near miss', 'near misses']),
    ]),
  ];
}

/** In one line what would have to change; one line for each where several things would. `isExample`: the address stands for many. */
export function remedySheet(
  world: World,
  shown: Shown,
  { question, isExample }: { readonly question: Question; readonly isExample: boolean },
): Sheet {
  const texts = remedies(world, shown.verdict, { transport: shown.transport, asked: question.traffic }).map(
    (remedy) => {
      const text = remedyText(remedy, (id) => nameOf(world, id));
      return isExample && remedy.kind === 'add-rule'
        ? `${text} (the address of this example, or a prefix around it)`
        : text;
    },
  );
  if (texts.length === 0) return [];
  const what = question.traffic.kind === 'all' ? formatTransport(shown.transport) : 'it';
  const head: Span = {
    text: texts.length === 1 ? `To allow ${what}: ` : `To allow ${what}, all of this:`,
    style: 'strong',
  };
  return texts.length === 1
    ? [row(0, [head], [`${texts[0] ?? ''}.`])]
    : [line(head), ...texts.map((text, index) => row(2, [`${index + 1}. `], [`${text}.`]))];
}

/** What would have to be known. */
export function doubtSheet(world: World, shown: Shown): Sheet {
  const texts = new Set(
    shown.verdict.doubts.flatMap(({ gate, decision }) =>
      decision.outcome === 'unknown'
        ? [
            `${gate.stage.replace('acl', 'NACL').replace('-', ' ')}: ${unknownText(gate, decision, (id) => nameOf(world, id))}`,
          ]
        : [],
    ),
  );
  if (texts.size === 0) return [];
  return [
    line({ text: 'Not known', style: 'strong' }),
    ...[...texts].map((text) => row(2, [{ text: '? ', style: 'doubt' }], [text])),
  ];
}

/** Sheets one below the other with an empty line between those that say something. */
export function stacked(...sheets: readonly Sheet[]): Sheet {
  return sheets
    .filter((sheet) => sheet.length > 0)
    .flatMap((sheet, index) => (index === 0 ? sheet : [BLANK, ...sheet]));
}

function stepLines(world: World, step: TraceStep, ends: ReadonlySet<string>): readonly Line[] {
  const { sign, style } = SIGNS[step.outcome];
  const at =
    step.title.startsWith('group') && !ends.has(step.resource)
      ? `${namedText(step.resource, (id) => nameOf(world, id))}: `
      : '';
  const lead = [{ text: `${sign} `, style }, padded(step.title, TITLE_WIDTH)];
  const [first = '', ...rest] = step.lines.slice(0, MAX_RULES);
  return [
    row(2, lead, [`${at}${first}`]),
    ...rest.map((text) => indented(4 + TITLE_WIDTH, text)),
    ...moreLine(4 + TITLE_WIDTH, step.lines.length - MAX_RULES, ['rule', 'rules']),
  ];
}

function moreLine(indent: number, count: number, [one, many]: readonly [string, string]): readonly Line[] {
  const what = count === 1 ? one : many;
  return count <= 0 ? [] : [indented(indent, { text: `and ${count} more ${what}`, style: 'faint' })];
}

function wayText(step: TraceStep): string {
  return step.way === 'reply' ? 'reply, ' : '';
}

function placeText(world: World, step: TraceStep): string {
  return step.title.startsWith('group') ? ` at ${nameOf(world, step.resource) ?? step.resource}` : '';
}

function portsText(transport: Transport, isHidden: boolean): string {
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return `${transport.kind} ${transport.sourcePort} → ${isHidden ? 'the port that the NAT gateway picked' : transport.destinationPort}`;
    case 'icmp':
    case 'icmpv6':
      return `${transport.kind} type ${transport.type} code ${transport.code}`;
    case 'protocol':
      return `protocol ${transport.protocol}`;
  }
}
