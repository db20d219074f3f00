import type {
  CreateManagedPrefixListRequest,
  DescribeManagedPrefixListsRequest,
  DescribePrefixListsRequest,
  GetManagedPrefixListAssociationsRequest,
  GetManagedPrefixListEntriesRequest,
  ModifyManagedPrefixListRequest,
  PrefixList as ServiceListShape,
  RestoreManagedPrefixListVersionRequest,
} from '@aws-sdk/client-ec2';
import { type Cidr, formatCidr } from '../../../core/net/cidr.ts';
import { ok, type Result } from '../../../core/net/result.ts';
import { AWS_OWNER } from '../../../core/model/limits.ts';
import type { PrefixList } from '../../../core/model/prefix-list.ts';
import { allLists, listFor } from '../../control/prefix-lists/aws-lists.ts';
import { createList } from '../../control/prefix-lists/create-list.ts';
import { referrersOf } from '../../control/prefix-lists/list-references.ts';
import {
  listEntriesUnknown,
  listVersionUnknown,
  prefixListNotFound,
} from '../../control/prefix-lists/list-refusals.ts';
import { entriesAt, versionOf } from '../../control/prefix-lists/list-versions.ts';
import { deleteList, modifyList, restoreList } from '../../control/prefix-lists/modify-list.ts';
import { missingParameter, type Refusal } from '../../control/refusal.ts';
import { describeRecords, nextTokenOf } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import { refuseGiven } from '../given.ts';
import type { Actions, Call } from '../operations.ts';
import { pageOf } from '../paging.ts';
import { familyOf, listCidrOf, listEntriesOf, listEntryShape, listShape } from '../prefix-list-shapes.ts';
import { tagsFor } from '../tags.ts';

export const prefixListActions: Actions = {
  CreateManagedPrefixList: create,
  ModifyManagedPrefixList: modify,
  RestoreManagedPrefixListVersion: restore,
  DeleteManagedPrefixList: ({ PrefixListId: listId }, { draft, env }) => {
    const gone = deleteList(draft, listId ?? '', env);
    return gone.ok ? ok({ PrefixList: listShape(gone.value, env.realm) }) : gone;
  },
  DescribeManagedPrefixLists: describeManaged,
  GetManagedPrefixListEntries: entries,
  GetManagedPrefixListAssociations: associations,
  DescribePrefixLists: describeServices,
};

function create(input: CreateManagedPrefixListRequest, { draft, env }: Call): Result<object, Refusal> {
  const tags = tagsFor('prefix-list', input.TagSpecifications);
  if (!tags.ok) return tags;
  const family = familyOf(input.AddressFamily ?? '');
  if (!family.ok) return family;
  const given = listEntriesOf(input.Entries);
  if (!given.ok) return given;
  const list = createList(
    draft,
    {
      name: input.PrefixListName ?? '',
      family: family.value,
      maxEntries: input.MaxEntries ?? 0,
      entries: given.value,
      tags: tags.value,
    },
    env,
  );
  return list.ok ? ok({ PrefixList: listShape(list.value, env.realm) }) : list;
}

function modify(input: ModifyManagedPrefixListRequest, { draft, env }: Call): Result<object, Refusal> {
  const foreign = refuseGiven(input, ['IpamPrefixListResolverSyncEnabled']);
  if (foreign !== undefined) return foreign;
  const added = listEntriesOf(input.AddEntries);
  if (!added.ok) return added;
  const removed: Cidr[] = [];
  for (const { Cidr: text } of input.RemoveEntries ?? []) {
    const cidr = listCidrOf(text);
    if (!cidr.ok) return cidr;
    removed.push(cidr.value);
  }
  const list = modifyList(
    draft,
    {
      listId: input.PrefixListId ?? '',
      currentVersion: input.CurrentVersion,
      name: input.PrefixListName,
      maxEntries: input.MaxEntries,
      added: added.value,
      removed,
    },
    env,
  );
  return list.ok ? ok({ PrefixList: listShape(list.value, env.realm) }) : list;
}

function restore(input: RestoreManagedPrefixListVersionRequest, { draft, env }: Call): Result<object, Refusal> {
  const { PrefixListId: listId = '', PreviousVersion: previousVersion, CurrentVersion: currentVersion } = input;
  if (previousVersion === undefined) return missingParameter('PreviousVersion');
  if (currentVersion === undefined) return missingParameter('CurrentVersion');
  const list = restoreList(draft, { listId, previousVersion, currentVersion }, env);
  return list.ok ? ok({ PrefixList: listShape(list.value, env.realm) }) : list;
}

/** Sizes of pages of lists and entries (API PrefixListMaxResults). */
const PAGE_1_TO_100 = { least: 1, most: 100 } as const;

const NAME_FILTERS: FilterView<PrefixList> = {
  'prefix-list-id': ({ id }) => [id],
  'prefix-list-name': ({ name }) => [name],
};

function describeManaged(input: DescribeManagedPrefixListsRequest, { draft, env }: Call): Result<object, Refusal> {
  const lists = allLists(draft, env);
  const page = describeRecords(input, {
    ids: input.PrefixListIds,
    find: (id) => lists.find((list) => list.id === id),
    all: () => lists,
    notFound: prefixListNotFound,
    idOf: ({ id }) => id,
    view: { ...NAME_FILTERS, 'owner-id': ({ ownerId }) => [ownerId] },
    tagsOf: ({ tags }) => tags,
    sizes: PAGE_1_TO_100,
  });
  if (!page.ok) return page;
  return ok({ PrefixLists: page.value.items.map((list) => listShape(list, env.realm)), ...nextTokenOf(page.value) });
}

function entries(input: GetManagedPrefixListEntriesRequest, { draft, env }: Call): Result<object, Refusal> {
  const list = listFor(draft, input.PrefixListId ?? '', env);
  if (!list.ok) return list;
  const version = input.TargetVersion ?? versionOf(list.value);
  const found = entriesAt(draft, list.value, version);
  if (found === undefined)
    return version === versionOf(list.value) ? listEntriesUnknown(list.value.id) : listVersionUnknown(version);
  const page = pageOf(found, input, { idOf: ({ cidr }) => formatCidr(cidr), sizes: PAGE_1_TO_100 });
  return page.ok ? ok({ Entries: page.value.items.map(listEntryShape), ...nextTokenOf(page.value) }) : page;
}

function associations(input: GetManagedPrefixListAssociationsRequest, { draft, env }: Call): Result<object, Refusal> {
  const list = listFor(draft, input.PrefixListId ?? '', env);
  if (!list.ok) return list;
  const page = pageOf(referrersOf(draft, list.value.id), input, {
    idOf: ({ id }) => id,
    sizes: { least: 5, most: 255 },
  });
  if (!page.ok) return page;
  return ok({
    PrefixListAssociations: page.value.items.map(({ id, ownerId }) => ({
      ResourceId: id,
      ResourceOwner: ownerId ?? env.realm.accountId,
    })),
    ...nextTokenOf(page.value),
  });
}

/** The services that gateway endpoints lead to: DescribePrefixLists shows their lists alone (API; V:gateway-endpoints). */
const GATEWAY_SERVICES = /\.(?:s3|s3express|dynamodb)$/;

/** `Cidrs` is there where the entries are known: those of AWS's lists come with an import alone. */
function describeServices(input: DescribePrefixListsRequest, { draft, env }: Call): Result<object, Refusal> {
  const lists = allLists(draft, env).filter((list) => list.ownerId === AWS_OWNER && GATEWAY_SERVICES.test(list.name));
  const page = describeRecords(input, {
    ids: input.PrefixListIds,
    find: (id) => lists.find((list) => list.id === id),
    all: () => lists,
    notFound: prefixListNotFound,
    idOf: ({ id }) => id,
    view: NAME_FILTERS,
    sizes: { least: 5, most: 1000 },
  });
  if (!page.ok) return page;
  return ok({
    PrefixLists: page.value.items.map((list): ServiceListShape => ({
      PrefixListId: list.id,
      PrefixListName: list.name,
      ...(list.entries === undefined ? {} : { Cidrs: list.entries.map(({ cidr }) => formatCidr(cidr)) }),
    })),
    ...nextTokenOf(page.value),
  });
}
