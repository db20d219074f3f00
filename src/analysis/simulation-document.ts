import { formatAddress } from '../core/net/address.ts';
import { formatTransport } from '../core/net/traffic.ts';
import type { DenyReason, Stage, UnknownReason } from '../core/policy/verdict.ts';
import { denyText, unknownText } from '../core/policy/explain-text.ts';
import type { Passage } from '../core/track/network.ts';
import type { Fate } from '../core/track/scenario.ts';
import { nameOf } from './names.ts';
import type { Simulation, StepReport } from './simulate.ts';

/** A simulation as JSON. `version` changes when a field changes its meaning or goes; new fields may come at any time. */
export type SimulationDocument = {
  readonly version: 1;
  readonly title: string;
  readonly asExpected: boolean;
  readonly steps: readonly StepDocument[];
};

/** A step: times are seconds from the scenario's beginning; a packet has all fields from `source` on. */
export type StepDocument = {
  readonly at: number;
  readonly kind: string;
  readonly name?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly traffic?: string;
  readonly flags?: string;
  readonly verdict?: Fate;
  /** Where and why it stopped, unless it was delivered. */
  readonly stopped?: {
    readonly stage: Stage;
    readonly resource: string;
    readonly reason: DenyReason | UnknownReason;
    readonly text: string;
  };
  /** Interfaces that hold an entry for its flow afterwards. */
  readonly tracking?: readonly string[];
  readonly expected?: Fate;
};

/** The document of a simulation. */
export function simulationDocument(simulation: Simulation): SimulationDocument {
  return {
    version: 1,
    title: simulation.scenario.title,
    asExpected: unexpectedSteps(simulation).length === 0,
    steps: simulation.steps.map(stepDocument),
  };
}

/** The packets whose fate is not the one that the scenario expects. */
export function unexpectedSteps({ steps }: Simulation): readonly StepReport[] {
  return steps.filter((report) => report.kind === 'packet' && !report.isExpected);
}

function stepDocument(report: StepReport): StepDocument {
  const { step } = report;
  const head = { at: step.atSeconds, kind: step.kind };
  if (report.kind === 'done') return head;
  const { sent } = report.passage;
  const stopped = stoppedAt(report);
  return {
    ...head,
    ...('as' in step ? { name: step.as } : {}),
    source: formatAddress(sent.packet.source),
    destination: formatAddress(sent.packet.destination),
    traffic: formatTransport(sent.packet.transport),
    ...(sent.flags === undefined ? {} : { flags: sent.flags }),
    verdict: report.fate,
    ...(stopped === undefined ? {} : { stopped }),
    tracking: report.tracking,
    ...('expect' in step ? { expected: step.expect } : {}),
  };
}

/** Where a packet stopped and why, in words; undefined when it was delivered. */
export function stoppedAt(report: {
  readonly world: StepReport['world'];
  readonly passage: Passage;
}): StepDocument['stopped'] {
  const last = report.passage.gates.at(-1);
  if (last === undefined || last.decision.outcome === 'pass') return undefined;
  const { gate, decision } = last;
  const naming = (id: string): string | undefined => nameOf(report.world, id);
  const text = decision.outcome === 'deny' ? denyText(gate, decision, naming) : unknownText(gate, decision, naming);
  return { stage: gate.stage, resource: gate.resource, reason: decision.reason, text };
}
