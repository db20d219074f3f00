import type { Family } from '../net/address.ts';
import { transportPoint } from '../net/axis.ts';
import { replyTransport, type Traffic, type Transport } from '../net/traffic.ts';
import type { Eni } from '../model/eni.ts';
import type { Direction } from '../model/security-group.ts';
import type { World } from '../model/world.ts';
import { groupsOf, type PlacedRule, preparedRules } from '../policy/match.ts';
import type { TcpFlags } from './tcp.ts';

/** A TCP or UDP packet that a rule of the interface admitted. */
export type Admitted = {
  readonly eni: Eni;
  readonly direction: Direction;
  readonly family: Family;
  readonly transport: Transport;
  readonly flags: TcpFlags | undefined;
};

/**
 * Whether a flow needs no entry: a rule for any address admits its first packet, and in the other direction a rule admits any address on
 * all ports (E2:conntrack). One such rule is enough, whatever narrower ones admit as well. A packet that is not plainly a first one may
 * be the answer of such a flow; then the two rules stand the other way round.
 */
export function isUntracked(world: World, packet: Admitted): boolean {
  const { transport, flags, direction } = packet;
  if (transport.kind !== 'tcp' && transport.kind !== 'udp') return false;
  const opposite: Direction = direction === 'egress' ? 'ingress' : 'egress';
  if (admitsAnyone(world, packet, direction, transport) && answersAnyone(world, packet, opposite)) return true;
  if (flags === 'syn') return false;
  const request = replyTransport(transport) ?? transport;
  return admitsAnyone(world, packet, opposite, request) && answersAnyone(world, packet, direction);
}

function admitsAnyone(world: World, packet: Admitted, direction: Direction, transport: Transport): boolean {
  const point = transportPoint(transport, packet.family);
  return openRules(world, packet, direction).some((one) => one.from <= point && point <= one.to);
}

function answersAnyone(world: World, packet: Admitted, direction: Direction): boolean {
  return openRules(world, packet, direction).some((one) => isAllPorts(one.rule.traffic, packet.transport));
}

function openRules(world: World, { eni, family }: Admitted, direction: Direction): readonly PlacedRule[] {
  return groupsOf(world, eni)
    .groups.flatMap((group) => preparedRules(group, direction, family).placed)
    .filter(
      ({ rule }) =>
        rule.doubt === undefined &&
        rule.peer.kind === 'cidr' &&
        rule.peer.cidr.family === family &&
        rule.peer.cidr.length === 0,
    );
}

function isAllPorts(traffic: Traffic, transport: Transport): boolean {
  if (traffic.kind === 'all') return true;
  return (
    traffic.kind === transport.kind && 'ports' in traffic && traffic.ports.from === 0 && traffic.ports.to === 65_535
  );
}
