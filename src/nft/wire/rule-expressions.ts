import { rawPlace } from '../raw-fields.ts';
import type { Elements, Field, RawField, Rule, Step, Value } from '../ruleset.ts';
import { placeOf } from '../tables.ts';
import { padded } from './byte-writer.ts';
import {
  type AnonymousSet,
  bitwise,
  compare,
  counter,
  type Expr,
  immediate,
  loadCt,
  loadMeta,
  loadPayload,
  lookup,
  type META,
  outside,
  setCt,
  setMeta,
  toNetwork,
  updateSet,
  useTimeout,
  verdictOf,
} from './expressions.ts';
import { hostWord, keyBytes, partSize, type PartType } from './keys.ts';

type Base = Parameters<typeof loadPayload>[0];
/** What a packet must be so that a field is in it. */
type Need = { readonly ether?: true; readonly network?: 'ip' | 'ip6'; readonly transport?: number };
type Place =
  | { readonly kind: 'meta'; readonly key: keyof typeof META }
  | { readonly kind: 'ct'; readonly key: 'direction' | 'mark' }
  | { readonly kind: 'payload'; readonly base: Base; readonly offset: number; readonly needs: Need };

const IP: Need = { network: 'ip' };
const IP6: Need = { network: 'ip6' };
const [TCP, UDP, ICMP, ICMPV6] = [6, 17, 1, 58];
const PORTS = { sport: 0, dport: 2 } as const;

function at(base: Base, offset: number, needs: Need = {}): Place {
  return { kind: 'payload', base, offset, needs };
}

function raw(field: RawField): { readonly type: PartType; readonly place: Place } {
  return { type: field, place: at('transport', rawPlace(field).offset) };
}

/** Where each field stands, and what it is. */
const FIELDS: Readonly<Record<Field, { readonly type: PartType; readonly place: Place }>> = {
  iifname: { type: 'ifname', place: { kind: 'meta', key: 'iifname' } },
  oifname: { type: 'ifname', place: { kind: 'meta', key: 'oifname' } },
  'ether saddr': { type: 'ether_addr', place: at('link', 6, { ether: true }) },
  'ip saddr': { type: 'ipv4_addr', place: at('network', 12, IP) },
  'ip daddr': { type: 'ipv4_addr', place: at('network', 16, IP) },
  'ip6 saddr': { type: 'ipv6_addr', place: at('network', 8, IP6) },
  'ip6 length': { type: 'length', place: at('network', 4, IP6) },
  'ip6 nexthdr': { type: 'inet_proto', place: at('network', 6, IP6) },
  'ip6 hoplimit': { type: 'number', place: at('network', 7, IP6) },
  'ip6 daddr': { type: 'ipv6_addr', place: at('network', 24, IP6) },
  'arp saddr ip': { type: 'ipv4_addr', place: at('network', 14) },
  'arp saddr ether': { type: 'ether_addr', place: at('network', 8) },
  'meta nfproto': { type: 'number', place: { kind: 'meta', key: 'nfproto' } },
  'meta l4proto': { type: 'inet_proto', place: { kind: 'meta', key: 'l4proto' } },
  'meta mark': { type: 'mark', place: { kind: 'meta', key: 'mark' } },
  'th sport': { type: 'inet_service', place: at('transport', PORTS.sport) },
  'th dport': { type: 'inet_service', place: at('transport', PORTS.dport) },
  'tcp sport': { type: 'inet_service', place: at('transport', PORTS.sport, { transport: TCP }) },
  'tcp dport': { type: 'inet_service', place: at('transport', PORTS.dport, { transport: TCP }) },
  'udp sport': { type: 'inet_service', place: at('transport', PORTS.sport, { transport: UDP }) },
  'udp dport': { type: 'inet_service', place: at('transport', PORTS.dport, { transport: UDP }) },
  'icmp type': { type: 'icmp_type', place: at('transport', 0, { ...IP, transport: ICMP }) },
  'icmp code': { type: 'icmp_code', place: at('transport', 1, { ...IP, transport: ICMP }) },
  'icmpv6 type': { type: 'icmpv6_type', place: at('transport', 0, { ...IP6, transport: ICMPV6 }) },
  'icmpv6 code': { type: 'icmpv6_code', place: at('transport', 1, { ...IP6, transport: ICMPV6 }) },
  '@th,64,16': raw('@th,64,16'),
  '@th,64,32': raw('@th,64,32'),
  '@th,64,128': raw('@th,64,128'),
  '@th,80,48': raw('@th,80,48'),
  '@th,192,16': raw('@th,192,16'),
  '@th,208,48': raw('@th,208,48'),
  'ct direction': { type: 'number', place: { kind: 'ct', key: 'direction' } },
  'ct mark': { type: 'mark', place: { kind: 'ct', key: 'mark' } },
};

const NFPROTO = { ip: 2, ip6: 10 } as const;
const ETHERTYPE = { ip: 0x0800, ip6: 0x86dd } as const;
const ETHER = 1;
/** `ct state established,new`. */
const OWN_STATES = 0x0a;
const [TCP_FLAGS_AT, SYN, OPENING] = [13, 0x02, 0x17];
const ALL_BITS = 0xffff_ffff;

/** The expressions of a rule: what it says, and before that what a packet must be so that its fields are there. As nft makes them. */
export function ruleExprs(rule: Rule): readonly Expr[] {
  const made = new RuleMaker();
  for (const step of rule) made.take(step);
  return made.exprs;
}

class RuleMaker {
  readonly exprs: Expr[] = [];
  /** What the packet is known to be. */
  #known: Need = {};
  /** The last comparison of bytes of the packet, and how many expressions there were then. */
  #last:
    | { readonly base: Base; readonly offset: number; readonly bytes: Uint8Array; readonly length: number }
    | undefined;

  take(step: Step): void {
    switch (step.kind) {
      case 'compare':
        this.#compare(step);
        return;
      case 'one-of':
        this.#load([step.field]);
        this.exprs.push(lookup(anonymousOf([step.field], step.values), { isNot: step.operator === '!=' }));
        return;
      case 'lookup':
        this.#load(step.key);
        this.exprs.push(lookup(placeOf(step.set).own, { isNot: step.operator === '!=' }));
        return;
      case 'map-mark':
        this.#load(step.key);
        this.exprs.push(lookup(mapOf(step.key, step.map, 'mark'), { to: 1 }), setMeta('mark', 1));
        return;
      case 'verdict-map':
        this.#load(step.key);
        this.exprs.push(lookup(mapOf(step.key, step.map, 'verdict'), { to: 'verdict' }));
        return;
      case 'update':
        this.#load(step.key);
        this.exprs.push(updateSet(placeOf(step.set).own, step.timeoutSeconds));
        return;
      case 'tcp-opens':
        this.#need({ transport: TCP });
        this.exprs.push(loadPayload('transport', { offset: TCP_FLAGS_AT, size: 1 }, 1));
        this.exprs.push(bitwise(Uint8Array.of(OPENING), Uint8Array.of(0)));
        this.exprs.push(compare(step.operator === '!=' ? 'neq' : 'eq', Uint8Array.of(SYN)));
        return;
      case 'ct-mark-has':
      case 'ct-own':
      case 'ct-ends':
      case 'set-mark':
      case 'or-mark':
      case 'or-ct-mark':
      case 'set-ct-mark':
      case 'ct-timeout':
      case 'counter':
      case 'verdict':
        this.exprs.push(...plainExprs(step));
    }
  }

  #compare({ field, operator, value }: Extract<Step, { kind: 'compare' }>): void {
    const { type, place } = FIELDS[field];
    const isMarkRange = field === 'ct mark' && value.includes('-');
    const { from, to } = keyBytes([isMarkRange ? 'ordered_mark' : type], value);
    if (isMarkRange) {
      this.exprs.push(loadCt('mark', 1), toNetwork(1));
      this.exprs.push(...(operator === '!=' ? [outside({ from, to })] : [compare('gte', from), compare('lte', to)]));
      return;
    }
    if (place.kind === 'payload') {
      this.#need(place.needs);
      if (value.includes('/')) this.#prefix(place, { operator, value, base: from });
      else if (value.includes('-')) this.#range(field, operator, { from, to });
      else this.#payload(place, { operator, bytes: from });
      return;
    }
    this.#load([field]);
    this.exprs.push(compare(operator === '!=' ? 'neq' : 'eq', from));
    const isKnown = operator === '==';
    if (isKnown && field === 'meta nfproto')
      this.#known = { ...this.#known, network: from[0] === NFPROTO.ip ? 'ip' : 'ip6' };
    if (isKnown && field === 'meta l4proto') this.#known = { ...this.#known, transport: from[0] ?? 0 };
  }

  #range(field: Field, operator: '==' | '!=', span: { readonly from: Uint8Array; readonly to: Uint8Array }): void {
    this.#load([field]);
    if (operator === '!=') this.exprs.push(outside(span));
    else this.exprs.push(compare('gte', span.from), compare('lte', span.to));
  }

  /** The bytes that a prefix is about, and the bits of the last of them. */
  #prefix(
    { base, offset }: Extract<Place, { kind: 'payload' }>,
    of: { readonly operator: '==' | '!='; readonly value: Value; readonly base: Uint8Array },
  ): void {
    const bits = Number(of.value.split('/')[1]);
    const operator = of.operator === '!=' ? 'neq' : 'eq';
    if (bits % 8 === 0 && bits > 0) {
      const size = bits / 8;
      this.exprs.push(loadPayload(base, { offset, size }, 1), compare(operator, of.base.subarray(0, size)));
      return;
    }
    const mask = of.base.map((_, index) => 0xff & ~(0xff >> Math.max(0, Math.min(8, bits - index * 8))));
    this.exprs.push(
      loadPayload(base, { offset, size: mask.length }, 1),
      bitwise(mask, new Uint8Array(mask.length)),
      compare(operator, of.base),
    );
  }

  /** Two fields one after the other in the packet are one comparison. */
  #payload(
    { base, offset }: Extract<Place, { kind: 'payload' }>,
    { operator, bytes }: { readonly operator: '==' | '!='; readonly bytes: Uint8Array },
  ): void {
    const before = this.#last;
    const isNeighbour =
      operator === '==' &&
      before?.length === this.exprs.length &&
      before.base === base &&
      before.offset + before.bytes.length === offset;
    const whole = isNeighbour
      ? { base, offset: before.offset, bytes: Uint8Array.from([...before.bytes, ...bytes]) }
      : { base, offset, bytes };
    if (isNeighbour) this.exprs.length -= 2;
    this.exprs.push(
      loadPayload(base, { offset: whole.offset, size: whole.bytes.length }, 1),
      compare(operator === '!=' ? 'neq' : 'eq', whole.bytes),
    );
    this.#last = operator === '==' ? { ...whole, length: this.exprs.length } : undefined;
  }

  /** Loads a key into the registers from the first on, each part at a multiple of four bytes. */
  #load(key: readonly Field[]): void {
    for (const field of key) {
      const { place } = FIELDS[field];
      if (place.kind === 'payload') this.#need(place.needs);
    }
    let word = 0;
    for (const field of key) {
      const { type, place } = FIELDS[field];
      const size = partSize(type);
      // Registers of sixteen bytes have numbers from 1, those of four bytes from 8.
      const register = word % 4 === 0 ? 1 + word / 4 : 8 + word;
      word += padded(size) / 4;
      if (place.kind === 'meta') this.exprs.push(loadMeta(place.key, register));
      else if (place.kind === 'payload')
        this.exprs.push(loadPayload(place.base, { offset: place.offset, size }, register));
      else {
        this.exprs.push(loadCt(place.key, register));
        // Only sets of ranges have it as a part of their keys.
        if (place.key === 'mark' && key.length > 1) this.exprs.push(toNetwork(register));
      }
    }
  }

  #need({ ether, network, transport }: Need): void {
    if (ether === true && this.#known.ether !== true)
      this.exprs.push(loadMeta('iiftype', 1), compare('eq', hostHalf(ETHER)));
    if (ether === true) this.#known = { ...this.#known, ether };
    if (network !== undefined && this.#known.network !== network) {
      if (this.#known.ether === true)
        this.exprs.push(
          loadPayload('link', { offset: 12, size: 2 }, 1),
          compare('eq', Uint8Array.of(ETHERTYPE[network] >> 8, ETHERTYPE[network] & 0xff)),
        );
      else this.exprs.push(loadMeta('nfproto', 1), compare('eq', Uint8Array.of(NFPROTO[network])));
      this.#known = { ...this.#known, network };
    }
    if (transport === undefined || this.#known.transport === transport) return;
    this.exprs.push(loadMeta('l4proto', 1), compare('eq', Uint8Array.of(transport)));
    this.#known = { ...this.#known, transport };
  }
}

/** Two bytes as this machine has them. */
function hostHalf(value: number): Uint8Array {
  const word = hostWord(value);
  return word[0] === value ? word.subarray(0, 2) : word.subarray(2, 4);
}

type Plain = Exclude<
  Step,
  { kind: 'compare' | 'one-of' | 'lookup' | 'map-mark' | 'verdict-map' | 'update' | 'tcp-opens' }
>;

/** Steps that need nothing of the packet. */
function plainExprs(step: Plain): readonly Expr[] {
  switch (step.kind) {
    case 'ct-mark-has':
      return [
        loadCt('mark', 1),
        bitwise(hostWord(step.among), hostWord(0)),
        compare(step.operator === '!=' ? 'neq' : 'eq', hostWord(step.bits)),
      ];
    case 'ct-own':
      return [loadCt('state', 1), bitwise(hostWord(OWN_STATES), hostWord(0)), compare('neq', hostWord(0))];
    case 'ct-ends':
      return [loadCt('expiration', 1), toNetwork(1), compare('lte', netWord(step.withinSeconds * 1000))];
    case 'set-mark':
      return [immediate(hostWord(step.value)), setMeta('mark', 1)];
    case 'or-mark':
      return [loadMeta('mark', 1), orBits(step.bits), setMeta('mark', 1)];
    case 'or-ct-mark':
      return [loadCt('mark', 1), orBits(step.bits), setCt('mark', 1)];
    case 'set-ct-mark':
      return step.keeps === 0
        ? [immediate(hostWord(step.value)), setCt('mark', 1)]
        : [loadCt('mark', 1), bitwise(hostWord(step.keeps), hostWord(step.value)), setCt('mark', 1)];
    case 'ct-timeout':
      return [useTimeout(step.name)];
    case 'counter':
      return [counter()];
    case 'verdict':
      return [verdictOf(step.verdict)];
  }
}

/** Four bytes in the network's order. */
function netWord(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function orBits(bits: number): Expr {
  return bitwise(hostWord((ALL_BITS ^ bits) >>> 0), hostWord(bits));
}

function anonymousOf(key: readonly Field[], values: readonly Value[]): AnonymousSet {
  return { types: key.map((field) => FIELDS[field].type), elements: new Map(values.map((value) => [value, ''])) };
}

function mapOf(key: readonly Field[], map: string | Elements, data: 'mark' | 'verdict'): string | AnonymousSet {
  if (typeof map === 'string') return placeOf(map).own;
  return { types: key.map((field) => FIELDS[field].type), data, elements: new Map(map) };
}
