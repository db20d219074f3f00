import { layLocalBorder } from './border-chains.ts';
import { earlierRules, layEarlier } from './earlier-chains.ts';
import type { Plan } from './plan.ts';
import type { Hook, Rule } from './ruleset.ts';
import { fieldsOf, type Side, sideName } from './side.ts';
import { families, NEIGHBOURS, renewalRule, reopenedRule, trackedRules } from './start-chains.ts';
import { end, is, isIn, isOneOf } from './steps.ts';

type Direction = Side['direction'];

/**
 * Where the machine that is itself the instance meets its own packets: as they stand on the wire, before the machine translates what comes
 * in and after it translated what goes out. Groups name a published port, not that of the container behind it, and see the address that
 * others see, as they do where the interface is a cloud's.
 */
export const LOCAL_HOOKS: Readonly<Record<Direction, Hook['hook']>> = { egress: 'postrouting', ingress: 'prerouting' };

/** Connection tracking is at -200, address translation at -100 on the way in and 100 on the way out; -150 is where others set marks. */
const PRIORITIES: Readonly<Record<'groups' | 'acl' | 'mark', Readonly<Record<Direction, number>>>> = {
  groups: { egress: 150, ingress: -170 },
  acl: { egress: 160, ingress: -180 },
  mark: { egress: 170, ingress: -160 },
};

/** Where packets first meet the rules of the machine that is itself the instance; what other devices carry is left alone. */
export function layLocalHooks(plan: Plan, hasBorders: boolean): void {
  layEarlier(plan);
  for (const direction of ['egress', 'ingress'] as const) {
    const hook = LOCAL_HOOKS[direction];
    const { device } = fieldsOf({ direction, family: 'ipv4' }, 'local');
    plan.chain(
      direction,
      [
        // What is forwarded to a container passes both hooks, the first of which may have marked it.
        reopenedRule(plan, `reopened.${direction}`, [device]),
        ...trackedRules(plan, direction),
        [isIn([device], 'interfaces', '!='), end('accept')],
        ...linkRules(direction),
        renewalRule(plan, direction),
        ...earlierRules(plan, direction),
        ...families((family) => `goto start.${sideName({ direction, family })}`),
      ],
      { hook, priority: PRIORITIES.groups[direction], policy: 'accept' },
    );
    if (hasBorders)
      layLocalBorder(plan, direction, {
        first: linkRules(direction),
        hook: { hook, priority: PRIORITIES.acl[direction], policy: 'accept' },
      });
    // The mark was scratch paper: routing and others' rules are not to read it.
    plan.chain(
      `${direction}-mark`,
      [[is('meta mark', 0, '!='), isIn([device], 'interfaces'), { kind: 'set-mark', value: 0 }]],
      { hook, priority: PRIORITIES.mark[direction], policy: 'accept' },
    );
  }
}

/** Multicast listeners: queries, and the reports without which a switch does not pass neighbours' questions on (RFC 2710, RFC 3810). */
const LISTENER_TYPES: readonly number[] = [130, 131, 132, 143];
const ROUTER_ADVERTISEMENT = 134;

/** What the link itself needs, before anything else: neighbours, routers, and an address of one's own. Only link-local senders count. */
function linkRules(direction: Direction): readonly Rule[] {
  const isLinkLocal = is('ip6 saddr', 'fe80::/10');
  return [
    NEIGHBOURS,
    [isLinkLocal, isOneOf('icmpv6 type', LISTENER_TYPES), end('accept')],
    ...(direction === 'egress'
      ? [[is('ip6 saddr', '::'), isOneOf('icmpv6 type', LISTENER_TYPES), end('accept')] as const]
      : [
          [isLinkLocal, is('icmpv6 type', ROUTER_ADVERTISEMENT), end('accept')] as const,
          [isLinkLocal, is('udp sport', 547), is('udp dport', 546), end('accept')] as const,
          // An offer answers a broadcast, which connection tracking does not see.
          [is('udp sport', 67), is('udp dport', 68), isIn(['iifname', 'ip saddr'], 'exempt4'), end('accept')] as const,
        ]),
  ];
}
