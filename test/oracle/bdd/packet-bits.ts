// The bits of a packet as variables of diagrams, and what rules say about them.
import { type Address, type Family, familyBits } from '../../../src/core/net/address.ts';
import type { Cidr } from '../../../src/core/net/cidr.ts';
import type { Traffic } from '../../../src/core/net/traffic.ts';
import { ALWAYS, type Bdd, type Diagrams, NEVER } from './diagrams.ts';

/**
 * Variables from the top: the protocol, the number that filters read (destination port, or ICMP type and code), the source port, the zone of the
 * other end, and its address. Traffic first: so sets of addresses that several ports share stand once below them.
 */
const PROTOCOL = { first: 0, bits: 8 };
const NUMBER = { first: 8, bits: 16 };
const SOURCE_PORT = { first: 24, bits: 16 };
const ZONE = { first: 40, bits: 4 };
const ADDRESS_FIRST = 44;

/** The zone of an end that no reference to a group can mean, and of one that any might. */
export const NO_ZONE = 0;
export const ANY_ZONE = 15;
/** As many VPCs as have a zone of their own. */
export const ZONES = 14;

/** Whether filters look at the packet that asks or at its answer: they read the source port of the one as destination port of the other. */
export type View = 'request' | 'answer';

type Field = { readonly first: number; readonly bits: number };

const NUMBERS = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** Packets of one family. */
export class PacketBits {
  readonly diagrams: Diagrams;
  readonly family: Family;
  readonly tcp: Bdd;
  readonly udp: Bdd;
  readonly ports: Bdd;
  /** The family's own ICMP: the other's is a protocol without types. */
  readonly icmp: Bdd;
  readonly #icmpNumber: 1 | 58;
  readonly #addressBits: number;

  constructor(diagrams: Diagrams, family: Family) {
    this.diagrams = diagrams;
    this.family = family;
    this.#addressBits = familyBits(family);
    this.#icmpNumber = family === 'ipv4' ? 1 : 58;
    this.tcp = this.protocol(NUMBERS.tcp);
    this.udp = this.protocol(NUMBERS.udp);
    this.ports = diagrams.or(this.tcp, this.udp);
    this.icmp = this.protocol(this.#icmpNumber);
  }

  protocol(number: number): Bdd {
    return this.#equal(PROTOCOL, number);
  }

  /** Packets that a rule's or an entry's traffic means. */
  traffic(traffic: Traffic, view: View): Bdd {
    switch (traffic.kind) {
      case 'all':
        return ALWAYS;
      case 'protocol':
        return this.protocol(traffic.protocol);
      case 'tcp':
      case 'udp': {
        const { from, to } = traffic.ports;
        const ports = this.range(view === 'request' ? 'number' : 'source-port', from, to);
        return this.diagrams.and(traffic.kind === 'tcp' ? this.tcp : this.udp, ports);
      }
      case 'icmp':
      case 'icmpv6':
        return this.diagrams.and(this.protocol(NUMBERS[traffic.kind]), this.#types(traffic, view));
    }
  }

  /** Packets whose field is between two numbers, both included. */
  range(field: 'number' | 'source-port', from: number, to: number): Bdd {
    return this.#between(field === 'number' ? NUMBER : SOURCE_PORT, from, to);
  }

  zone(zone: number): Bdd {
    return this.#equal(ZONE, zone);
  }

  /** The other end's address lies in the prefix; never in one of the other family. */
  prefix(cidr: Cidr): Bdd {
    if (cidr.family !== this.family) return NEVER;
    let made: Bdd = ALWAYS;
    for (let bit = cidr.length - 1; bit >= 0; bit -= 1)
      made =
        bitOf(cidr.base, bit) === 1
          ? this.diagrams.node(ADDRESS_FIRST + bit, NEVER, made)
          : this.diagrams.node(ADDRESS_FIRST + bit, made, NEVER);
    return made;
  }

  /** The other end's address lies in one of the prefixes, of the family or not: bit by bit, so that no two sets must be met. */
  prefixes(cidrs: readonly Cidr[]): Bdd {
    const walk = (left: readonly Cidr[], bit: number): Bdd => {
      if (left.length === 0) return NEVER;
      if (left.some(({ length }) => length <= bit)) return ALWAYS;
      const [zeros, ones] = [0, 1].map((value) => left.filter(({ base }) => bitOf(base, bit) === value));
      return this.diagrams.node(ADDRESS_FIRST + bit, walk(zeros ?? [], bit + 1), walk(ones ?? [], bit + 1));
    };
    return walk(
      cidrs.filter(({ family }) => family === this.family),
      0,
    );
  }

  /** The function for one address of the other end. */
  withAddress(of: Bdd, address: Address): Bdd {
    const values: (0 | 1 | undefined)[] = [];
    for (let bit = 0; bit < this.#addressBits; bit += 1) values[ADDRESS_FIRST + bit] = bitOf(address, bit);
    return this.diagrams.restrict(of, values);
  }

  withZone(of: Bdd, zone: number): Bdd {
    const values: (0 | 1 | undefined)[] = [];
    for (let bit = 0; bit < ZONE.bits; bit += 1)
      values[ZONE.first + bit] = (zone & (1 << (ZONE.bits - 1 - bit))) === 0 ? 0 : 1;
    return this.diagrams.restrict(of, values);
  }

  /** Whether it holds for some source port. */
  forSomeSourcePort(of: Bdd): Bdd {
    return this.diagrams.some(of, SOURCE_PORT.first, SOURCE_PORT.first + SOURCE_PORT.bits - 1);
  }

  /** Packets that want an answer: all but ICMP other than the echo request. */
  get wantsAnswer(): Bdd {
    const asking = (this.family === 'ipv4' ? 8 : 128) * 256;
    const echo = this.#between(NUMBER, asking, asking + 255);
    return this.diagrams.not(this.diagrams.without(this.icmp, echo));
  }

  #types({ kind, type, code }: Extract<Traffic, { kind: 'icmp' | 'icmpv6' }>, view: View): Bdd {
    if (NUMBERS[kind] !== this.#icmpNumber || type === 'any') return ALWAYS;
    if (view === 'answer') {
      const reply = this.family === 'ipv4' ? 0 : 129;
      return type === reply && (code === 'any' || code === 0) ? ALWAYS : NEVER;
    }
    const first = type * 256 + (code === 'any' ? 0 : code);
    return this.#between(NUMBER, first, code === 'any' ? first + 255 : first);
  }

  #equal(field: Field, value: number): Bdd {
    return this.#between(field, value, value);
  }

  #between(field: Field, from: number, to: number): Bdd {
    const { diagrams } = this;
    const walk = (bit: number, base: number): Bdd => {
      const size = 2 ** (field.bits - bit);
      if (to < base || base + size - 1 < from) return NEVER;
      if (from <= base && base + size - 1 <= to) return ALWAYS;
      return diagrams.node(field.first + bit, walk(bit + 1, base), walk(bit + 1, base + size / 2));
    };
    return walk(0, 0);
  }
}

function bitOf({ w0, w1, w2, w3 }: Address, bit: number): 0 | 1 {
  const word = bit < 32 ? w0 : bit < 64 ? w1 : bit < 96 ? w2 : w3;
  return ((word >>> (31 - (bit & 31))) & 1) === 1 ? 1 : 0;
}
