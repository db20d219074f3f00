import type { Packet } from '../net/packet.ts';
import { replyTransport, type Transport } from '../net/traffic.ts';
import type { World } from '../model/world.ts';
import { decideGate } from './decide.ts';
import type { Gate, Origin, Path } from './path.ts';
import { planPath } from './plan.ts';
import { combine, type Decision, type Outcome } from './verdict.ts';

/** One gate and what it said. */
export type GateAnswer = { readonly gate: Gate; readonly decision: Decision };

/** All gates of one way and what they said together. */
export type WayVerdict = { readonly outcome: Outcome; readonly gates: readonly GateAnswer[] };

/**
 * The answer for one packet: `allow` means delivered and, where the protocol has answers, answered.
 * `blockers` are all gates that refuse, of both ways, in path order; `doubts` those that wait for something unknown.
 * `reply` is `none` where no answer is needed, or where the packet does not arrive and nothing can be said of one.
 */
export type Verdict = {
  readonly outcome: Outcome;
  readonly forward: WayVerdict;
  readonly reply: WayVerdict | { readonly outcome: 'none'; readonly gates: readonly [] };
  readonly blockers: readonly GateAnswer[];
  readonly doubts: readonly GateAnswer[];
  readonly path: Path;
};

/** How one engine decides one gate; `evaluate` itself uses the definition. */
export type Decide = (world: World, gate: Gate, transport: Transport) => Decision;

/** The definition of Crenel's semantics: one packet, one world, one verdict. Slow and obvious; compiled forms must equal it. */
export function evaluate(world: World, origin: Origin, packet: Packet): Verdict {
  return evaluateBy(decideGate, world, { origin, packet });
}

/** `evaluate` with another engine deciding the gates. */
export function evaluateBy(
  decide: Decide,
  world: World,
  question: { readonly origin: Origin; readonly packet: Packet },
): Verdict {
  const { origin, packet } = question;
  return judgePath(decide, world, { path: planPath(world, origin, packet), transport: packet.transport });
}

/** The verdict on a packet whose path is planned already: many packets can share one. */
export function judgePath(
  decide: Decide,
  world: World,
  question: { readonly path: Path; readonly transport: Transport },
): Verdict {
  const { path, transport } = question;
  const answer = (gate: Gate): GateAnswer => ({ gate, decision: decide(world, gate, transport) });
  const forward = wayVerdict(path.forward.map(answer));
  const needed = replyTransport(transport) !== undefined && path.end.kind !== 'lost';
  const reply = needed ? wayVerdict(path.reply.map(answer)) : ({ outcome: 'none', gates: [] } as const);
  const all = [...forward.gates, ...reply.gates];
  return {
    outcome: combine(all.map((one) => one.decision)),
    forward,
    reply,
    blockers: all.filter((one) => one.decision.outcome === 'deny'),
    doubts: all.filter((one) => one.decision.outcome === 'unknown'),
    path,
  };
}

function wayVerdict(gates: readonly GateAnswer[]): WayVerdict {
  return { outcome: combine(gates.map((one) => one.decision)), gates };
}
