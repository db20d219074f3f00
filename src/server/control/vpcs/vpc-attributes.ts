import { ok, type Result } from '../../../core/net/result.ts';
import type { Vpc } from '../../../core/model/vpc.ts';
import type { VpcDetail } from '../details/vpc-detail.ts';
import type { Draft } from '../draft.ts';
import { invalidCombination, type Refusal } from '../refusal.ts';
import { vpcDetailOf } from './vpc-details.ts';
import { vpcNotFound } from './vpc-refusals.ts';

/** The attributes that may be changed, one a call (API ModifyVpcAttribute). */
export type VpcAttributes = Partial<
  Pick<VpcDetail, 'enableDnsSupport' | 'enableDnsHostnames' | 'enableNetworkAddressUsageMetrics'>
>;

/** Changes one attribute of a VPC. */
export function modifyVpcAttribute(draft: Draft, vpcId: string, changes: VpcAttributes): Result<Vpc, Refusal> {
  const vpc = draft.get('vpcs', vpcId);
  if (vpc === undefined) return vpcNotFound(vpcId);
  if (Object.keys(changes).length !== 1) return invalidCombination('Exactly one attribute must be specified');
  draft.put('vpcDetails', { ...vpcDetailOf(draft, vpc), ...changes });
  return ok(vpc);
}
