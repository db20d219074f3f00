import { layArp } from './arp-chains.ts';
import { layBorderHook } from './border-chains.ts';
import { DISCOVERY, layNeighbours, LINK_LOCAL } from './neighbour-chains.ts';
import type { Plan } from './plan.ts';
import type { Field, Rule } from './ruleset.ts';
import { bothFamilies, familyName, fieldsOf, type Side, sideName } from './side.ts';
import {
  exemptRules,
  families,
  NEIGHBOURS,
  PRIORITIES,
  renewalRule,
  reopenedRule,
  trackedRules,
} from './start-chains.ts';
import { forwards } from './state-chains.ts';
import { DROP, end, goes, is, isIn, isOneOf, OWN_FLOW } from './steps.ts';

/** Where packets first meet the rules, for instances behind devices of the namespace. */
export function layForwardHooks(plan: Plan, hasBorders: boolean): void {
  laySpoofing(plan);
  layArp(plan);
  for (const direction of ['egress', 'ingress'] as const) {
    const { device } = fieldsOf({ direction, family: 'ipv4' }, 'forward');
    plan.chain(
      direction,
      [
        ...(direction === 'egress' ? [reopenedRule(plan, 'reopened', ['iifname', 'oifname'])] : []),
        ...(forwards(plan) ? [[isIn([device], 'unchecked'), end(`goto forwarding.${direction}`)]] : []),
        ...trackedRules(plan, direction),
        renewalRule(plan, direction),
        ...families((family) => `goto start.${sideName({ direction, family })}`),
      ],
      { hook: 'forward', priority: PRIORITIES[direction], policy: 'accept' },
    );
    if (forwards(plan)) layForwarding(plan, direction);
  }
  if (hasBorders) layBorderHook(plan);
  layHostHooks(plan);
}

/** Packets at an appliance that are not its own: their flows are known elsewhere than in the connection. Those that turn out to be its own come back. */
function layForwarding(plan: Plan, direction: Side['direction']): void {
  plan.chain(`forwarding.${direction}`, [
    ...bothFamilies(direction, (side): readonly Rule[] => {
      const { device, own } = fieldsOf(side, 'forward');
      return [[isIn([device, own], `at${familyName(side.family)}`, '!='), end(`jump forwarding.${sideName(side)}`)]];
    }),
    ...trackedRules(plan, direction),
    renewalRule(plan, direction),
    ...families((family) => `goto start.${sideName({ direction, family })}`),
  ]);
}

/** Only an interface's own addresses with its own hardware address come in by its device, before anything is remembered of the packet. */
function laySpoofing(plan: Plan): void {
  layNeighbours(plan);
  const isOwnMac = isIn(['iifname', 'ether saddr'], 'macs');
  plan.chain(
    'spoof',
    [
      ownRule('ip saddr', 'own4'),
      DISCOVERY,
      ownRule('ip6 saddr', 'own6'),
      [isIn(['iifname'], 'interfaces', '!='), end('accept')],
      ownRule('ip6 saddr', 'own6p'),
      [isOwnMac, is('ip saddr', '0.0.0.0'), is('udp sport', 68), is('udp dport', 67), end('accept')],
      [isOwnMac, LINK_LOCAL, is('udp sport', 546), is('udp dport', 547), end('goto link-local')],
      ...(plan.hasSet('unchecked') ? [[isIn(['iifname'], 'unchecked'), isOwnMac, end('accept')]] : []),
      DROP,
    ],
    { hook: 'prerouting', priority: PRIORITIES.spoof, policy: 'accept' },
  );
}

/** The address before the hardware address: then a packet of the other family is told by its family, not by its frame. */
function ownRule(field: Field, set: string): Rule {
  return [isIn(['iifname', field, 'ether saddr'], set), end('accept')];
}

/** Ports of the services of a VPC: names, metadata, Windows activation; names, DHCP, time, DHCP for IPv6 (`core/policy/exempt.ts`). */
const SERVICE_PORTS: Readonly<Record<'tcp' | 'udp', readonly number[]>> = {
  tcp: [53, 80, 1688],
  udp: [53, 67, 123, 547],
};

/**
 * What the machine itself says to its guests as the router of their link and the server of their addresses: connection tracking takes none of it for an
 * answer, for questions go to everybody. An offer goes to the address that it offers, which is the guest's own, or to everybody on the link.
 */
const SERVED: readonly Rule[] = [
  ...[isIn(['oifname', 'ip daddr'], 'at4'), is('ip daddr', '255.255.255.255')].map((isTheirs): Rule => [
    isTheirs,
    is('udp sport', 67),
    is('udp dport', 68),
    end('accept'),
  ]),
  [is('ip6 saddr', 'fe80::/10'), is('udp sport', 547), is('udp dport', 546), end('accept')],
  [is('ip6 saddr', 'fe80::/10'), is('icmpv6 type', 134), end('accept')],
];

/**
 * The machine that carries instances is no neighbour of theirs: they reach the services of the VPC on it, and it them as any stranger. What else it
 * has listens at the addresses of the services as well, and is nobody's business: no group is asked there, so nothing but the services is let in.
 */
function layHostHooks(plan: Plan): void {
  plan.chain('services', [
    ...(['tcp', 'udp'] as const).map((name): Rule => [isOneOf(`${name} dport`, SERVICE_PORTS[name]), end('accept')]),
    [is('icmp type', 8), end('accept')],
    [is('icmpv6 type', 128), end('accept')],
    DROP,
  ]);
  plan.chain(
    'input',
    [
      [isIn(['iifname'], 'interfaces', '!='), end('accept')],
      NEIGHBOURS,
      ...bothFamilies('egress', (side) => exemptRules(plan, side, 'goto services')),
      [goes('reply'), OWN_FLOW, end('accept')],
      DROP,
    ],
    { hook: 'input', priority: PRIORITIES.ingress, policy: 'accept' },
  );
  plan.chain(
    'output',
    [
      [isIn(['oifname'], 'interfaces', '!='), end('accept')],
      NEIGHBOURS,
      ...SERVED,
      ...bothFamilies('ingress', (side) => exemptRules(plan, side)),
      ...families((family) => `goto start.${sideName({ direction: 'ingress', family })}`),
    ],
    { hook: 'output', priority: PRIORITIES.ingress, policy: 'accept' },
  );
}
