import type { Actions } from '../operations.ts';
import { accessScopeActions } from './access-scopes.ts';
import { aclActions } from './acls.ts';
import { addressActions } from './addresses.ts';
import { callerActions } from './caller.ts';
import { eniActions } from './enis.ts';
import { eniAddressActions } from './eni-addresses.ts';
import { eniAttributeActions } from './eni-attributes.ts';
import { groupRuleActions } from './group-rules.ts';
import { groupVpcActions } from './group-vpcs.ts';
import { groupActions } from './groups.ts';
import { imageActions } from './images.ts';
import { insightsActions } from './insights.ts';
import { instanceActions } from './instances.ts';
import { instanceAttributeActions } from './instance-attributes.ts';
import { instanceTypeActions } from './instance-types.ts';
import { keyPairActions } from './key-pairs.ts';
import { prefixListActions } from './prefix-lists.ts';
import { internetGatewayActions } from './internet-gateways.ts';
import { launchTemplateActions } from './launch-templates.ts';
import { natGatewayActions } from './nat-gateways.ts';
import { peeringActions } from './peerings.ts';
import { regionActions } from './regions.ts';
import { routeTableActions } from './route-tables.ts';
import { subnetActions } from './subnets.ts';
import { tagActions } from './tags.ts';
import { volumeActions } from './volumes.ts';
import { vpcActions } from './vpcs.ts';

/** A part of the API, as the support table of the README shows it. */
export type Area = { readonly name: string; readonly actions: readonly Actions[] };

/** The actions that the server has, by area. */
export const AREAS: readonly Area[] = [
  { name: 'Security groups', actions: [groupActions, groupRuleActions, groupVpcActions] },
  { name: 'Network ACLs', actions: [aclActions] },
  { name: 'Managed prefix lists', actions: [prefixListActions] },
  { name: 'VPCs and subnets', actions: [vpcActions, subnetActions] },
  { name: 'Route tables', actions: [routeTableActions] },
  { name: 'Gateways and addresses', actions: [internetGatewayActions, natGatewayActions, addressActions] },
  { name: 'Peering', actions: [peeringActions] },
  { name: 'Network interfaces', actions: [eniActions, eniAddressActions, eniAttributeActions] },
  { name: 'Instances', actions: [instanceActions, instanceAttributeActions, volumeActions] },
  {
    name: 'What instances are of',
    actions: [imageActions, instanceTypeActions, keyPairActions, launchTemplateActions],
  },
  { name: 'Reachability', actions: [insightsActions, accessScopeActions] },
  { name: 'Tags', actions: [tagActions] },
  { name: 'Regions and account', actions: [regionActions, callerActions] },
];

/** Every action that the server has, by AWS's name. */
export const ACTIONS: Actions = AREAS.flatMap(({ actions }) => actions).reduce<Actions>(
  (all, one) => ({ ...all, ...one }),
  {},
);
