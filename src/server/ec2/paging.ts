import { ok, type Result } from '../../core/net/result.ts';
import { invalidParameter, refuse, type Refusal } from '../control/refusal.ts';
import { base64Bytes, base64Text } from '../control/base64.ts';

/** What a call asks of paging. */
export type PageInput = { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined };

export type Page<T> = { readonly items: readonly T[]; readonly NextToken?: string };

/** How large a page may be asked to be, both ends included (API). */
export type PageSizes = { readonly least: number; readonly most: number };

/** Pages of most Describe calls. */
export const PAGE_5_TO_1000: PageSizes = { least: 5, most: 1000 };

/**
 * One page of the items, sorted by id. Without MaxResults all of them come at once. A token names the last id of the page before, so
 * a page stays right when records come and go in between. Refused: sizes out of range, tokens of other making.
 */
export function pageOf<T>(
  items: readonly T[],
  { MaxResults: size, NextToken: token }: PageInput,
  { idOf, sizes = PAGE_5_TO_1000 }: { readonly idOf: (item: T) => string; readonly sizes?: PageSizes },
): Result<Page<T>, Refusal> {
  if (size !== undefined && (!Number.isInteger(size) || size < sizes.least || size > sizes.most))
    return invalidParameter('maxResults', size, `Expecting a value between ${sizes.least} and ${sizes.most}.`);
  const after = token === undefined || token === '' ? '' : lastId(token);
  if (after === undefined) return refuse('InvalidNextToken', `The token '${token ?? ''}' is invalid.`);
  const sorted = items
    .map((item) => ({ item, id: idOf(item) }))
    .filter(({ id }) => id > after)
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const page = size === undefined ? sorted : sorted.slice(0, size);
  const last = page.at(-1);
  const value = { items: page.map(({ item }) => item) };
  return ok(last === undefined || page.length === sorted.length ? value : { ...value, NextToken: tokenOf(last.id) });
}

const MARK = 'after:';

function tokenOf(id: string): string {
  return base64Text(Uint8Array.from(`${MARK}${id}`, (character) => character.charCodeAt(0)));
}

function lastId(token: string): string | undefined {
  const bytes = token.length > 400 ? undefined : base64Bytes(token);
  const text = bytes === undefined ? '' : String.fromCharCode(...bytes);
  return text.startsWith(MARK) ? text.slice(MARK.length) : undefined;
}
