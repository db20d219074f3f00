import type { Family } from '../core/net/address.ts';
import type { Direction } from '../core/model/security-group.ts';
import type { Field } from './ruleset.ts';
import type { Wiring } from './wiring.ts';

/** One direction at interfaces, in one family: chains and maps come by side. */
export type Side = { readonly direction: Direction; readonly family: Family };

export const SIDES: readonly Side[] = (['egress', 'ingress'] as const).flatMap((direction) =>
  (['ipv4', 'ipv6'] as const).map((family): Side => ({ direction, family })),
);

/** The end of the names that belong to a side. */
export function sideName({ direction, family }: Side): string {
  return `${direction === 'egress' ? 'e' : 'i'}${familyName(family)}`;
}

export function familyName(family: Family): '4' | '6' {
  return family === 'ipv4' ? '4' : '6';
}

/** What a side reads: `own` is the interface's end of the packet, `peer` the other one. */
export type SideFields = {
  readonly device: Field;
  readonly peerDevice: Field;
  readonly own: Field;
  readonly peer: Field;
  readonly ownPort: 'sport' | 'dport';
  readonly peerPort: 'sport' | 'dport';
};

/**
 * The fields of a side. Where instances hang behind devices of the namespace, what they send comes in by their device; the machine that is
 * itself the instance sends by its device.
 */
export function fieldsOf({ direction, family }: Side, mode: Wiring['mode']): SideFields {
  const isEgress = direction === 'egress';
  const [source, destination]: readonly [Field, Field] =
    family === 'ipv4' ? ['ip saddr', 'ip daddr'] : ['ip6 saddr', 'ip6 daddr'];
  const device = isEgress === (mode === 'forward') ? 'iifname' : 'oifname';
  const beyond = device === 'iifname' ? 'oifname' : 'iifname';
  return {
    device,
    peerDevice: mode === 'forward' ? beyond : device,
    own: isEgress ? source : destination,
    peer: isEgress ? destination : source,
    ownPort: isEgress ? 'sport' : 'dport',
    peerPort: isEgress ? 'dport' : 'sport',
  };
}

/** The value of `meta nfproto` for a family. */
export function nfproto(family: Family): 2 | 10 {
  return family === 'ipv4' ? 2 : 10;
}

/** What holds for both families of a direction. */
export function bothFamilies<T>(direction: Direction, of: (side: Side) => readonly T[]): readonly T[] {
  return SIDES.filter((side) => side.direction === direction).flatMap(of);
}
