import { AXIS_SIZE, axisPart, otherProtocol } from '../../core/net/axis.ts';
import { interval, setHas } from '../../core/net/interval-set.ts';
import { icmpOf } from '../../core/net/protocol.ts';
import type { Family } from '../../core/net/address.ts';
import type { Transport } from '../../core/net/traffic.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { type GateAnswer, judgePath } from '../../core/policy/evaluate.ts';
import { planTrip } from '../trip.ts';
import type { Cause } from './causes.ts';
import type { ClassId } from './classes.ts';
import { differentStops } from './links.ts';
import type { Matrix } from './matrix.ts';

/** The port that clients are taken to send from where nothing says otherwise. */
const USUAL_SOURCE_PORT = 50_000;

/** One packet between two classes. */
export type Sample = {
  readonly from: ClassId;
  readonly to: ClassId;
  /** On the axis. */
  readonly point: number;
  readonly sourcePort?: number;
};

/** The gate that refuses a packet in a world, or else the one that is in doubt, as the cause of the difference to another world. */
export function blame(matrix: Matrix, sample: Sample): Cause {
  const stops = differentStops(matrix.stopsOf(sample.from), matrix.stopsOf(sample.to));
  if (stops === undefined) throw new Error('a packet goes between two interfaces');
  const { path } = planTrip(matrix.world, stops.from, stops.to);
  const { family } = path;
  const ports = matrix.sourcePorts(sample.from, sample.to).possible;
  const part = sample.point < 65_536 ? ports.tcp : ports.udp;
  const usual = part.length === 0 || setHas(part, USUAL_SOURCE_PORT) ? USUAL_SOURCE_PORT : (part[0] ?? 0);
  const transport = transportAt(sample.point, sample.sourcePort ?? usual, family);
  const { blockers, doubts } = judgePath(decideGate, matrix.world, { path, transport });
  const answer = blockers[0] ?? doubts[0];
  if (answer === undefined) return { kind: 'gate', way: 'forward', stage: 'exempt', resource: '', reason: 'no-route' };
  return causeOfGate(answer);
}

/** The transport of a point of the axis. */
export function transportAt(point: number, sourcePort: number, family: Family): Transport {
  const own = interval(point, Math.min(point, AXIS_SIZE - 1));
  const [tcp] = axisPart(own, 'tcp');
  if (tcp !== undefined) return { kind: 'tcp', sourcePort, destinationPort: tcp };
  const [udp] = axisPart(own, 'udp');
  if (udp !== undefined) return { kind: 'udp', sourcePort, destinationPort: udp };
  const [icmp] = axisPart(own, 'icmp');
  if (icmp !== undefined) return { kind: icmpOf(family) === 1 ? 'icmp' : 'icmpv6', type: icmp >> 8, code: icmp & 255 };
  return { kind: 'protocol', protocol: otherProtocol(axisPart(own, 'other')[0] ?? 0, family) };
}

function causeOfGate({ gate, decision }: GateAnswer): Cause {
  const head = { kind: 'gate', way: gate.way, stage: gate.stage, resource: gate.resource } as const;
  if (decision.outcome === 'pass') throw new Error('a gate that passes is no cause');
  return decision.outcome === 'deny' && decision.winner !== undefined
    ? { ...head, reason: decision.reason, winner: decision.winner }
    : { ...head, reason: decision.reason };
}
