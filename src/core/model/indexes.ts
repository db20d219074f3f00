import { formatAddress } from '../net/address.ts';
import { formatCidr } from '../net/cidr.ts';
import type { Kind, Records } from './records.ts';

/** Which records each index files. */
export type IndexKinds = {
  readonly subnetsByVpc: 'subnets';
  readonly routeTablesByVpc: 'routeTables';
  readonly aclsByVpc: 'acls';
  readonly groupsByVpc: 'groups';
  readonly groupsByReference: 'groups';
  readonly associationsByGroup: 'groupAssociations';
  readonly associationsByVpc: 'groupAssociations';
  readonly internetGatewaysByVpc: 'internetGateways';
  readonly egressOnlyGatewaysByVpc: 'egressOnlyGateways';
  readonly natGatewaysByAddress: 'natGateways';
  readonly natGatewaysByVagueAddress: 'natGateways';
  readonly elasticAddressesByPublic: 'elasticAddresses';
  readonly peeringsByVpc: 'peerings';
  readonly enisByVpc: 'enis';
  readonly enisBySubnet: 'enis';
  readonly enisByGroup: 'enis';
  readonly enisByInstance: 'enis';
  readonly enisByAttachment: 'enis';
  readonly enisByAddress: 'enis';
  readonly enisByPublicAddress: 'enis';
  readonly enisByVagueAddress: 'enis';
};

export type IndexName = keyof IndexKinds;

/** How each index files the records of its kind: under each of the keys it gives. */
type IndexDefinitions = {
  readonly [I in IndexName]: {
    readonly kind: IndexKinds[I];
    readonly keys: (record: Records[IndexKinds[I]]) => readonly string[];
  };
};

/** The indexes of a world. One mechanism keeps them all; adding one is adding a line. */
export const INDEXES: IndexDefinitions = {
  subnetsByVpc: { kind: 'subnets', keys: (subnet) => [subnet.vpcId] },
  routeTablesByVpc: { kind: 'routeTables', keys: (table) => [table.vpcId] },
  aclsByVpc: { kind: 'acls', keys: (acl) => [acl.vpcId] },
  groupsByVpc: { kind: 'groups', keys: (group) => [group.vpcId] },
  /** Groups by the groups and prefix lists that their rules name. */
  groupsByReference: {
    kind: 'groups',
    keys: (group) =>
      group.rules.flatMap((rule): readonly string[] =>
        rule.peer.kind === 'group'
          ? [rule.peer.groupId]
          : rule.peer.kind === 'prefix-list'
            ? [rule.peer.prefixListId]
            : [],
      ),
  },
  associationsByGroup: { kind: 'groupAssociations', keys: (association) => [association.groupId] },
  associationsByVpc: { kind: 'groupAssociations', keys: (association) => [association.vpcId] },
  internetGatewaysByVpc: {
    kind: 'internetGateways',
    keys: (gateway) => (gateway.vpcId === undefined ? [] : [gateway.vpcId]),
  },
  egressOnlyGatewaysByVpc: {
    kind: 'egressOnlyGateways',
    keys: (gateway) => (gateway.vpcId === undefined ? [] : [gateway.vpcId]),
  },
  /** NAT gateways by `vpc address` of their private side and by the text of their public addresses. */
  natGatewaysByAddress: {
    kind: 'natGateways',
    keys: (nat) =>
      nat.addresses.flatMap((own) => [
        `${nat.vpcId} ${formatAddress(own.private)}`,
        ...(own.public === undefined ? [] : [formatAddress(own.public)]),
      ]),
  },
  /** NAT gateways with a private address that is not known, by VPC. */
  natGatewaysByVagueAddress: {
    kind: 'natGateways',
    keys: (nat) => (nat.addresses.some((own) => own.private.within !== undefined) ? [nat.vpcId] : []),
  },
  elasticAddressesByPublic: { kind: 'elasticAddresses', keys: (elastic) => [formatAddress(elastic.public)] },
  peeringsByVpc: { kind: 'peerings', keys: (peering) => [peering.requester.vpcId, peering.accepter.vpcId] },
  enisByVpc: { kind: 'enis', keys: (eni) => [eni.vpcId] },
  enisBySubnet: { kind: 'enis', keys: (eni) => [eni.subnetId] },
  enisByGroup: { kind: 'enis', keys: (eni) => eni.groups },
  enisByInstance: {
    kind: 'enis',
    keys: (eni) => (eni.attachment?.instanceId === undefined ? [] : [eni.attachment.instanceId]),
  },
  enisByAttachment: {
    kind: 'enis',
    keys: (eni) => (eni.attachment?.attachmentId === undefined ? [] : [eni.attachment.attachmentId]),
  },
  /** ENIs by `vpc address` and, for delegated prefixes, by `vpc prefix`. */
  enisByAddress: {
    kind: 'enis',
    keys: (eni) => {
      const keys: string[] = [];
      for (const own of eni.addresses) keys.push(`${eni.vpcId} ${formatAddress(own.address)}`);
      for (const prefix of eni.prefixes) keys.push(`${eni.vpcId} ${formatCidr(prefix)}`);
      return keys;
    },
  },
  /** ENIs with an address that is not known, by VPC. */
  enisByVagueAddress: {
    kind: 'enis',
    keys: (eni) => (eni.addresses.some((own) => own.address.within !== undefined) ? [eni.vpcId] : []),
  },
  /** ENIs by the addresses under which the internet knows them: public IPv4 and IPv6. */
  enisByPublicAddress: {
    kind: 'enis',
    keys: (eni) => {
      const keys: string[] = [];
      for (const own of eni.addresses) {
        if (own.public !== undefined) keys.push(formatAddress(own.public.address));
        else if (own.address.family === 'ipv6') keys.push(formatAddress(own.address));
      }
      for (const prefix of eni.prefixes) if (prefix.family === 'ipv6') keys.push(formatCidr(prefix));
      return keys;
    },
  },
};

/** The keys under which an index files a record of its kind, each once: two rules of a group may name the same reference. */
export function indexKeys(name: IndexName, record: Records[Kind]): readonly string[] {
  // The definition's own kind says what record it takes; callers pass records of that kind only.
  const keysOf = INDEXES[name].keys as (record: Records[Kind]) => readonly string[];
  const keys = keysOf(record);
  return isDistinct(keys) ? keys : [...new Set(keys)];
}

/** By comparison while there are few: a set for each record would cost more than the rest of the index. */
function isDistinct(keys: readonly string[]): boolean {
  return keys.length <= FEW_KEYS && keys.every((key, place) => keys.indexOf(key) === place);
}

const FEW_KEYS = 16;
