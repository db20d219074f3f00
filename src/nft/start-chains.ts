import { type Family, formatAddress } from '../core/net/address.ts';
import { EXEMPT_ADDRESSES } from '../core/policy/exempt.ts';
import { markOf } from './past.ts';
import type { Plan } from './plan.ts';
import { type Field, type Rule, type Step, TRACKED_ANYWHERE, type Value, type Verdict } from './ruleset.ts';
import { familyName, fieldsOf, nfproto, type Side, sideName } from './side.ts';
import { bitsOf, forwards, otherRules } from './state-chains.ts';
import { COUNT, DROP, end, goes, is, isIn, isOneOf, markBy, OWN_FLOW, verdictBy } from './steps.ts';

/** Order of the hooks: connection tracking is at -200, address translation at -100 and 100. */
export const PRIORITIES: Readonly<Record<'spoof' | 'egress' | 'acl' | 'ingress', number>> = {
  spoof: -300,
  egress: -20,
  acl: -10,
  ingress: 0,
};

/** Neighbour discovery: router solicitation, neighbour solicitation and advertisement (RFC 4861). */
export const NEIGHBOUR_TYPES: readonly number[] = [133, 135, 136];

/** Without neighbours nobody is reached: discovery passes before anything else. */
export const NEIGHBOURS: Rule = [isOneOf('icmpv6 type', NEIGHBOUR_TYPES), end('accept')];

/** How long Linux keeps a connection that was reset. It keeps all others for longer than this after each packet that counts. */
const RESET_SECONDS = 10;

/**
 * A SYN on the ports of a connection that the other side reset belongs to it for Linux, while it begins another one (core/track/tcp.ts): its bits are
 * taken back, so that the rules are asked. Linux itself does so where the connection ended in another way. Stands first where a packet first meets the
 * rules of one of these devices, and there alone: every packet pays for it. A connection that just began is at its end for Linux too: it has no
 * mark yet.
 */
export function reopenedRule(plan: Plan, name: string, devices: readonly Field[]): Rule {
  plan.onceChain(name, () =>
    devices.map((device): Rule => [isIn([device], 'interfaces'), { kind: 'set-ct-mark', keeps: ERA_BITS, value: 0 }]),
  );
  return [
    { kind: 'tcp-opens', operator: '==' },
    is('ct mark', 0, '!='),
    { kind: 'ct-ends', withinSeconds: RESET_SECONDS },
    goes('original'),
    end(`jump ${name}`),
  ];
}

/**
 * The flow is tracked at this interface: its bit is set, and the mark is of this era. An error about a flow is not of it (semantics 3.5). These come
 * before all else that accepts, for most packets need no more.
 */
export function trackedRules(plan: Plan, direction: Side['direction']): readonly Rule[] {
  const { original, reply } = bitsOf({ direction });
  const era = markOf(plan.past.era);
  // Tracked at both ends, as most packets of two local interfaces are: whichever way it goes. A machine by itself sees one end.
  const both: Rule = [is('ct mark', era + TRACKED_ANYWHERE), OWN_FLOW, end('accept')];
  return [
    ...(plan.wiring.mode === 'forward' ? [both] : []),
    [hasBit(era, original), goes('original'), OWN_FLOW, end('accept')],
    [hasBit(era, reply), goes('reply'), OWN_FLOW, end('accept')],
  ];
}

/** A mark of another era is looked at once (renewal-chains.ts). */
export function renewalRule(plan: Plan, direction: Side['direction']): Rule {
  const { device } = fieldsOf({ direction, family: 'ipv4' }, plan.wiring.mode);
  const isOfAnother = { kind: 'ct-mark-has', operator: '!=', bits: markOf(plan.past.era), among: ERA_BITS } as const;
  return [isOfAnother, OWN_FLOW, isIn([device], 'interfaces'), end(`jump renewed.${direction}`)];
}

const ERA_BITS = 0xffff_ffff - TRACKED_ANYWHERE;

/** The mark is of an era and has a bit, whatever the other one is. */
function hasBit(era: number, bit: number): Step {
  return { kind: 'ct-mark-has', operator: '==', bits: era + bit, among: ERA_BITS + bit };
}

/** One rule for each family. */
export function families(to: (family: Family) => `goto ${string}`): readonly Rule[] {
  return [
    [is('meta nfproto', nfproto('ipv4')), end(to('ipv4'))],
    [is('meta nfproto', nfproto('ipv6')), end(to('ipv6'))],
  ];
}

/** What is never filtered: packets to the services of the VPC, and their answers (semantics 3.6); `verdict` is what becomes of it. */
export function exemptRules(plan: Plan, side: Side, verdict: Verdict = 'accept'): readonly Rule[] {
  const { device, peer } = fieldsOf(side, plan.wiring.mode);
  const isAnswer: readonly Step[] = side.direction === 'egress' ? [] : [goes('reply')];
  return [
    [...isAnswer, isOneOf(peer, servicesEverywhere(side.family)), isIn([device], 'interfaces'), end(verdict)],
    [...isAnswer, isIn([device, peer], `exempt${familyName(side.family)}`), end(verdict)],
  ];
}

/** From the hook to the profile of the interface; a packet that meets no interface on this side goes on. */
export function layStart(plan: Plan, side: Side): void {
  const suffix = sideName(side);
  const { wiring } = plan;
  const { device, own } = fieldsOf(side, wiring.mode);
  const family = familyName(side.family);
  const judge: readonly Step[] = [markBy([device], suffix), end(`goto match.${suffix}`)];
  const checksOwn = side.direction === 'ingress' || wiring.mode === 'local';
  plan.chain(`start.${suffix}`, [
    ...exemptRules(plan, side),
    ...otherRules(plan, side),
    ...(checksOwn ? [[isIn([device, own], `at${family}`), ...judge]] : []),
    ...(checksOwn && side.family === 'ipv6' ? [[isIn([device, own], 'at6p'), ...judge]] : []),
    ...(checksOwn ? (plan.hasSet('unchecked') ? [[isIn([device], 'unchecked'), ...judge]] : []) : [judge]),
    [isIn([device], 'interfaces'), COUNT, end('drop')],
    ...(wiring.outside === undefined ? [[end('accept')]] : [[isIn([device], 'outside'), end('accept')], DROP]),
  ]);
  if (forwards(plan)) plan.chain(`judge.${suffix}`, [judge, DROP]);
  // The number of the profile gives way to that of a class; both lead to the second layer. The device is looked up once: were it twice, a
  // packet could meet the first layer of the old rules and the second one of the new.
  plan.chain(`match.${suffix}`, [
    [markBy(['meta mark', 'meta l4proto', 'th dport'], 'ports'), end(`jump class.${suffix}`)],
    [end(`jump wide.${suffix}`)],
    [end(`goto refuse.${suffix}`)],
  ]);
  plan.chain(`wide.${suffix}`, [[verdictBy(['meta mark'], 'irregular')]]);
  plan.chain(`class.${suffix}`, [[verdictBy(['meta mark'], 'classes')]]);
}

/** The services that have the same addresses in every VPC. */
export function servicesEverywhere(family: Family): readonly Value[] {
  return EXEMPT_ADDRESSES.filter((address) => address.family === family).map(formatAddress);
}
