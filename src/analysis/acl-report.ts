import { formatCidr } from '../core/net/cidr.ts';
import type { NetworkAcl } from '../core/model/network-acl.ts';
import { listRecords, type World } from '../core/model/world.ts';
import { nameOf } from './names.ts';
import { type EntryReport, entryReports } from './subnet-report.ts';

/** A NACL: its entries in the order in which they are tried, and the subnets whose borders it filters. */
export type NetworkAclReport = {
  readonly version: 1;
  readonly kind: 'acl';
  readonly revision: number;
  readonly id: string;
  readonly name: string | null;
  readonly isDefault: boolean;
  readonly vpc: { readonly id: string; readonly name: string | null };
  readonly ingress: readonly EntryReport[];
  readonly egress: readonly EntryReport[];
  readonly subnets: readonly { readonly id: string; readonly name: string | null; readonly cidrs: readonly string[] }[];
};

/** The report on a NACL. */
export function networkAclReport(world: World, acl: NetworkAcl): NetworkAclReport {
  const subnets = [...listRecords(world, 'subnets')].filter(({ networkAcl }) => networkAcl?.aclId === acl.id);
  return {
    version: 1,
    kind: 'acl',
    revision: world.revision,
    id: acl.id,
    name: nameOf(world, acl.id) ?? null,
    isDefault: acl.isDefault,
    vpc: { id: acl.vpcId, name: nameOf(world, acl.vpcId) ?? null },
    ingress: entryReports(acl, 'ingress'),
    egress: entryReports(acl, 'egress'),
    subnets: subnets
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, cidrs }) => ({ id, name: nameOf(world, id) ?? null, cidrs: cidrs.map(formatCidr) })),
  };
}
