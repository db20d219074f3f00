import { type Kind, KINDS, type Records } from '../../core/model/records.ts';
import { changedKeys, emptyTable, type Table, tableGet, tableOfColumns, tableValues } from '../../core/model/table.ts';
import { rebuildWorld, type RecordLists, type World, worldOf } from '../../core/model/world.ts';
import type { EniDetail } from './details/eni-detail.ts';
import type { NatDetail, PeeringDetail } from './details/gateway-detail.ts';
import type {
  InstanceDetail,
  KeyPair,
  LaunchTemplate,
  LaunchTemplateVersion,
  Volume,
} from './details/instance-detail.ts';
import type {
  AccessScope,
  AccessScopeAnalysis,
  AccessScopeFindings,
  InsightsAnalysis,
  InsightsPath,
} from './details/insights-detail.ts';
import type { PrefixListVersion } from './details/prefix-list-version.ts';
import type { AnsweredToken, AnswerPart, Departure } from './details/request-records.ts';
import type { SubnetDetail, VpcDetail } from './details/vpc-detail.ts';

/** Records that only the API shows: none of them decides traffic. Details have the id of the record that they belong to. */
export type DetailRecords = {
  readonly vpcDetails: VpcDetail;
  readonly subnetDetails: SubnetDetail;
  readonly natDetails: NatDetail;
  readonly peeringDetails: PeeringDetail;
  readonly eniDetails: EniDetail;
  readonly instanceDetails: InstanceDetail;
  readonly volumes: Volume;
  readonly prefixListVersions: PrefixListVersion;
  readonly keyPairs: KeyPair;
  readonly launchTemplates: LaunchTemplate;
  readonly launchTemplateVersions: LaunchTemplateVersion;
  readonly insightsPaths: InsightsPath;
  readonly insightsAnalyses: InsightsAnalysis;
  readonly accessScopes: AccessScope;
  readonly accessScopeAnalyses: AccessScopeAnalysis;
  readonly accessScopeFindings: AccessScopeFindings;
  readonly answeredTokens: AnsweredToken;
  readonly answerParts: AnswerPart;
  readonly departures: Departure;
};

export type DetailKind = keyof DetailRecords;

const DETAIL_FLAGS: Readonly<Record<DetailKind, true>> = {
  vpcDetails: true,
  subnetDetails: true,
  natDetails: true,
  peeringDetails: true,
  eniDetails: true,
  instanceDetails: true,
  volumes: true,
  prefixListVersions: true,
  keyPairs: true,
  launchTemplates: true,
  launchTemplateVersions: true,
  insightsPaths: true,
  insightsAnalyses: true,
  accessScopes: true,
  accessScopeAnalyses: true,
  accessScopeFindings: true,
  answeredTokens: true,
  answerParts: true,
  departures: true,
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a record over the kinds
export const DETAIL_KINDS: readonly DetailKind[] = Object.keys(DETAIL_FLAGS) as DetailKind[];

/** All that the server keeps of a realm, by kind. */
export type EstateRecords = Records & DetailRecords;
export type EstateKind = keyof EstateRecords;
export type EstateRecord = EstateRecords[EstateKind];

/** A realm at one revision, immutable: the world that decides traffic, and what only the API shows. */
export type Estate = {
  readonly world: World;
  readonly details: { readonly [K in DetailKind]: Table<DetailRecords[K]> };
};

/** Whether records of the kind are of the world. */
export function isWorldKind(kind: EstateKind): kind is Kind {
  return !Object.hasOwn(DETAIL_FLAGS, kind);
}

/** Whether a word is a kind of record: for what is read back from a store. */
export function isEstateKind(word: string): word is EstateKind {
  return Object.hasOwn(DETAIL_FLAGS, word) || (KINDS as readonly string[]).includes(word);
}

/** Records by kind, as they are read back: each list has records of its kind. */
export type EstateLists = { readonly [K in EstateKind]?: readonly EstateRecord[] };

/** An estate from scratch at a revision. Ids must be unique within a kind. */
export function estateOf(lists: EstateLists, revision = 0): Estate {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the lists are by kind
  const world = worldOf(lists as RecordLists);
  const details: { [K in DetailKind]?: Table<EstateRecord> } = {};
  for (const kind of DETAIL_KINDS) {
    const list: readonly EstateRecord[] = lists[kind] ?? [];
    details[kind] =
      list.length === 0
        ? emptyTable()
        : tableOfColumns(
            list.map((record) => record.id),
            list,
          );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop filled every kind with a table of its own records
  return { world: rebuildWorld({ ...world, revision }), details: details as Estate['details'] };
}

/** The table of a kind. */
export function tableOfKind<K extends EstateKind>(estate: Estate, kind: K): Table<EstateRecords[K]> {
  const table: Table<EstateRecord> = isWorldKind(kind)
    ? estate.world.records[kind]
    : estate.details[kind as DetailKind];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table was looked up by its kind
  return table as Table<EstateRecords[K]>;
}

/** A record by kind and id, or undefined. */
export function recordOf<K extends EstateKind>(estate: Estate, kind: K, id: string): EstateRecords[K] | undefined {
  return tableGet(tableOfKind(estate, kind), id);
}

/** All records of a kind. */
export function recordsOf<K extends EstateKind>(estate: Estate, kind: K): Iterable<EstateRecords[K]> {
  return tableValues(tableOfKind(estate, kind));
}

/** One record that differs between two estates: `to` is undefined where it is gone. */
export type RecordStep = { readonly kind: EstateKind; readonly id: string; readonly to: EstateRecord | undefined };

/** What leads from one estate to another; costs time by what differs. */
export function stepsBetween(before: Estate, after: Estate): readonly RecordStep[] {
  return [...KINDS, ...DETAIL_KINDS].flatMap((kind) => {
    const old: Table<EstateRecord> = tableOfKind(before, kind);
    const fresh: Table<EstateRecord> = tableOfKind(after, kind);
    return old === fresh ? [] : changedKeys(old, fresh).map((id) => ({ kind, id, to: tableGet(fresh, id) }));
  });
}
