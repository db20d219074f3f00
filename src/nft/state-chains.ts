import { icmpOf, TCP, UDP } from '../core/net/protocol.ts';
import { DEFAULT_TIMEOUTS } from '../core/track/timeouts.ts';
import type { Plan } from './plan.ts';
import {
  type Field,
  type Rule,
  type Step,
  TRACKED_ANYWHERE,
  TRACKED_AT_RECEIVER,
  TRACKED_AT_SENDER,
} from './ruleset.ts';
import { familyName, fieldsOf, type Side, sideName } from './side.ts';
import { DROP, end, goes, is, isIn, isOneOf, markBy, update, verdictBy } from './steps.ts';

/** Idle time of protocols without ports (E2:conntrack). */
const OTHER_SECONDS = 600;
/** How long Linux keeps a TCP opening that nobody answered, and AWS a UDP packet (timeouts.ts). */
const HALF_OPEN: readonly (readonly [protocol: 'tcp' | 'udp', seconds: number])[] = [
  ['tcp', 120],
  ['udp', 30],
];
/** Flows that an appliance forwards are known by their idle time alone: AWS's for established TCP and for UDP streams. */
const FORWARDED: readonly (readonly [protocol: 'tcp' | 'udp', seconds: number])[] = [
  ['tcp', 432_000],
  ['udp', 180],
];

/** The bits of the connection's mark that count for a side: in the connection's own direction, and for its answers. */
export function bitsOf({ direction }: Pick<Side, 'direction'>): { readonly original: number; readonly reply: number } {
  return direction === 'egress'
    ? { original: TRACKED_AT_SENDER, reply: TRACKED_AT_RECEIVER }
    : { original: TRACKED_AT_RECEIVER, reply: TRACKED_AT_SENDER };
}

/**
 * What becomes of a packet that a rule admitted. Only what opens a flow is remembered: a TCP SYN, a question of ICMP, everything of the
 * other protocols (core/track/tracker.ts). The memory is two bits of the connection's mark, for the interfaces at its two ends apart.
 */
export function layState(plan: Plan, side: Side): void {
  const suffix = sideName(side);
  const { device, peerDevice } = fieldsOf(side, plan.wiring.mode);
  const count: Rule = [update('hits', ['meta mark'])];
  const ends = plan.hasSet('stateful') ? [...new Set([device, peerDevice])] : [];
  plan.chain(`untracked.${suffix}`, [
    ...ends.map((one): Rule => [isIn([one], 'stateful'), end(`goto tracked.${suffix}`)]),
    count,
    [end('accept')],
  ]);
  plan.chain(`tracked.${suffix}`, [count, [end(`goto keep.${suffix}`)]]);
  plan.chain(`keep.${suffix}`, keepRules(plan, side));
  plan.chain(`idle.${suffix}`, idleRules(plan, side));
  layRefusal(plan, side);
  if (forwards(plan)) layForwarded(plan, side);
}

/** Whether some interface may send for others, so that the packets at it are not those of its own flows. */
export function forwards(plan: Plan): boolean {
  return plan.wiring.mode === 'forward' && plan.hasSet('unchecked');
}

function keepRules(plan: Plan, side: Side): readonly Rule[] {
  const { device } = fieldsOf(side, plan.wiring.mode);
  const { original, reply } = bitsOf(side);
  const suffix = sideName(side);
  return [
    ...(forwards(plan) ? [[isIn([device], 'unchecked'), end(`jump forwarded.${suffix}`)]] : []),
    [{ kind: 'tcp-opens', operator: '!=' }, end('accept')],
    [
      side.family === 'ipv4' ? isOneOf('icmp type', [8, 13, 15, 17], '!=') : is('icmpv6 type', 128, '!='),
      end('accept'),
    ],
    [isOther(side), holderAt(device), rememberOther(plan, side), end('accept')],
    [is('meta l4proto', UDP), end(`jump idle.${suffix}`)],
    ...(plan.hasSet(`timeouts.${suffix}`) ? [[verdictBy([device], `timeouts.${suffix}`)]] : []),
    [goes('original'), { kind: 'or-ct-mark', bits: original }, end('accept')],
    [{ kind: 'or-ct-mark', bits: reply }, end('accept')],
  ];
}

/** Linux keeps a UDP stream for a shorter time than AWS. What the sender's interface said is not undone at the receiver's. */
function idleRules(plan: Plan, { family }: Side): readonly Rule[] {
  const { udpSeconds, udpStreamSeconds } = DEFAULT_TIMEOUTS;
  const name = plan.timeout({
    name: `udp.${familyName(family)}`,
    l3proto: family === 'ipv4' ? 'ip' : 'ip6',
    protocol: 'udp',
    policy: { unreplied: udpSeconds, replied: udpStreamSeconds },
  });
  return [
    [{ kind: 'ct-mark-has', operator: '!=', bits: 0, among: TRACKED_ANYWHERE }, end('return')],
    [{ kind: 'ct-timeout', name }],
  ];
}

/** The packet's mark becomes the holder at a device, whose memory is asked or written next. */
export function holderAt(device: Field): Step {
  return markBy([device], 'holders');
}

/** The protocol is none that connection tracking knows as AWS does. */
function isOther({ family }: Side): Step {
  return isOneOf('meta l4proto', [icmpOf(family), TCP, UDP], '!=');
}

/** The flow of a packet whose protocol has no ports: holder, protocol, own address, peer (semantics 3.1). */
function otherKey(plan: Plan, side: Side): readonly Field[] {
  const { own, peer } = fieldsOf(side, plan.wiring.mode);
  return ['meta mark', 'meta l4proto', own, peer];
}

function rememberOther(plan: Plan, side: Side): Rule[number] {
  return update(`others${familyName(side.family)}`, otherKey(plan, side), OTHER_SECONDS);
}

/** What is known of other protocols passes. */
export function otherRules(plan: Plan, side: Side): readonly Rule[] {
  const { device } = fieldsOf(side, plan.wiring.mode);
  const known = isIn(otherKey(plan, side), `others${familyName(side.family)}`);
  return [[isOther(side), holderAt(device), known, rememberOther(plan, side), end('accept')]];
}

/**
 * A packet that its sender's interface tracks and the receiver's refuses leaves no connection in the kernel, for it never gets through. It is
 * remembered here, so that the other side may still come in by it, as on AWS, where each interface has a memory of its own.
 */
function layRefusal(plan: Plan, side: Side): void {
  const suffix = sideName(side);
  if (plan.wiring.mode === 'local') {
    plan.chain(`refuse.${suffix}`, [DROP]);
    return;
  }
  const { device, own, peer, ownPort, peerPort } = fieldsOf(side, plan.wiring.mode);
  plan.chain(`refuse.${suffix}`, [
    [holderAt(device)],
    ...HALF_OPEN.map(([protocol]): Rule => {
      const set = `half-${protocol}${familyName(side.family)}`;
      const key: readonly Field[] = ['meta mark', own, `${protocol} ${ownPort}`, peer, `${protocol} ${peerPort}`];
      return [isIn(key, set), end(`goto keep.${suffix}`)];
    }),
    ...(side.direction === 'ingress' ? lostRules(side) : []),
    DROP,
  ]);
  // A NACL stands between the two interfaces: what it refuses is known at the sender's too.
  if (side.direction === 'ingress') plan.chain(`lost.${familyName(side.family)}`, [...lostRules(side), DROP]);
}

function lostRules(side: Side): readonly Rule[] {
  const { own, peer, peerDevice } = fieldsOf(side, 'forward');
  return HALF_OPEN.map(([protocol, seconds]): Rule => {
    const key: readonly Field[] = ['meta mark', peer, `${protocol} sport`, own, `${protocol} dport`];
    return [
      goes('original'),
      { kind: 'ct-mark-has', operator: '==', bits: TRACKED_AT_SENDER, among: TRACKED_AT_SENDER },
      holderAt(peerDevice),
      update(`half-${protocol}${familyName(side.family)}`, key, seconds),
      end('drop'),
    ];
  });
}

/** Flows at an appliance: the connection's bits belong to the interfaces at its ends, so these have sets of their own. */
function layForwarded(plan: Plan, side: Side): void {
  const suffix = sideName(side);
  const family = familyName(side.family);
  const { device, own, peer } = fieldsOf(side, plan.wiring.mode);
  const isOwn: Rule = [isIn([device, own], `at${family}`), end('return')];
  const isDelegated: readonly Rule[] = side.family === 'ipv6' ? [[isIn([device, own], 'at6p'), end('return')]] : [];
  const key = (protocol: 'tcp' | 'udp'): readonly Field[] => {
    const [from, to]: readonly [Field, Field] = [`${protocol} sport`, `${protocol} dport`];
    return side.direction === 'egress' ? ['meta mark', own, from, peer, to] : ['meta mark', own, to, peer, from];
  };
  plan.chain(`forwarded.${suffix}`, [
    isOwn,
    ...isDelegated,
    [holderAt(device)],
    ...FORWARDED.map(([protocol, seconds]): Rule => [
      ...(protocol === 'tcp' ? [{ kind: 'tcp-opens', operator: '==' } as const] : []),
      update(`${protocol}${family}`, key(protocol), seconds),
      end('accept'),
    ]),
    [isOneOf('meta l4proto', [TCP, UDP], '!='), rememberOther(plan, side), end('accept')],
    [end('accept')],
  ]);
  plan.chain(`forwarding.${suffix}`, [
    isOwn,
    ...isDelegated,
    [holderAt(device)],
    ...FORWARDED.map(([protocol, seconds]): Rule => [
      isIn(key(protocol), `${protocol}${family}`),
      update(`${protocol}${family}`, key(protocol), seconds),
      end('accept'),
    ]),
    [isIn(otherKey(plan, side), `others${family}`), rememberOther(plan, side), end('accept')],
    [end(`goto judge.${suffix}`)],
  ]);
}
