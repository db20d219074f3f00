import { type Address, formatAddress, parseAddress } from '../core/net/address.ts';
import { parseCidr } from '../core/net/cidr.ts';
import { icmpOf, TCP, UDP } from '../core/net/protocol.ts';
import { type Transport, transportProtocol } from '../core/net/traffic.ts';
import { addressNumber, spanOf } from './address-keys.ts';
import { isRaw, rawPlace, rawText } from './raw-fields.ts';
import { packedText } from './render.ts';
import type { Chain, Elements, Field, Hook, NftSet, RawField, Rule, Ruleset, Step, Value } from './ruleset.ts';
import { nfproto } from './side.ts';
import { placeOf } from './tables.ts';

/** A packet at a hook, with what connection tracking says of it. */
export type Frame = {
  readonly iifname?: string;
  readonly oifname?: string;
  readonly etherSource?: string;
  readonly source: Address;
  readonly destination: Address;
  readonly transport: Transport;
  /** 64 when absent. */
  readonly hopLimit?: number;
  /** The bytes from the transport header on, where they count; no header stands between it and that of IPv6. */
  readonly message?: Uint8Array;
  /** Whether a TCP segment is a SYN alone. */
  readonly opens?: boolean;
  /** Absent for a packet that belongs to no connection. */
  readonly connection?: {
    readonly direction: 'original' | 'reply';
    readonly mark: number;
    /** Until it is forgotten; absent for one that lives on. */
    readonly secondsLeft?: number;
    /** An error about the connection, not a packet of it. */
    readonly isRelated: boolean;
  };
};

/** An ARP packet that came in: the frame that carried it, and who it says has which address. */
export type ArpFrame = {
  readonly iifname: string;
  readonly etherSource: string;
  readonly senderMac: string;
  readonly sender: Address;
};

/** What dynamic sets hold, by name: keys as text. */
export type Memory = ReadonlyMap<string, ReadonlySet<Value>>;

/** What a ruleset does with a packet at one hook. */
export type Traced = {
  readonly verdict: 'accept' | 'drop';
  /** The chain that decided. */
  readonly by: string;
  readonly connectionMark: number;
  /** The packet's mark at the end: which class and which peer of it admitted. */
  readonly mark: number;
  readonly updates: readonly {
    readonly set: string;
    readonly key: Value;
    readonly timeoutSeconds: number | undefined;
  }[];
  readonly timeouts: readonly string[];
};

/** The packet on its way through the chains of a hook. */
type Journey = {
  readonly ruleset: Ruleset;
  readonly frame: Frame | ArpFrame;
  readonly memory: Memory;
  mark: number;
  connectionMark: number;
  readonly updates: Traced['updates'][number][];
  readonly timeouts: string[];
};

type Outcome = { readonly verdict: 'accept' | 'drop'; readonly by: string } | 'end' | 'return';

/**
 * Runs a packet through all base chains of a hook, as the kernel does: by priority, an accept ends only its own base chain. The definition
 * of what our subset of nft means; the kernel is compared with it.
 */
export function trace(
  ruleset: Ruleset,
  hook: Hook['hook'],
  at: { readonly frame: Frame | ArpFrame; readonly memory: Memory },
): Traced {
  const family = isArp(at.frame) ? 'arp' : 'inet';
  const journey: Journey = {
    ruleset,
    ...at,
    mark: 0,
    connectionMark: connectionOf(at.frame)?.mark ?? 0,
    updates: [],
    timeouts: [],
  };
  const bases = [...ruleset.chains.values()].filter(
    (chain) => chain.hook?.hook === hook && placeOf(chain.name).family === family,
  );
  let by = 'policy';
  for (const base of bases.toSorted((a, b) => (a.hook?.priority ?? 0) - (b.hook?.priority ?? 0))) {
    const outcome = runChain(journey, base);
    if (typeof outcome === 'string') {
      if (base.hook?.policy === 'drop') return traced(journey, { verdict: 'drop', by: base.name });
      continue;
    }
    by = outcome.by;
    if (outcome.verdict === 'drop') return traced(journey, outcome);
  }
  return traced(journey, { verdict: 'accept', by });
}

function isArp(frame: Frame | ArpFrame): frame is ArpFrame {
  return 'senderMac' in frame;
}

function connectionOf(frame: Frame | ArpFrame): Frame['connection'] {
  return isArp(frame) ? undefined : frame.connection;
}

function traced(journey: Journey, { verdict, by }: Exclude<Outcome, string>): Traced {
  const { connectionMark, mark, updates, timeouts } = journey;
  return { verdict, by, connectionMark, mark, updates, timeouts };
}

function runChain(journey: Journey, chain: Chain): Outcome {
  for (const rule of rulesOf(chain)) {
    const outcome = runRule(journey, chain, rule);
    if (outcome !== 'end') return outcome;
  }
  return 'end';
}

function rulesOf(chain: Chain): readonly Rule[] {
  const rules = RULES.get(chain) ?? chain.rules;
  RULES.set(chain, rules);
  return rules;
}

/** Memory of a pure function: a chain never changes, and making its rules takes longer than running them. */
const RULES = new WeakMap<Chain, readonly Rule[]>();

/** `end` lets the next rule be tried. */
function runRule(journey: Journey, chain: Chain, rule: Rule): Outcome {
  for (const step of rule) {
    const verdict = runStep(journey, step);
    if (verdict === false) return 'end';
    if (verdict === true) continue;
    if (verdict === 'return') return 'return';
    if (verdict === 'accept' || verdict === 'drop') return { verdict, by: chain.name };
    const [kind, name = ''] = verdict.split(' ');
    const target = journey.ruleset.chains.get(name);
    if (target === undefined) throw new Error(`chain ${name} is not in the ruleset`);
    const outcome = runChain(journey, target);
    if (kind === 'jump' && typeof outcome === 'string') return 'end';
    // Past the end of a chain that was gone to, the caller's caller goes on.
    return outcome === 'end' ? 'return' : outcome;
  }
  return 'end';
}

/** Whether the rule goes on, or the verdict. */
function runStep(journey: Journey, step: Step): boolean | Value {
  const connection = connectionOf(journey.frame);
  switch (step.kind) {
    case 'compare':
      return matches(journey, [step.field], [step.value], step.operator);
    case 'one-of':
      return matches(journey, [step.field], step.values, step.operator);
    case 'lookup': {
      const key = keyOf(journey, step.key);
      return key !== undefined && (find(journey, step.set, key) !== undefined) === (step.operator === '==');
    }
    case 'ct-mark-has':
      return (
        connection !== undefined &&
        ((journey.connectionMark & step.among) >>> 0 === step.bits) === (step.operator === '==')
      );
    case 'ct-own':
      return connection !== undefined && !connection.isRelated;
    case 'ct-ends':
      return (connection?.secondsLeft ?? Infinity) <= step.withinSeconds;
    case 'tcp-opens':
      return opensTcp(journey.frame, step.operator === '==');
    case 'set-mark':
      journey.mark = step.value;
      return true;
    case 'or-mark':
      journey.mark = (journey.mark | step.bits) >>> 0;
      return true;
    case 'map-mark': {
      const found = mapped(journey, step);
      if (found === undefined) return false;
      journey.mark = Number(found);
      return true;
    }
    case 'or-ct-mark':
      if (connection !== undefined) journey.connectionMark = (journey.connectionMark | step.bits) >>> 0;
      return true;
    case 'set-ct-mark':
      if (connection !== undefined) journey.connectionMark = ((journey.connectionMark & step.keeps) | step.value) >>> 0;
      return true;
    case 'verdict-map':
      return mapped(journey, step) ?? true;
    case 'update': {
      const key = keyOf(journey, step.key);
      if (key === undefined) return false;
      journey.updates.push({ set: step.set, key, timeoutSeconds: step.timeoutSeconds });
      return true;
    }
    case 'ct-timeout':
      journey.timeouts.push(step.name);
      return true;
    case 'counter':
      return true;
    case 'verdict':
      return step.verdict;
  }
}

function opensTcp(frame: Frame | ArpFrame, wanted: boolean): boolean {
  return !isArp(frame) && frame.transport.kind === 'tcp' && (frame.opens === true) === wanted;
}

function matches(journey: Journey, key: readonly Field[], values: readonly Value[], operator: '==' | '!='): boolean {
  const value = keyOf(journey, key);
  return value !== undefined && values.some((one) => partHolds(one, value)) === (operator === '==');
}

function mapped(
  journey: Journey,
  step: { readonly key: readonly Field[]; readonly map: string | Elements },
): Value | undefined {
  const key = keyOf(journey, step.key);
  if (key === undefined) return undefined;
  if (typeof step.map === 'string') return find(journey, step.map, key);
  return step.map.find(([one]) => keyHolds(one, key))?.[1];
}

function find({ ruleset, memory }: Journey, name: string, key: Value): Value | undefined {
  const set = ruleset.sets.get(name);
  if (set === undefined) throw new Error(`set ${name} is not in the ruleset`);
  const { content } = set;
  if (content.kind === 'dynamic') return memory.get(name)?.has(key) === true ? '' : undefined;
  if (content.kind === 'packed') return packedKeys(set).has(key) ? '' : undefined;
  if (!set.isInterval) return content.elements.get(key);
  for (const [one, data] of content.elements) if (keyHolds(one, key)) return data;
  return undefined;
}

/** Memory of a pure function: a set never changes. */
const PACKED = new WeakMap<NftSet, ReadonlySet<Value>>();

function packedKeys(set: NftSet): ReadonlySet<Value> {
  const known = PACKED.get(set);
  if (known !== undefined || set.content.kind !== 'packed') return known ?? new Set();
  const { family, words } = set.content;
  const width = family === 'ipv4' ? 1 : 4;
  const keys = new Set<Value>();
  for (let at = 0; at < words.length; at += width) keys.add(packedText(family, words, at));
  PACKED.set(set, keys);
  return keys;
}

function keyHolds(pattern: Value, key: Value): boolean {
  const patterns = pattern.split(' . ');
  return key.split(' . ').every((part, index) => partHolds(patterns[index] ?? '', part));
}

/** Whether a value, a range or a prefix holds a value. */
function partHolds(pattern: Value, value: Value): boolean {
  if (pattern === value) return true;
  const number = numberOf(value);
  if (number === undefined) return false;
  if (pattern.includes('/')) {
    const cidr = parseCidr(pattern);
    if (!cidr.ok || (cidr.value.family === 'ipv4') !== value.includes('.')) return false;
    const { from, to } = spanOf(cidr.value);
    return from <= number && number <= to;
  }
  const [first = '', last] = pattern.split('-');
  if (last === undefined) return false;
  const [from, to] = [numberOf(first), numberOf(last)];
  return from !== undefined && to !== undefined && from <= number && number <= to;
}

function numberOf(text: Value): bigint | undefined {
  if (/^(\d+|0x[\da-f]+)$/u.test(text)) return BigInt(text);
  const address = parseAddress(text);
  return address.ok ? addressNumber(address.value) : undefined;
}

/** The key of a packet, or undefined when it has not all the fields. */
function keyOf(journey: Journey, fields: readonly Field[]): Value | undefined {
  const parts = fields.map((field) => fieldOf(journey, field));
  return parts.every((part) => part !== undefined) ? parts.join(' . ') : undefined;
}

function fieldOf({ frame, mark, connectionMark }: Journey, field: Field): Value | undefined {
  if (isArp(frame)) return arpField(frame, field);
  if (isRaw(field)) return rawField(frame, field);
  const { source, destination, transport } = frame;
  const [name = '', part = ''] = field.split(' ');
  switch (name) {
    case 'iifname':
      return `"${frame.iifname ?? ''}"`;
    case 'oifname':
      return `"${frame.oifname ?? ''}"`;
    case 'ether':
      return frame.etherSource;
    case 'ip':
    case 'ip6': {
      if (source.family !== (name === 'ip' ? 'ipv4' : 'ipv6')) return undefined;
      if (part === 'saddr' || part === 'daddr') return formatAddress(part === 'saddr' ? source : destination);
      return headerField(frame, part);
    }
    case 'meta':
      if (part === 'mark') return String(mark);
      return String(part === 'nfproto' ? nfproto(source.family) : transportProtocol(transport));
    case 'ct':
      if (frame.connection === undefined) return undefined;
      return part === 'mark' ? String(connectionMark) : frame.connection.direction === 'original' ? '0' : '1';
    default:
      return transportField(frame, name, part);
  }
}

/** What else the header of IPv6 says. */
function headerField({ transport, hopLimit = 64, message }: Frame, part: string): Value | undefined {
  if (part === 'hoplimit') return String(hopLimit);
  if (part === 'nexthdr') return String(transportProtocol(transport));
  return message === undefined ? undefined : String(message.length);
}

function rawField({ message }: Frame, field: RawField): Value | undefined {
  const { offset, size } = rawPlace(field);
  return message === undefined || message.length < offset + size
    ? undefined
    : rawText(message.subarray(offset, offset + size));
}

function arpField(frame: ArpFrame, field: Field): Value | undefined {
  if (field === 'iifname') return `"${frame.iifname}"`;
  if (field === 'ether saddr') return frame.etherSource;
  if (field === 'arp saddr ether') return frame.senderMac;
  return field === 'arp saddr ip' ? formatAddress(frame.sender) : undefined;
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: TCP,
  udp: UDP,
  icmp: icmpOf('ipv4'),
  icmpv6: icmpOf('ipv6'),
};

function transportField({ transport, source }: Frame, name: string, part: string): Value | undefined {
  if (name !== 'th' && transportProtocol(transport) !== PROTOCOLS[name]) return undefined;
  switch (transport.kind) {
    case 'tcp':
    case 'udp':
      return String(part === 'sport' ? transport.sourcePort : transport.destinationPort);
    case 'icmp':
    case 'icmpv6':
      // The other family's ICMP is a protocol like any other.
      if (name === 'th' || (transport.kind === 'icmp') !== (source.family === 'ipv4')) return undefined;
      return String(part === 'type' ? transport.type : transport.code);
    case 'protocol':
      return undefined;
  }
}
