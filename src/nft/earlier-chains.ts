import type { Plan } from './plan.ts';
import type { Rule } from './ruleset.ts';
import { bothFamilies, familyName, fieldsOf, type Side, sideName } from './side.ts';
import { bitsOf, holderAt } from './state-chains.ts';
import { end, goes, isIn } from './steps.ts';

/** So many connections may be open when a machine gets its first rules. */
export const MOST_EARLIER = 65_536;

/** The set of the connections of a family that were open before the first rules and that these would have let begin. */
export function earlierSet(family: Side['family']): `earlier${'4' | '6'}` {
  return `earlier${familyName(family)}`;
}

/**
 * Connections that were open before there were rules: nobody saw them open, so no connection's mark says that they are tracked. Whoever loads the first
 * rules puts them into the sets, by holder, own address and port and the peer's; each is marked by its first packet. Segments that open something are of
 * another connection.
 */
export function layEarlier(plan: Plan): void {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const address = family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr';
    plan.dynamic(earlierSet(family), ['mark', address, 'inet_service', address, 'inet_service'], {
      size: MOST_EARLIER,
      expires: false,
    });
  }
}

/** Where a packet of such a connection is known again. */
export function earlierRules(plan: Plan, direction: Side['direction']): readonly Rule[] {
  return bothFamilies(direction, (side): readonly Rule[] => {
    const { device, own, peer } = fieldsOf(side, plan.wiring.mode);
    const { original, reply } = bitsOf(side);
    const chain = `earlier.${sideName(side)}`;
    plan.chain(chain, [
      [goes('original'), { kind: 'or-ct-mark', bits: original }, end('accept')],
      [{ kind: 'or-ct-mark', bits: reply }, end('accept')],
    ]);
    const [ownPort, peerPort] =
      direction === 'egress' ? (['tcp sport', 'tcp dport'] as const) : (['tcp dport', 'tcp sport'] as const);
    return [
      [
        { kind: 'tcp-opens', operator: '!=' },
        holderAt(device),
        isIn(['meta mark', own, ownPort, peer, peerPort], earlierSet(side.family)),
        end(`goto ${chain}`),
      ],
    ];
  });
}
