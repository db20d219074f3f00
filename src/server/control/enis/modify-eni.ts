import { ok, type Result } from '../../../core/net/result.ts';
import type { ConnectionTimeouts, Eni, EniAddress } from '../../../core/model/eni.ts';
import type { Draft } from '../draft.ts';
import type { Env } from '../env.ts';
import { instanceDetailOf } from '../instances/instance-details.ts';
import { invalidCombination, type Refusal, unsupported } from '../refusal.ts';
import { descriptionFault } from './description.ts';
import { eniDetailOf, isManaged } from './eni-details.ts';
import { groupsFor, ruleProductFault } from './eni-groups.ts';
import { attachmentNotFound, eniManaged, eniNotFound, subnetWithoutFamily } from './eni-refusals.ts';
import { freePublicAddress } from './public-pool.ts';
import { timeoutFault } from './timeouts.ts';

/** What one call changes of an interface (API ModifyNetworkInterfaceAttribute): one attribute. */
export type EniChange =
  | { readonly kind: 'groups'; readonly groupIds: readonly string[] }
  | { readonly kind: 'description'; readonly description: string }
  | { readonly kind: 'source-dest-check'; readonly isOn: boolean }
  | { readonly kind: 'timeouts'; readonly timeouts: ConnectionTimeouts }
  | { readonly kind: 'delete-on-termination'; readonly attachmentId: string; readonly isOn: boolean }
  | { readonly kind: 'primary-ipv6'; readonly isOn: boolean }
  | { readonly kind: 'public-address'; readonly isOn: boolean };

/** The interface of an id that a user may change: no service's. */
export function ownEni(draft: Draft, eniId: string): Result<Eni, Refusal> {
  const eni = draft.get('enis', eniId);
  if (eni === undefined) return eniNotFound(eniId);
  return isManaged(draft, eni) ? eniManaged() : ok(eni);
}

/** Changes one attribute of an interface; groups are replaced by others, never added to. */
export function modifyEni(
  draft: Draft,
  { eniId, change }: { readonly eniId: string; readonly change: EniChange },
  env: Env,
): Result<Eni, Refusal> {
  const own = ownEni(draft, eniId);
  if (!own.ok) return own;
  const changed = changedEni(draft, own.value, { change, env });
  if (changed.ok) draft.put('enis', changed.value);
  return changed;
}

type Changing = { readonly change: EniChange; readonly env: Env };

function changedEni(draft: Draft, eni: Eni, { change, env }: Changing): Result<Eni, Refusal> {
  switch (change.kind) {
    case 'groups':
      return regrouped(draft, eni, { groupIds: change.groupIds, env });
    case 'description':
      return descriptionFault(change.description) ?? ok({ ...eni, description: change.description });
    case 'source-dest-check':
      return ok({ ...eni, sourceDestCheck: change.isOn });
    case 'timeouts':
      return timeoutFault(change.timeouts) ?? ok({ ...eni, timeouts: { ...eni.timeouts, ...change.timeouts } });
    case 'delete-on-termination':
      if (eni.attachment?.attachmentId !== change.attachmentId) return attachmentNotFound(change.attachmentId);
      draft.put('eniDetails', { ...eniDetailOf(draft, eni), deleteOnTermination: change.isOn });
      return ok(eni);
    case 'primary-ipv6':
      return withPrimaryIpv6(draft, eni, change.isOn);
    case 'public-address':
      return withPublicAddress(draft, eni, change.isOn);
  }
}

function regrouped(
  draft: Draft,
  eni: Eni,
  { groupIds, env }: { readonly groupIds: readonly string[]; readonly env: Env },
): Result<Eni, Refusal> {
  const groups = groupsFor(draft, { vpcId: eni.vpcId, subnetId: eni.subnetId, groupIds }, env);
  if (!groups.ok) return groups;
  const changed: Eni = { ...eni, groups: groups.value };
  return ruleProductFault(draft, changed, env) ?? ok(changed);
}

/** Once an address is the primary one of IPv6 it stays so (API ModifyNetworkInterfaceAttribute, EnablePrimaryIpv6). */
function withPrimaryIpv6(draft: Draft, eni: Eni, isOn: boolean): Result<Eni, Refusal> {
  const detail = eniDetailOf(draft, eni);
  if (!isOn)
    return detail.hasPrimaryIpv6 === true
      ? invalidCombination('A primary IPv6 address cannot be disabled once it is enabled.')
      : ok(eni);
  if (eni.addresses.every(({ address }) => address.family === 'ipv4')) return subnetWithoutFamily(eni.id, 'IPv6');
  draft.put('eniDetails', { ...detail, hasPrimaryIpv6: true });
  return ok(eni);
}

/**
 * Says whether the primary interface of an instance has a public address from the pool while the instance runs: it gets one, or loses it,
 * at once and each time it starts. On other interfaces of AWS the setting is without effect until they are primary ones: refused here.
 */
function withPublicAddress(draft: Draft, eni: Eni, isOn: boolean): Result<Eni, Refusal> {
  const { attachment } = eni;
  const instance = attachment?.instanceId === undefined ? undefined : draft.get('instances', attachment.instanceId);
  const [first, ...others] = eni.addresses;
  if (attachment?.deviceIndex !== 0 || instance === undefined || first?.isPrimary !== true)
    return isOn
      ? unsupported('a public IPv4 address for an interface that is not the primary one of an instance')
      : ok(eni);
  draft.put('instanceDetails', { ...instanceDetailOf(draft, instance), hasPublicAddress: isOn });
  if (!isOn) return ok(withoutPublicAddress(eni));
  if (instance.state !== 'running' || first.public !== undefined) return ok(eni);
  const address = freePublicAddress(draft);
  if (!address.ok) return address;
  return ok({ ...eni, addresses: [{ ...first, public: { address: address.value } }, ...others] });
}

/** The interface without its public address, if that is no Elastic one. */
export function withoutPublicAddress(eni: Eni): Eni {
  return { ...eni, addresses: eni.addresses.map(withoutLent) };
}

function withoutLent(own: EniAddress): EniAddress {
  if (own.public === undefined || own.public.allocationId !== undefined) return own;
  const { public: _, ...bare } = own;
  return bare;
}
