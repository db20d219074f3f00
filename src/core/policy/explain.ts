import { type Address, formatAddress, sameAddress } from '../net/address.ts';
import { unreachable } from '../net/result.ts';
import type { GateAnswer, Verdict } from './evaluate.ts';
import { denyText, type Naming, nearMissText, passText, ruleText, stageText, unknownText } from './explain-text.ts';
import type { Gate } from './path.ts';
import type { Decision, Outcome, RuleRef, Stage, Way } from './verdict.ts';

/** One gate in words. `lines` holds at least one; a gate that several rules open has a line for each. */
export type TraceStep = {
  readonly way: Way;
  readonly stage: Stage;
  /** The stage as people say it. */
  readonly title: string;
  readonly resource: string;
  readonly outcome: Decision['outcome'];
  readonly lines: readonly string[];
  /** Rules that came close, for a gate that refuses. */
  readonly nearest: readonly string[];
  readonly rules: readonly RuleRef[];
  readonly source: Address;
  readonly destination: Address;
  /** Whether the step tells nothing that a reader would miss: an interface that uses its own address. */
  readonly isPlain: boolean;
};

/** A verdict as a trace for people. Its outcome is the verdict's, for it is made from it and decides nothing. */
export type Explanation = {
  readonly outcome: Outcome;
  readonly forward: readonly TraceStep[];
  readonly reply: readonly TraceStep[];
};

/** The trace of a verdict: the same gates in the same order. */
export function explain(verdict: Verdict, naming: Naming = () => undefined): Explanation {
  const { end } = verdict.path;
  const last = end.kind === 'eni' || end.kind === 'internet' ? end : undefined;
  return {
    outcome: verdict.outcome,
    forward: traceSteps(verdict.forward.gates, last, naming),
    reply: traceSteps(verdict.reply.gates, undefined, naming),
  };
}

type Header = { readonly source: Address; readonly destination: Address };

function traceSteps(answers: readonly GateAnswer[], end: Header | undefined, naming: Naming): readonly TraceStep[] {
  return answers.map((one, index) => {
    // The gate for protocols that NAT gateways pass still sees the packet as it came.
    const next = answers.slice(index + 1).find(({ gate }) => gate.kind !== 'nat-protocols');
    return traceStep(one, next?.gate ?? end, naming);
  });
}

/** `next` is where the packet is seen next: it tells what a gateway made of its addresses. */
function traceStep({ gate, decision }: GateAnswer, next: Header | undefined, naming: Naming): TraceStep {
  return {
    way: gate.way,
    stage: gate.stage,
    title: stageText(gate.stage),
    resource: gate.resource,
    outcome: decision.outcome,
    lines: decisionLines({ gate, decision }, next, naming),
    nearest: decision.outcome === 'deny' ? decision.nearest.map((miss) => nearMissText(miss, naming)) : [],
    rules: rulesOf(decision),
    source: gate.source,
    destination: gate.destination,
    isPlain: decision.outcome === 'pass' && (decision.by === 'own-address' || decision.by === 'protocol'),
  };
}

function decisionLines(answer: GateAnswer, next: Header | undefined, naming: Naming): readonly string[] {
  const { gate, decision } = answer;
  switch (decision.outcome) {
    case 'deny':
      return [denyText(gate, decision, naming)];
    case 'unknown':
      return [unknownText(gate, decision, naming)];
    case 'pass':
      if (decision.rules.length > 0) return decision.rules.map((rule) => ruleText(rule, naming));
      return [`${passText(gate, decision.by, naming)}${translationText(gate, next)}`];
    default:
      return unreachable(decision);
  }
}

function translationText(gate: Gate, next: Header | undefined): string {
  if (gate.stage !== 'gateway' || next === undefined) return '';
  const parts = [
    ...(sameAddress(gate.source, next.source) ? [] : [`source becomes ${formatAddress(next.source)}`]),
    ...(sameAddress(gate.destination, next.destination)
      ? []
      : [`destination becomes ${formatAddress(next.destination)}`]),
  ];
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

/** The rules, entries and routes that a decision rests on. */
export function rulesOf(decision: Decision): readonly RuleRef[] {
  if (decision.outcome === 'pass') return decision.rules;
  return decision.outcome === 'deny' && decision.winner !== undefined ? [decision.winner] : [];
}
