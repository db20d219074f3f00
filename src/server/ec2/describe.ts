import type { Filter } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../core/net/result.ts';
import type { Tags } from '../../core/model/tag.ts';
import { refuse, type Refusal } from '../control/refusal.ts';
import { filterItems, type FilterView } from './filters.ts';
import { type Page, type PageInput, pageOf, type PageSizes } from './paging.ts';

/** What Describe calls have in common. */
export type DescribeInput = PageInput & { readonly Filters?: readonly Filter[] | undefined };

/** How the records of one Describe call are looked up, filtered and paged. */
export type Describing<T> = {
  /** The ids asked for; all records when absent or empty. */
  readonly ids?: readonly string[] | undefined;
  readonly find: (id: string) => T | undefined;
  readonly all: () => Iterable<T>;
  /** Why there is no record of an id. */
  readonly notFound: (id: string) => { readonly ok: false; readonly error: Refusal };
  /** What the call asks for beside filters; all when absent. */
  readonly isAsked?: (item: T) => boolean;
  readonly idOf: (item: T) => string;
  readonly view: FilterView<T>;
  readonly tagsOf?: (item: T) => Tags;
  readonly sizes?: PageSizes;
};

/** The records that a Describe call asks for, one page of them. Any unknown id fails the whole call, as on AWS. */
export function describeRecords<T>(input: DescribeInput, how: Describing<T>): Result<Page<T>, Refusal> {
  const chosen = chosenBy(how);
  if (!chosen.ok) return chosen;
  const { view, tagsOf, idOf, sizes, isAsked } = how;
  const asked = isAsked === undefined ? chosen.value : chosen.value.filter(isAsked);
  const kept = filterItems(asked, input.Filters, { view, ...(tagsOf === undefined ? {} : { tagsOf }) });
  if (!kept.ok) return kept;
  return pageOf(kept.value, input, { idOf, ...(sizes === undefined ? {} : { sizes }) });
}

function chosenBy<T>({ ids, find, all, notFound }: Describing<T>): Result<readonly T[], Refusal> {
  if (ids === undefined || ids.length === 0) return ok([...all()]);
  const chosen: T[] = [];
  for (const id of new Set(ids)) {
    const item = find(id);
    if (item === undefined) return notFound(id);
    chosen.push(item);
  }
  return ok(chosen);
}

/** Why an id names nothing: it is of another form (`Invalid…ID.Malformed`), or there is no such record (`.NotFound`). */
export function idNotFound(
  id: string,
  { prefix, code, what }: { readonly prefix: string; readonly code: string; readonly what: string },
): { readonly ok: false; readonly error: Refusal } {
  return new RegExp(`^${prefix}-[0-9a-f]{1,17}$`).test(id)
    ? refuse(`${code}.NotFound`, `The ${what} ID '${id}' does not exist`)
    : refuse(`${code}.Malformed`, `Invalid id: "${id}" (expecting "${prefix}-...")`);
}

/** The value of a result for a Describe answer: `NextToken` is absent on the last page. */
export function nextTokenOf(page: Page<unknown>): { readonly NextToken?: string } {
  return page.NextToken === undefined ? {} : { NextToken: page.NextToken };
}
