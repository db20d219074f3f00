import { type Address, formatAddress, sameAddress } from '../core/net/address.ts';
import { formatCidr } from '../core/net/cidr.ts';
import { unreachable } from '../core/net/result.ts';
import { formatTraffic, formatTransport, type Transport } from '../core/net/traffic.ts';
import { preposition, stageText } from '../core/policy/explain-text.ts';
import type { ScenarioChange, ScenarioPeer, ScenarioStep } from '../core/track/scenario.ts';
import { eniOwns } from '../core/model/eni.ts';
import type { World } from '../core/model/world.ts';
import { nameOf, recordLabel } from '../analysis/names.ts';
import type { Simulation, StepReport } from '../analysis/simulate.ts';
import { stoppedAt, unexpectedSteps } from '../analysis/simulation-document.ts';
import { BLANK, line, padded, row, type Line, type Sheet, type Span, type Style } from './terminal.ts';

type PacketReport = Extract<StepReport, { kind: 'packet' }>;

const FATES: Readonly<
  Record<PacketReport['fate'], { readonly sign: string; readonly word: string; readonly style: Style }>
> = {
  deliver: { sign: '✓', word: 'delivered', style: 'good' },
  drop: { sign: '✗', word: 'dropped', style: 'bad' },
  unknown: { sign: '?', word: 'unknown', style: 'doubt' },
};

const FATE_WIDTH = 12;

/** A simulation step by step: what was sent, what became of it, and what was expected instead. */
export function simulationSheet(simulation: Simulation): Sheet {
  const { scenario, steps } = simulation;
  const width = Math.max(...steps.map(({ step }) => timeText(step).length)) + 2;
  return [
    ...(scenario.title === '' ? [] : [line({ text: scenario.title, style: 'strong' }), BLANK]),
    ...steps.flatMap((report) => stepLines(report, width)),
    BLANK,
    summary(simulation),
  ];
}

function stepLines(report: StepReport, width: number): Sheet {
  const time: Span = { text: timeText(report.step).padStart(width - 2), style: 'faint' };
  if (report.kind === 'done') return [row(0, [time, '  ', padded('· change', FATE_WIDTH)], [doneText(report)])];
  const { sign, word, style } = FATES[report.fate];
  const indent = width + FATE_WIDTH;
  const stopped = stoppedAt(report);
  const { step } = report;
  return [
    row(0, [time, '  ', padded({ text: `${sign} ${word}`, style }, FATE_WIDTH)], packetSpans(report)),
    ...(stopped === undefined
      ? []
      : [
          row(
            indent,
            ['at '],
            [`${stageText(stopped.stage)} of ${label(report.world, stopped.resource)}: ${stopped.text}`],
          ),
        ]),
    ...(report.isExpected
      ? []
      : [
          row(
            indent,
            [],
            [{ text: `expected ${'expect' in step ? step.expect : ''}, got ${report.fate}`, style: 'bad' }],
          ),
        ]),
  ];
}

function packetSpans(report: PacketReport): readonly Span[] {
  const { step, world, passage, tracking } = report;
  const { packet, flags } = passage.sent;
  const name = 'as' in step ? `${step.as}: ` : '';
  const what = 'of' in step ? `${step.kind === 'icmp-error' ? 'ICMP error about' : step.kind} ${step.of}: ` : '';
  const ends = `${endLabel(report, packet.source)} → ${endLabel(report, packet.destination)}`;
  const tracked =
    tracking.length === 0 ? '' : ` · tracked at ${tracking.map((id) => nameOf(world, id) ?? id).join(', ')}`;
  const flagText = flags === undefined || packet.transport.kind !== 'tcp' ? '' : ` ${flags}`;
  return [`${name}${what}${ends}, ${transportText(packet.transport)}${flagText}`, { text: tracked, style: 'faint' }];
}

function transportText(transport: Transport): string {
  return 'sourcePort' in transport
    ? `${transport.kind} ${transport.sourcePort} → ${transport.destinationPort}`
    : formatTransport(transport);
}

/** The address, with the name of the interface at one of the packet's ends that has it. */
function endLabel({ world, passage }: PacketReport, address: Address): string {
  const text = formatAddress(address);
  const ends = [passage.sent.origin, passage.end].flatMap((end) => (end.kind === 'eni' ? [end.eni] : []));
  const owner = ends.find(
    (eni) =>
      eniOwns(eni, address) ||
      eni.addresses.some((own) => own.public !== undefined && sameAddress(own.public.address, address)),
  );
  return owner === undefined ? text : `${nameOf(world, owner.id) ?? owner.id} (${text})`;
}

function label(world: World, id: string): string {
  return recordLabel(world, id);
}

function doneText({ step, world }: Extract<StepReport, { kind: 'done' }>): string {
  if (step.kind === 'change') return changeText(world, step.change);
  return step.kind === 'limit' ? `${step.interface} may track ${step.connections} connections` : '';
}

function changeText(world: World, change: ScenarioChange): string {
  switch (change.kind) {
    case 'authorize':
    case 'revoke': {
      const rule = `${formatTraffic(change.traffic)} ${preposition(change.direction)} ${peerText(change.peer)}`;
      return `${change.kind} ${change.direction} ${rule} in ${change.group}`;
    }
    case 'set-groups':
      return `${change.interface} now carries ${change.groups.join(', ')}`;
    case 'set-entry': {
      const { number, action, traffic, direction, cidr } = change.entry;
      const entry = `${number} ${action} ${formatTraffic(traffic)} ${preposition(direction)} ${formatCidr(cidr)}`;
      return `${direction} entry in ${label(world, change.acl)}: ${entry}`;
    }
    case 'remove-entry':
      return `${change.direction} entry ${change.number} removed from ${label(world, change.acl)}`;
    case 'set-prefix-list':
      return `${change.list} now holds ${change.entries.map(formatCidr).join(', ') || 'nothing'}`;
    case 'set-timeouts':
      return `${change.interface}: ${timeoutsText(change.timeouts)}`;
    case 'add-interface':
      return `${change.name ?? change.id} joins ${change.groups.join(', ')} at ${change.addresses.map(formatAddress).join(', ')}`;
    case 'remove-interface':
      return `${change.interface} is gone`;
    case 'set-peering':
      return `${label(world, change.peering)} is ${change.status}`;
    default:
      return unreachable(change);
  }
}

function timeoutsText(timeouts: Extract<ScenarioChange, { kind: 'set-timeouts' }>['timeouts']): string {
  const words = [
    ['established TCP', timeouts.tcpEstablishedSeconds],
    ['UDP streams', timeouts.udpStreamSeconds],
    ['UDP', timeouts.udpSeconds],
  ] as const;
  const parts = words.flatMap(([word, seconds]) => (seconds === undefined ? [] : [`${word} may idle ${seconds} s`]));
  return parts.length === 0 ? 'default timeouts' : parts.join(', ');
}

function peerText(peer: ScenarioPeer): string {
  return peer.kind === 'cidr' ? formatCidr(peer.cidr) : peer.name;
}

function timeText(step: ScenarioStep): string {
  return `${Number(step.atSeconds.toFixed(3))} s`;
}

function summary(simulation: Simulation): Line {
  const packets = simulation.steps.filter((report) => report.kind === 'packet');
  const counts = (['deliver', 'drop', 'unknown'] as const)
    .map((fate) => ({ word: FATES[fate].word, count: packets.filter((one) => one.fate === fate).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`);
  const wrong = unexpectedSteps(simulation).length;
  const expecting = packets.filter(({ step }) => 'expect' in step).length;
  const judgement: Span =
    wrong > 0
      ? { text: `${wrong} of ${expecting} not as expected`, style: 'bad' }
      : { text: expecting > 0 ? 'all as expected' : 'nothing was expected', style: expecting > 0 ? 'good' : 'faint' };
  return line(`${packets.length} packet${packets.length === 1 ? '' : 's'}: ${counts.join(', ')}; `, judgement, '.');
}
