import type { PathComponent } from '@aws-sdk/client-ec2';
import { getRecord } from '../../../core/model/world.ts';
import type { HopDocument } from '../../../analysis/answer-document.ts';
import type { FoundWay } from '../../../analysis/insights/path-answer.ts';
import type { Ranges } from '../../../analysis/part-documents.ts';
import { aclRule, componentFor, groupRule, headerShape, homeOf, routeOf, type View } from './parts.ts';

/** The ports that a NAT gateway sends from (V:nat-gateway-basics). */
const NAT_PORTS: Ranges = [[1024, 65_535]];

type Ports = { readonly protocol: string; readonly sourcePorts: Ranges; readonly destinationPorts: Ranges };
type Header = Pick<HopDocument, 'source' | 'destination'>;

/** The numbers of the protocols that ways are asked for. */
const NUMBERS: Readonly<Record<string, string>> = { tcp: '6', udp: '17', icmp: '1', icmpv6: '58' };

/** The components on the way there, or back, in order. */
export function componentsOf(way: FoundWay, direction: HopDocument['way'], view: View): PathComponent[] {
  const hops = way.hops.filter((hop) => hop.way === direction);
  const isNat = (hop: HopDocument): boolean => getRecord(view.world, 'natGateways', hop.resource) !== undefined;
  const gateways = way.hops.filter((hop) => hop.way === 'forward' && hop.stage === 'gateway' && isNat(hop));
  // Behind each NAT gateway another port stands for the sender's.
  let hidden = direction === 'forward' ? 0 : new Set(gateways.map((hop) => hop.resource)).size;
  const made: PathComponent[] = [];
  for (const [index, hop] of hops.entries()) {
    const before = portsOf(way, direction, hidden > 0);
    const previous = hops[index - 1];
    const isAgain = previous?.stage === 'gateway' && hop.stage === 'gateway' && previous.resource === hop.resource;
    if (hop.stage === 'gateway' && isNat(hop) && !isAgain) hidden += direction === 'forward' ? 1 : -1;
    if (isAgain) continue;
    const next = hops.slice(index + 1).find((one) => one.resource !== hop.resource || one.stage !== 'gateway');
    const headers = {
      InboundHeader: headerShape(hop, before),
      OutboundHeader: headerShape(next ?? lastHeader(way, direction), portsOf(way, direction, hidden > 0)),
    };
    const last = made.at(-1);
    // An interface that forwards is met twice: it is one component.
    if (hop.stage === 'source-check' && last?.Component?.Id === hop.resource) {
      made[made.length - 1] = { ...last, OutboundHeader: headers.OutboundHeader };
      continue;
    }
    made.push(...componentOf(hop, headers, view));
  }
  return made.map((component, index) => ({ SequenceNumber: index + 1, ...component }));
}

function portsOf(
  { packet, sourcePorts, destinationPorts }: FoundWay,
  direction: HopDocument['way'],
  isHidden: boolean,
): Ports {
  const protocol = NUMBERS[packet.protocol] ?? packet.protocol;
  const near = isHidden ? NAT_PORTS : sourcePorts;
  return direction === 'forward'
    ? { protocol, sourcePorts: near, destinationPorts }
    : { protocol, sourcePorts: destinationPorts, destinationPorts: near };
}

/** The addresses behind the last gateway. */
function lastHeader({ packet, arrival }: FoundWay, direction: HopDocument['way']): Header {
  return direction === 'forward' ? arrival : { source: packet.destination, destination: packet.source };
}

type Headers = Required<Pick<PathComponent, 'InboundHeader' | 'OutboundHeader'>>;

function componentOf(hop: HopDocument, headers: Headers, view: View): readonly PathComponent[] {
  const [rule] = hop.rules;
  const own = { Component: componentFor(hop.resource, view), ...homeOf(hop.resource, view) };
  switch (hop.stage) {
    case 'source-check':
    case 'exempt':
      return [{ ...own, OutboundHeader: headers.OutboundHeader }];
    case 'destination-check':
      return [{ ...own, InboundHeader: headers.InboundHeader }];
    case 'group-egress':
    case 'group-ingress':
      // Tracked replies and interfaces without a filter meet no rule.
      return rule?.kind === 'rule'
        ? [{ Component: componentFor(rule.group, view), AttachedTo: own.Component, SecurityGroupRule: groupRule(rule) }]
        : [];
    case 'acl-egress':
    case 'acl-ingress':
      return rule?.kind === 'entry'
        ? [
            {
              Component: componentFor(rule.acl, view),
              Subnet: own.Component,
              ...(own.Vpc === undefined ? {} : { Vpc: own.Vpc }),
              AclRule: aclRule(rule, hop),
            },
          ]
        : [];
    case 'route':
      // Within a subnet no route table is asked.
      return rule?.kind === 'route' ? [{ ...own, RouteTableRoute: routeOf(rule) }] : [];
    case 'gateway':
      return [{ ...own, ...headers }];
  }
}
