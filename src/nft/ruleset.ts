/**
 * What a rule reads of a packet, by the words with which `nft list` prints it. A field of a protocol implies that the packet is of that
 * protocol: `tcp dport` never matches UDP.
 */
export type Field =
  | 'iifname'
  | 'oifname'
  | 'ether saddr'
  | 'ip saddr'
  | 'ip daddr'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'ip6 length'
  | 'ip6 nexthdr'
  | 'ip6 hoplimit'
  | 'arp saddr ip'
  | 'arp saddr ether'
  | 'meta nfproto'
  | 'meta l4proto'
  | 'meta mark'
  | 'th sport'
  | 'th dport'
  | 'tcp sport'
  | 'tcp dport'
  | 'udp sport'
  | 'udp dport'
  | 'icmp type'
  | 'icmp code'
  | 'icmpv6 type'
  | 'icmpv6 code'
  | RawField
  | 'ct direction'
  | 'ct mark';

/**
 * Bytes of the transport header for which nft has no word: where they begin and how many they are, in bits. Their values are numbers in
 * hexadecimal digits, `0x201`.
 */
export type RawField = '@th,64,16' | '@th,64,32' | '@th,64,128' | '@th,80,48' | '@th,192,16' | '@th,208,48';

/** `goto` does not come back; `jump` does, at the end of the chain or at `return`. */
export type Verdict = 'accept' | 'drop' | 'return' | `goto ${string}` | `jump ${string}`;

/**
 * A key or a value as text: a number in decimal, an address, `from-to`, a prefix, a device in quotes; the parts of a concatenation stand
 * with ` . ` between them.
 */
export type Value = string;

export type Operator = '==' | '!=';

/** One step of a rule. A match that fails, or a lookup that finds nothing, ends the rule; the next rule is tried. */
export type Step =
  | { readonly kind: 'compare'; readonly field: Field; readonly operator: Operator; readonly value: Value }
  | { readonly kind: 'one-of'; readonly field: Field; readonly operator: Operator; readonly values: readonly Value[] }
  | { readonly kind: 'lookup'; readonly key: readonly Field[]; readonly operator: Operator; readonly set: string }
  /** Of the bits `among` of the connection mark exactly these are set, or not exactly these; a packet without a connection has none. */
  | { readonly kind: 'ct-mark-has'; readonly operator: Operator; readonly bits: number; readonly among: number }
  /** The packet is of a new or established connection, not an error about one (`ct state established,new`). */
  | { readonly kind: 'ct-own' }
  /** The packet's connection is forgotten within so many seconds, unless it lives on. */
  | { readonly kind: 'ct-ends'; readonly withinSeconds: number }
  /** Whether the segment is a SYN alone. */
  | { readonly kind: 'tcp-opens'; readonly operator: Operator }
  | { readonly kind: 'set-mark'; readonly value: number }
  | { readonly kind: 'or-mark'; readonly bits: number }
  | { readonly kind: 'map-mark'; readonly key: readonly Field[]; readonly map: string | Elements }
  | { readonly kind: 'or-ct-mark'; readonly bits: number }
  /** The connection mark becomes this value and those of its bits that are kept; the two have no bit in common. */
  | { readonly kind: 'set-ct-mark'; readonly keeps: number; readonly value: number }
  | { readonly kind: 'verdict-map'; readonly key: readonly Field[]; readonly map: string | Elements }
  /** Puts the key into a dynamic set, or starts its time anew; a full set ends the rule. */
  | {
      readonly kind: 'update';
      readonly set: string;
      readonly key: readonly Field[];
      readonly timeoutSeconds: number | undefined;
    }
  | { readonly kind: 'ct-timeout'; readonly name: string }
  | { readonly kind: 'counter' }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

export type Rule = readonly Step[];

/** Keys and what they map to, in a fixed order; keys of one map never overlap. */
export type Elements = readonly (readonly [key: Value, data: Value])[];

export type Hook = {
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
};

export type Chain = { readonly name: string; readonly hook?: Hook; readonly rules: readonly Rule[] };

export type KeyType =
  | 'ifname'
  | 'ether_addr'
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'inet_proto'
  | 'inet_service'
  | 'mark'
  | RawKey;

/** Keys that are raw fields stand behind a device alone. */
export type RawKey = Extract<RawField, '@th,64,128' | '@th,208,48'>;

/**
 * What a set holds. Members of groups stand packed, as the model has them: there may be a million. A dynamic set belongs to the packets:
 * it is neither compared nor written.
 */
export type Content =
  | { readonly kind: 'texts'; readonly elements: ReadonlyMap<Value, Value> }
  | { readonly kind: 'packed'; readonly family: 'ipv4' | 'ipv6'; readonly words: Uint32Array }
  | { readonly kind: 'dynamic'; readonly size: number; readonly expires: boolean; readonly counts: boolean };

/** A named set, or a map when it has `data`. INVARIANT: at most five key types; the kernel's library tells no more apart. */
export type NftSet = {
  readonly name: string;
  readonly key: readonly KeyType[];
  readonly data?: 'mark' | 'verdict';
  /** Keys are ranges or prefixes. INVARIANT: they do not overlap and do not touch with equal data. */
  readonly isInterval: boolean;
  readonly content: Content;
};

/** Idle timeouts of connections as a kernel object; states that the policy does not name have what nft gives them. */
export type CtTimeout = {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly l3proto: 'ip' | 'ip6';
  readonly policy: Readonly<Record<string, number>>;
};

/** Where the states of a protocol stand in a timeout policy (linux/netfilter/nfnetlink_cttimeout.h), with the seconds that nft gives those not named. */
export const TIMEOUT_STATES: Readonly<
  Record<'tcp' | 'udp', readonly { readonly name: string; readonly seconds: number }[]>
> = {
  tcp: [
    { name: 'syn_sent', seconds: 120 },
    { name: 'syn_recv', seconds: 60 },
    { name: 'established', seconds: 432_000 },
    { name: 'fin_wait', seconds: 120 },
    { name: 'close_wait', seconds: 60 },
    { name: 'last_ack', seconds: 30 },
    { name: 'time_wait', seconds: 120 },
    { name: 'close', seconds: 10 },
    { name: 'syn_sent2', seconds: 120 },
    { name: 'retrans', seconds: 300 },
    { name: 'unack', seconds: 300 },
  ],
  udp: [
    { name: 'unreplied', seconds: 30 },
    { name: 'replied', seconds: 120 },
  ],
};

/** All that the tables hold. Chains and sets are keyed by name, which also says in which table they are (`tables.ts`). */
export type Ruleset = {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly timeouts: ReadonlyMap<string, CtTimeout>;
};

/**
 * The bits of a connection's mark: its flow is tracked at the interface that sent its first packet, at the one that receives it. The bits above
 * are the era in which that was last found to be so (past.ts).
 */
export const TRACKED_AT_SENDER = 1;
export const TRACKED_AT_RECEIVER = 2;
export const TRACKED_ANYWHERE: number = TRACKED_AT_SENDER | TRACKED_AT_RECEIVER;
