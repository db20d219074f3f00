import type { Rule, SecurityGroup } from '../../../core/model/security-group.ts';
import type { Tags } from '../../../core/model/tag.ts';
import { aclNotFound } from '../acls/acl-refusals.ts';
import type { Draft } from '../draft.ts';
import type { EstateKind, EstateRecords } from '../estate.ts';
import { groupNotFound, ruleIdNotFound } from '../groups/group-refusals.ts';
import { scopeAnalysisNotFound, scopeNotFound } from '../insights/access-scopes.ts';
import { analysisNotFound, pathNotFound } from '../insights/insights.ts';
import { prefixListNotFound } from '../prefix-lists/list-refusals.ts';
import { volumeNotFound } from '../instances/instance-refusals.ts';
import { refuse, type Refusal } from '../refusal.ts';
import { subnetNotFound, vpcNotFound } from '../vpcs/vpc-refusals.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** The kinds of record that have tags. */
export type TaggedKind = {
  [K in EstateKind]: EstateRecords[K] extends { readonly tags: Tags } ? K : never;
}[EstateKind];

/** A kind of resource that can be tagged: where its records are, AWS's name of its type (API TagSpecification), what AWS says when there is none. */
export type Taggable = {
  readonly kind: TaggedKind | 'rules';
  readonly type: string;
  readonly notFound: (id: string) => Refused;
};

/** `The … ID 'x' does not exist`: the codes are documented, the texts partly another implementation's. */
function missing(code: string, what: string): (id: string) => Refused {
  return (id) => refuse(code, `The ${what} ID '${id}' does not exist`);
}

/** What can be tagged, by the prefix of its ids. */
export const TAGGABLE: ReadonlyMap<string, Taggable> = new Map<string, Taggable>([
  ['vpc', { kind: 'vpcs', type: 'vpc', notFound: vpcNotFound }],
  ['subnet', { kind: 'subnets', type: 'subnet', notFound: subnetNotFound }],
  [
    'rtb',
    { kind: 'routeTables', type: 'route-table', notFound: missing('InvalidRouteTableID.NotFound', 'routeTable') },
  ],
  [
    'igw',
    {
      kind: 'internetGateways',
      type: 'internet-gateway',
      notFound: missing('InvalidInternetGatewayID.NotFound', 'internetGateway'),
    },
  ],
  [
    'eigw',
    {
      kind: 'egressOnlyGateways',
      type: 'egress-only-internet-gateway',
      notFound: missing('InvalidEgressOnlyInternetGatewayId.NotFound', 'egressOnlyInternetGateway'),
    },
  ],
  [
    'nat',
    {
      kind: 'natGateways',
      type: 'natgateway',
      notFound: (id) => refuse('NatGatewayNotFound', `The Nat Gateway ${id} was not found`),
    },
  ],
  [
    'eipalloc',
    { kind: 'elasticAddresses', type: 'elastic-ip', notFound: missing('InvalidAllocationID.NotFound', 'allocation') },
  ],
  [
    'pcx',
    {
      kind: 'peerings',
      type: 'vpc-peering-connection',
      notFound: missing('InvalidVpcPeeringConnectionID.NotFound', 'vpcPeeringConnection'),
    },
  ],
  [
    'eni',
    {
      kind: 'enis',
      type: 'network-interface',
      notFound: missing('InvalidNetworkInterfaceID.NotFound', 'networkInterface'),
    },
  ],
  ['i', { kind: 'instances', type: 'instance', notFound: missing('InvalidInstanceID.NotFound', 'instance') }],
  ['vol', { kind: 'volumes', type: 'volume', notFound: volumeNotFound }],
  ['sg', { kind: 'groups', type: 'security-group', notFound: groupNotFound }],
  ['sgr', { kind: 'rules', type: 'security-group-rule', notFound: ruleIdNotFound }],
  ['acl', { kind: 'acls', type: 'network-acl', notFound: aclNotFound }],
  ['pl', { kind: 'prefixLists', type: 'prefix-list', notFound: prefixListNotFound }],
  [
    'lt',
    {
      kind: 'launchTemplates',
      type: 'launch-template',
      notFound: missing('InvalidLaunchTemplateId.NotFound', 'launch template'),
    },
  ],
  ['nip', { kind: 'insightsPaths', type: 'network-insights-path', notFound: pathNotFound }],
  ['nia', { kind: 'insightsAnalyses', type: 'network-insights-analysis', notFound: analysisNotFound }],
  ['nis', { kind: 'accessScopes', type: 'network-insights-access-scope', notFound: scopeNotFound }],
  [
    'nisa',
    {
      kind: 'accessScopeAnalyses',
      type: 'network-insights-access-scope-analysis',
      notFound: scopeAnalysisNotFound,
    },
  ],
  ['key', { kind: 'keyPairs', type: 'key-pair', notFound: missing('InvalidKeyPair.NotFound', 'key pair') }],
]);

/** One record with its tags. */
export type Tagged = { readonly id: string; readonly type: string; readonly tags: Tags };

/** Everything that has tags or could have. */
export function* taggedRecords(draft: Draft): Generator<Tagged, void, undefined> {
  for (const { kind, type } of TAGGABLE.values()) {
    if (kind !== 'rules') for (const { id, tags } of draft.list(kind)) yield { id, type, tags };
    else for (const group of draft.list('groups')) yield* rulesOf(group, type);
  }
}

function* rulesOf({ rules }: SecurityGroup, type: string): Generator<Tagged, void, undefined> {
  for (const { id, tags } of rules) yield { id, type, tags };
}

/** Gives a record other tags. */
export function putTags<K extends TaggedKind>(draft: Draft, kind: K, record: EstateRecords[K], tags: Tags): void {
  draft.put(kind, { ...record, tags });
}

/** Gives a rule other tags, inside its group. */
export function putRuleTags(draft: Draft, group: SecurityGroup, rule: Rule, tags: Tags): void {
  draft.put('groups', { ...group, rules: group.rules.map((one) => (one.id === rule.id ? { ...one, tags } : one)) });
}
