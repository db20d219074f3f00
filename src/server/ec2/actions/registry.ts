import type { Actions } from '../operations.ts';
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
import { vpcActions } from './vpcs.ts';

/** Every action that the server has, by AWS's name. */
export const ACTIONS: Actions = {
  ...aclActions,
  ...addressActions,
  ...callerActions,
  ...eniActions,
  ...eniAddressActions,
  ...eniAttributeActions,
  ...groupActions,
  ...groupRuleActions,
  ...groupVpcActions,
  ...imageActions,
  ...instanceTypeActions,
  ...keyPairActions,
  ...prefixListActions,
  ...internetGatewayActions,
  ...launchTemplateActions,
  ...natGatewayActions,
  ...peeringActions,
  ...regionActions,
  ...routeTableActions,
  ...subnetActions,
  ...tagActions,
  ...vpcActions,
};
