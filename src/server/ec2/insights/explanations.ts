import type { Explanation } from '@aws-sdk/client-ec2';
import { parseAddress } from '../../../core/net/address.ts';
import { type Cidr, cidrContains, parseCidr } from '../../../core/net/cidr.ts';
import { expectOk } from '../../../core/net/result.ts';
import { getRecord } from '../../../core/model/world.ts';
import type { HopDocument } from '../../../analysis/answer-document.ts';
import type { Blocker } from '../../../analysis/insights/path-answer.ts';
import type { Missed } from '../../../analysis/insights/path-question.ts';
import { aclRule, componentFor, homeOf, rangeText, routeOf, type View } from './parts.ts';

/** AWS's codes for what refuses (RA:explanation-codes); reasons that none of them tells keep their own word (`docs/semantics/verdicts.md`). */
const CODES: ReadonlyMap<string, string> = new Map([
  ['no-matching-rule', 'ENI_SG_RULES_MISMATCH'],
  ['no-rules', 'SG_HAS_NO_RULES'],
  ['acl-entry', 'SUBNET_ACL_RESTRICTION'],
  ['acl-default', 'SUBNET_ACL_RESTRICTION'],
  ['no-route', 'NO_ROUTE_TO_DESTINATION'],
  ['blackhole-route', 'BAD_STATE_ROUTE'],
  ['no-interface', 'NO_POSSIBLE_DESTINATION'],
  ['source-not-own', 'ENI_SOURCE_DEST_CHECK_RESTRICTION'],
  ['destination-not-own', 'ENI_SOURCE_DEST_CHECK_RESTRICTION'],
  ['gateway-detached', 'BAD_STATE_ATTACHMENT'],
  ['nat-unavailable', 'BAD_STATE'],
  ['peering-inactive', 'BAD_STATE'],
  ['nat-protocol', 'PROTOCOL_RESTRICTION'],
  ['peering-not-transitive', 'PCX_REQUIRES_ADDRESS_IN_VPC_CIDR'],
]);

const RFC1918: readonly Cidr[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) =>
  expectOk(parseCidr(text)),
);
const RFC6598: readonly Cidr[] = ['100.64.0.0/10'].map((text) => expectOk(parseCidr(text)));

/** Why a gate refuses, in AWS's words where it has them. */
export function explanationOf({ hop, fromOutside }: Blocker, view: View): Explanation {
  const isInward = hop.stage.endsWith('ingress') || hop.stage === 'destination-check' || comesIn({ hop, fromOutside });
  return {
    ExplanationCode: codeOf({ hop, fromOutside }),
    Direction: isInward ? 'ingress' : 'egress',
    Address: rangeText(hop.destination),
    Addresses: [hop.source, hop.destination].map(rangeText),
    ...partsOf(hop, view),
  };
}

/** Whether a gateway is met on the way into a VPC: by packets from outside, and by replies to those that went out. */
function comesIn({ hop, fromOutside }: Blocker): boolean {
  return hop.stage === 'gateway' && (hop.way === 'forward') === fromOutside;
}

function codeOf(blocker: Blocker): string {
  const { reason } = blocker.hop;
  if (reason === 'no-public-address')
    return comesIn(blocker) ? 'IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS' : 'IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS';
  const unroutable = reason === 'not-internet-routable' ? unroutableCode(blocker) : undefined;
  return unroutable ?? CODES.get(reason) ?? reason;
}

/** What AWS says of an address that no internet gateway takes: of senders on the way in, of receivers on the way out. */
function unroutableCode(blocker: Blocker): string | undefined {
  const isIn = comesIn(blocker);
  const address = parseAddress(isIn ? blocker.hop.source : blocker.hop.destination);
  if (!address.ok) return undefined;
  const isOf = (cidrs: readonly Cidr[]): boolean => cidrs.some((cidr) => cidrContains(cidr, address.value));
  const words = isIn ? ['SOURCE', 'INGRESS'] : ['DESTINATION', 'EGRESS'];
  if (isOf(RFC1918)) return `IGW_${words.join('_ADDRESS_NOT_IN_RFC1918_')}`;
  return isOf(RFC6598) ? `IGW_${words.join('_ADDRESS_NOT_IN_RFC6598_')}` : undefined;
}

function partsOf(hop: HopDocument, view: View): Explanation {
  const { world } = view;
  const own = componentFor(hop.resource, view);
  const { Vpc, Subnet } = homeOf(hop.resource, view);
  const home = Vpc === undefined ? {} : { Vpc };
  const [rule] = hop.rules;
  switch (hop.stage) {
    case 'group-egress':
    case 'group-ingress': {
      const groups = getRecord(world, 'enis', hop.resource)?.groups ?? [];
      return { ...home, NetworkInterface: own, SecurityGroups: groups.map((id) => componentFor(id, view)) };
    }
    case 'acl-egress':
    case 'acl-ingress':
      return {
        ...home,
        Subnet: own,
        ...(rule?.kind === 'entry' || rule?.kind === 'default-entry'
          ? { Acl: componentFor(rule.acl, view), AclRule: aclRule(rule, hop) }
          : {}),
      };
    case 'source-check':
    case 'destination-check':
    case 'exempt':
      return { ...home, ...(Subnet === undefined ? {} : { Subnet }), NetworkInterface: own };
    case 'route':
      return getRecord(world, 'routeTables', hop.resource) === undefined
        ? { ...home, Component: own }
        : {
            ...home,
            RouteTable: own,
            ...(rule?.kind === 'route'
              ? { RouteTableRoute: routeOf(rule, hop.reason === 'blackhole-route' ? 'blackhole' : 'active') }
              : {}),
          };
    case 'gateway':
      return { ...home, Component: own, ...gatewayParts(hop.resource, view) };
  }
}

function gatewayParts(id: string, view: View): Explanation {
  const { world } = view;
  const own = componentFor(id, view);
  const nat = getRecord(world, 'natGateways', id);
  if (nat !== undefined) return { NatGateway: own, State: nat.state };
  const peering = getRecord(world, 'peerings', id);
  if (peering !== undefined) return { VpcPeeringConnection: own, State: peering.status };
  return getRecord(world, 'internetGateways', id) === undefined ? {} : { InternetGateway: own };
}

/** What no path meets, by AWS's codes. */
export function missedExplanation(missed: Missed, view: View): Explanation {
  switch (missed.kind) {
    case 'filter': {
      const words = { 'source-ports': 'SOURCE_PORT_RANGE', 'destination-ports': 'DESTINATION_PORT_RANGE' };
      const field =
        missed.field === 'source-ports' || missed.field === 'destination-ports'
          ? words[missed.field]
          : missed.field.toUpperCase().replace('-', '_');
      return { ExplanationCode: `FILTER_AT_${missed.at.toUpperCase()}_${field}` };
    }
    case 'not-public':
      return {
        ExplanationCode: 'IGW_EXPECTS_PUBLIC_ADDRESS',
        Address: rangeText(missed.address),
        InternetGateway: componentFor(missed.id, view),
      };
    case 'unattached':
      return { ExplanationCode: 'UNASSOCIATED_COMPONENT', Component: componentFor(missed.id, view) };
    case 'no-end':
      return {
        ExplanationCode: 'NO_SOURCE_OR_DESTINATION',
        ...(missed.id === '' ? {} : { MissingComponent: missed.id }),
      };
    case 'no-family':
      return { ExplanationCode: 'NO_PATH' };
    case 'same-interface':
    case 'end':
      return { ExplanationCode: 'NO_PATH', Component: componentFor(missed.id, view) };
    case 'through':
      return { ExplanationCode: 'COMPONENT_FILTER_RESTRICTION', Component: componentFor(missed.id, view) };
    case 'around':
      return {
        ExplanationCode: 'COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT',
        Component: componentFor(missed.id, view),
      };
  }
}
