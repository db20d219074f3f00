import type { PrefixList } from './prefix-list.ts';

/** AWS's quotas, as far as Crenel holds a world to them. An account may have others: they are arguments, never constants of a check. */
export type Limits = {
  readonly vpcsPerRegion: number;
  readonly subnetsPerVpc: number;
  readonly ipv4CidrsPerVpc: number;
  readonly ipv6CidrsPerVpc: number;
  readonly routeTablesPerVpc: number;
  /** For each family by itself; propagated routes are not counted. */
  readonly routesPerTable: number;
  readonly groupsPerRegion: number;
  /** Weighted (`ruleWeights`), for each direction and family by itself. */
  readonly rulesPerGroup: number;
  readonly groupsPerEni: number;
  /** Bounds `rulesPerGroup` × `groupsPerEni`. */
  readonly rulesTimesGroups: number;
  readonly aclsPerVpc: number;
  /** For each direction and family by itself; the implied `*` entries are not counted. */
  readonly entriesPerAcl: number;
  readonly prefixListsPerRegion: number;
  readonly entriesPerPrefixList: number;
  readonly versionsPerPrefixList: number;
  /** References to one prefix list, for each resource type by itself. */
  readonly referencesPerPrefixList: number;
  /** Entries added, or removed, by one call. */
  readonly entriesPerPrefixListCall: number;
};

/**
 * What an account starts with (V:amazon-vpc-limits). NACL entries per family, without `*`: the pages of 2018–2023 say per family, the
 * present one is silent. Routes: the limits page says 500, the page on AWS's prefix lists still 50. Entries per call: API ModifyManagedPrefixList.
 */
export const DEFAULT_LIMITS: Limits = {
  vpcsPerRegion: 5,
  subnetsPerVpc: 200,
  ipv4CidrsPerVpc: 5,
  ipv6CidrsPerVpc: 5,
  routeTablesPerVpc: 200,
  routesPerTable: 500,
  groupsPerRegion: 2500,
  rulesPerGroup: 60,
  groupsPerEni: 5,
  rulesTimesGroups: 1000,
  aclsPerVpc: 200,
  entriesPerAcl: 20,
  prefixListsPerRegion: 100,
  entriesPerPrefixList: 1000,
  versionsPerPrefixList: 1000,
  referencesPerPrefixList: 10_000,
  entriesPerPrefixListCall: 100,
};

/** How far AWS raises a quota on request (V:amazon-vpc-limits); one without a row has no published end. */
export const LIMIT_CEILINGS: Partial<Limits> = {
  ipv4CidrsPerVpc: 50,
  ipv6CidrsPerVpc: 50,
  routesPerTable: 1000,
  groupsPerEni: 16,
  rulesTimesGroups: 1000,
  entriesPerAcl: 40,
  entriesPerPrefixList: 1000,
  entriesPerPrefixListCall: 100,
};

/** Why AWS would not grant these quotas; empty when it would. */
export function limitFaults(limits: Limits): readonly string[] {
  const ceilings = Object.entries(LIMIT_CEILINGS) as [keyof Limits, number][];
  const faults = ceilings
    .filter(([name, most]) => limits[name] > most)
    .map(([name, most]) => `${name} is ${limits[name]}, more than the ${most} that AWS grants`);
  const product = limits.rulesPerGroup * limits.groupsPerEni;
  if (product > limits.rulesTimesGroups)
    faults.push(`rulesPerGroup times groupsPerEni is ${product}, more than ${limits.rulesTimesGroups}`);
  return faults;
}

/** The owner of the lists that AWS keeps. */
export const AWS_OWNER = 'AWS';

/** Weights of AWS's lists by what follows the region and an `ipv6` in their names (V:working-with-aws-managed-prefix-lists). */
const AWS_LIST_WEIGHTS: ReadonlyMap<string, number> = new Map([
  ['cloudfront.origin-facing', 55],
  ['dynamodb', 1],
  ['ec2-instance-connect', 2],
  ['groundstation', 5],
  ['route53-healthchecks', 25],
  ['s3', 1],
  ['s3express', 6],
  ['secretsmanager-managed-external-secrets', 20],
  ['vpc-lattice', 10],
]);

/** What a rule that names the list counts in a quota: the weight on record, else AWS's published one; undefined when not known. */
export function listWeight(list: PrefixList): number | undefined {
  if (list.weight !== undefined || list.ownerId !== AWS_OWNER) return list.weight;
  const service = /^com\.amazonaws\.[a-z0-9-]+\.(?:ipv6\.)?(.+)$/.exec(list.name)?.[1];
  return service === undefined ? undefined : AWS_LIST_WEIGHTS.get(service);
}
