import type {
  DescribeNetworkInterfaceAttributeRequest,
  DescribeNetworkInterfaceAttributeResult,
  ModifyNetworkInterfaceAttributeRequest,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import { eniNotFound } from '../../control/enis/eni-refusals.ts';
import { type EniChange, modifyEni } from '../../control/enis/modify-eni.ts';
import { invalidCombination, invalidParameter, missingParameter, type Refusal } from '../../control/refusal.ts';
import { timeoutsOf } from '../eni-input.ts';
import { attachmentShape, groupShapes } from '../eni-shapes.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';

export const eniAttributeActions: Actions = {
  DescribeNetworkInterfaceAttribute: describe,
  ModifyNetworkInterfaceAttribute: modify,
  ResetNetworkInterfaceAttribute: ({ NetworkInterfaceId: eniId = '', SourceDestCheck: given }, { draft, env }) => {
    // The one attribute that can be reset; AWS takes any text for it.
    if (given === undefined) return invalidCombination('No attributes specified.');
    const done = modifyEni(draft, { eniId, change: { kind: 'source-dest-check', isOn: true } }, env);
    return done.ok ? ok({}) : done;
  },
};

function describe(
  { NetworkInterfaceId: eniId = '', Attribute: attribute }: DescribeNetworkInterfaceAttributeRequest,
  { draft }: Call,
): Result<DescribeNetworkInterfaceAttributeResult, Refusal> {
  if (attribute === undefined) return invalidCombination('No attributes specified.');
  const eni = draft.get('enis', eniId);
  if (eni === undefined) return eniNotFound(eniId);
  const base = { NetworkInterfaceId: eni.id };
  switch (attribute) {
    case 'description':
      return ok({ ...base, Description: { Value: eni.description } });
    case 'groupSet':
      return ok({ ...base, Groups: groupShapes(draft, eni) });
    case 'sourceDestCheck':
      return ok({ ...base, SourceDestCheck: { Value: eni.sourceDestCheck } });
    case 'attachment': {
      const attachment = attachmentShape(draft, eni);
      return ok({ ...base, ...(attachment === undefined ? {} : { Attachment: attachment }) });
    }
    case 'associatePublicIpAddress': {
      const isLent = eni.addresses.some((own) => own.public !== undefined && own.public.allocationId === undefined);
      return ok({ ...base, AssociatePublicIpAddress: isLent });
    }
    default:
      return invalidParameter('Attribute', String(attribute), 'It is not an attribute of a network interface.');
  }
}

function modify(input: ModifyNetworkInterfaceAttributeRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['EnaSrdSpecification', 'AssociatedSubnetIds']);
  if (foreign !== undefined) return foreign;
  const change = changeOf(input);
  if (!change.ok) return change;
  const done = modifyEni(draft, { eniId: input.NetworkInterfaceId ?? '', change: change.value }, env);
  return done.ok ? ok({}) : done;
}

/** The one attribute that a call changes. */
function changeOf(input: ModifyNetworkInterfaceAttributeRequest): Result<EniChange, Refusal> {
  const attachment = attachmentChange(input);
  if (!attachment.ok) return attachment;
  const changes: EniChange[] = [...attachment.value];
  if (input.Groups !== undefined && input.Groups.length > 0) changes.push({ kind: 'groups', groupIds: input.Groups });
  if (input.Description?.Value !== undefined)
    changes.push({ kind: 'description', description: input.Description.Value });
  if (input.SourceDestCheck?.Value !== undefined)
    changes.push({ kind: 'source-dest-check', isOn: input.SourceDestCheck.Value });
  const timeouts = timeoutsOf(input.ConnectionTrackingSpecification);
  if (Object.keys(timeouts).length > 0) changes.push({ kind: 'timeouts', timeouts });
  if (input.EnablePrimaryIpv6 !== undefined) changes.push({ kind: 'primary-ipv6', isOn: input.EnablePrimaryIpv6 });
  if (input.AssociatePublicIpAddress !== undefined)
    changes.push({ kind: 'public-address', isOn: input.AssociatePublicIpAddress });
  const [change, ...more] = changes;
  if (change === undefined) return invalidCombination('No attributes specified.');
  return more.length === 0 ? ok(change) : invalidCombination('Fields for multiple attribute types specified.');
}

function attachmentChange({
  Attachment: attachment,
}: ModifyNetworkInterfaceAttributeRequest): Result<readonly EniChange[], Refusal> {
  if (attachment === undefined || Object.values(attachment).every((given) => given === undefined)) return ok([]);
  const foreign = refuseGiven(attachment, ['DefaultEnaQueueCount', 'EnaQueueCount']);
  if (foreign !== undefined) return foreign;
  const { AttachmentId: attachmentId, DeleteOnTermination: isOn } = attachment;
  if (attachmentId === undefined) return missingParameter('Attachment.AttachmentId');
  if (isOn === undefined) return missingParameter('Attachment.DeleteOnTermination');
  return ok([{ kind: 'delete-on-termination', attachmentId, isOn }]);
}
