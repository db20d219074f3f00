// What a packet carries, and whether a rule's traffic is that: the oracle's own reading of the case format.

/** A packet above IP; `number` is its protocol. `first` and `second` are destination and source port, or ICMP type and code. */
export type Load = { readonly number: number; readonly first: number; readonly second: number };

const NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };

/** Reads one packet's traffic: `tcp/22`, `icmp/8/0`, `protocol/50`. */
export function load(text: string, sourcePort: number): Load {
  const [word = '', first = '', second = '0'] = text.split('/');
  if (word === 'protocol') return { number: Number(first), first: 0, second: 0 };
  const number = NUMBERS[word] ?? Number.NaN;
  return { number, first: Number(first), second: number === 6 || number === 17 ? sourcePort : Number(second) };
}

/** Whether the packet has ports. */
export function hasPorts(packet: Load): boolean {
  return packet.number === 6 || packet.number === 17;
}

/** Whether a packet of the family with this protocol number has ICMP types: each family has one ICMP of its own. */
function hasTypes(number: number, bits: 32 | 128): boolean {
  return number === (bits === 32 ? 1 : 58);
}

/** Whether a rule's or entry's traffic matches the packet. Ports and types count only where the packet has them. */
export function carries(traffic: string, packet: Load, bits: 32 | 128): boolean {
  if (traffic === 'all') return true;
  const [word = '', first, second] = traffic.split('/');
  if (word === 'protocol') return Number(first) === packet.number;
  if (NUMBERS[word] !== packet.number) return false;
  if (hasPorts(packet)) {
    const [from = 0, to = from] = (first ?? '0-65535').split('-').map(Number);
    return from <= packet.first && packet.first <= to;
  }
  if (!hasTypes(packet.number, bits) || first === undefined) return true;
  return Number(first) === packet.first && (second === undefined || Number(second) === packet.second);
}

/** The packet that answers; undefined where none is due. */
export function answer(packet: Load, bits: 32 | 128): Load | undefined {
  if (hasPorts(packet)) return { ...packet, first: packet.second, second: packet.first };
  if (!hasTypes(packet.number, bits)) return packet;
  const [ask, reply] = bits === 32 ? [8, 0] : [128, 129];
  return packet.first === ask ? { ...packet, first: reply, second: 0 } : undefined;
}
