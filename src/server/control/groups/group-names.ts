import { ok, type Result } from '../../../core/net/result.ts';
import type { VpcId } from '../../../core/model/ids.ts';
import { DEFAULT_GROUP_NAME, type SecurityGroup } from '../../../core/model/security-group.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { Draft } from '../draft.ts';
import { missingParameter, refuse, type Refusal } from '../refusal.ts';
import {
  descriptionCharacters,
  descriptionNotAscii,
  groupNameCharacters,
  groupNameLikeId,
  groupNameNotFound,
  groupNameReserved,
  groupNotFound,
} from './group-refusals.ts';

/** What names and descriptions are made of (API CreateSecurityGroup); 255 characters at most. */
const CHARACTERS = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/;
// oxlint-disable-next-line no-control-regex -- ASCII is a range of codes
const ASCII = /^[\u0000-\u007F]*$/;

/** A new group's name: trailing blanks do not count. Refused: none, reserved, like an id, other characters. */
export function groupNameOf(text: string | undefined): Result<string, Refusal> {
  const name = (text ?? '').trimEnd();
  if (name === '') return missingParameter('GroupName');
  if (name.toLowerCase() === DEFAULT_GROUP_NAME) return groupNameReserved();
  if (/^sg-/i.test(name)) return groupNameLikeId(name);
  return CHARACTERS.test(name) ? ok(name) : groupNameCharacters();
}

/** A new group's description. Characters beyond ASCII are looked for first, as AWS does. */
export function groupDescriptionOf(text: string | undefined): Result<string, Refusal> {
  if (text === undefined || text === '') return missingParameter('GroupDescription');
  if (!ASCII.test(text)) return descriptionNotAscii(text);
  return CHARACTERS.test(text) ? ok(text) : descriptionCharacters();
}

/** Whether a rule may have the description; an empty one is none. */
export function isRuleDescription(text: string): boolean {
  return text === '' || CHARACTERS.test(text);
}

/** The default VPC of the realm, if it has one. */
export function defaultVpc(draft: Draft): Vpc | undefined {
  return [...draft.list('vpcs')].find((one) => one.isDefault);
}

/** The VPC of an id, or the default one. */
export function vpcFor(draft: Draft, vpcId: string | undefined): Result<Vpc, Refusal> {
  if (vpcId !== undefined) {
    const vpc = draft.get('vpcs', vpcId);
    return vpc === undefined ? refuse('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`) : ok(vpc);
  }
  const vpc = defaultVpc(draft);
  return vpc === undefined ? refuse('VPCIdNotSpecified', 'No default VPC for this user') : ok(vpc);
}

/** Names are one whatever their case (API CreateSecurityGroup). */
export function groupNamed(draft: Draft, vpcId: VpcId, name: string): SecurityGroup | undefined {
  const wanted = name.toLowerCase();
  return draft.listBy('groupsByVpc', vpcId).find((group) => group.name.toLowerCase() === wanted);
}

/** What a request names a group by: its id, or its name in the default VPC. */
export type GroupRef = { readonly groupId?: string | undefined; readonly groupName?: string | undefined };

/** The group that a request names. */
export function groupFor(draft: Draft, { groupId, groupName }: GroupRef): Result<SecurityGroup, Refusal> {
  if (groupId !== undefined) return groupOf(draft, groupId);
  if (groupName === undefined) return missingParameter('GroupId');
  const vpc = vpcFor(draft, undefined);
  if (!vpc.ok) return vpc;
  const group = groupNamed(draft, vpc.value.id, groupName);
  return group === undefined ? groupNameNotFound(groupName, vpc.value.id) : ok(group);
}

/** The group of an id. An id of another form is malformed ([R], as Route 53 Resolver relays it). */
export function groupOf(draft: Draft, groupId: string): Result<SecurityGroup, Refusal> {
  const group = draft.get('groups', groupId);
  if (group !== undefined) return ok(group);
  if (!groupId.startsWith('sg-'))
    return refuse('InvalidGroupId.Malformed', `Invalid id: "${groupId}" (expecting "sg-...")`);
  return groupNotFound(groupId);
}
