import type {
  AssociateSecurityGroupVpcRequest,
  DescribeSecurityGroupVpcAssociationsRequest,
  SecurityGroupVpcAssociationState,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { GroupAssociation } from '../../../core/model/security-group.ts';
import type { Draft } from '../../control/draft.ts';
import { associateVpc, disassociateVpc } from '../../control/groups/associate-vpc.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { Actions, Call } from '../operations.ts';

export const groupVpcActions: Actions = {
  AssociateSecurityGroupVpc: (input, call) => change(associateVpc, input, call),
  DisassociateSecurityGroupVpc: (input, call) => change(disassociateVpc, input, call),
  DescribeSecurityGroupVpcAssociations: describe,
};

function change(
  command: typeof associateVpc,
  { GroupId: groupId, VpcId: vpcId }: AssociateSecurityGroupVpcRequest,
  { draft }: Call,
): Result<{ State: SecurityGroupVpcAssociationState }, Refusal> {
  if (groupId === undefined) return missingParameter('GroupId');
  if (vpcId === undefined) return missingParameter('VpcId');
  const done = command(draft, { groupId, vpcId });
  return done.ok ? ok({ State: stateOf(done.value) }) : done;
}

/** States that an imported record may have and AWS does not know are shown as what they come to: not associated. */
function stateOf({ state }: GroupAssociation): SecurityGroupVpcAssociationState {
  const known: readonly SecurityGroupVpcAssociationState[] = [
    'associating',
    'associated',
    'association-failed',
    'disassociating',
    'disassociated',
    'disassociation-failed',
  ];
  return known.find((one) => one === state) ?? 'disassociated';
}

function describe(input: DescribeSecurityGroupVpcAssociationsRequest, { draft }: Call): Result<object, Refusal> {
  const page = describeRecords(input, {
    find: () => undefined,
    all: () => draft.list('groupAssociations'),
    notFound: () => missingParameter('GroupId'),
    idOf: ({ id }) => id,
    view: {
      'group-id': ({ groupId }) => [groupId],
      'group-owner-id': ({ groupId }) => ownerOf(draft, 'groups', groupId),
      state: ({ state }) => [state],
      'vpc-id': ({ vpcId }) => [vpcId],
      'vpc-owner-id': ({ vpcId }) => ownerOf(draft, 'vpcs', vpcId),
    },
  });
  if (!page.ok) return page;
  return ok({
    SecurityGroupVpcAssociations: page.value.items.map((association) => ({
      GroupId: association.groupId,
      VpcId: association.vpcId,
      State: stateOf(association),
      ...ownerShape('GroupOwnerId', ownerOf(draft, 'groups', association.groupId)),
      ...ownerShape('VpcOwnerId', ownerOf(draft, 'vpcs', association.vpcId)),
    })),
    ...nextTokenOf(page.value),
  });
}

function ownerOf(draft: Draft, kind: 'groups' | 'vpcs', id: string): readonly string[] {
  const owner = draft.get(kind, id)?.ownerId;
  return owner === undefined ? [] : [owner];
}

function ownerShape(
  name: 'GroupOwnerId' | 'VpcOwnerId',
  [owner]: readonly string[],
): { readonly [name: string]: string } {
  return owner === undefined ? {} : { [name]: owner };
}
