import type { Result } from '../../../core/net/result.ts';
import type { Draft } from '../../control/draft.ts';
import type { EstateRecords } from '../../control/estate.ts';
import type { Refusal } from '../../control/refusal.ts';
import { type DescribeInput, describeRecords, idNotFound } from '../describe.ts';
import type { FilterView } from '../filters.ts';
import type { Page, PageSizes } from '../paging.ts';

/** Pages of network insights (API DescribeNetworkInsightsPaths). */
const PAGES: PageSizes = { least: 1, most: 100 };

type Refused = { readonly ok: false; readonly error: Refusal };
/** What network insights keep, by the names of their records. */
type Kept = Pick<EstateRecords, 'insightsPaths' | 'insightsAnalyses' | 'accessScopes' | 'accessScopeAnalyses'>;

const ID_PREFIXES: Readonly<Record<keyof Kept, string>> = {
  insightsPaths: 'nip',
  insightsAnalyses: 'nia',
  accessScopes: 'nis',
  accessScopeAnalyses: 'nisa',
};

/** The records that a Describe call of network insights asks for, one page of them; `code`: AWS's name of an id that is none. */
export function describeKept<K extends keyof Kept>(
  input: DescribeInput,
  draft: Draft,
  how: {
    readonly kind: K;
    readonly ids: readonly string[] | undefined;
    readonly code: string;
    readonly notFound: (id: string) => Refused;
    readonly view?: FilterView<Kept[K]>;
    readonly isAsked?: (item: Kept[K]) => boolean;
  },
): Result<Page<Kept[K]>, Refusal> {
  const { kind, ids, code, notFound, view = {}, isAsked } = how;
  return describeRecords<Kept[K]>(input, {
    ids,
    find: (id) => draft.get(kind, id),
    all: () => draft.list(kind),
    notFound: (id) => {
      const refused = idNotFound(id, { prefix: ID_PREFIXES[kind], code, what: 'network insights' });
      return refused.error.code.endsWith('.Malformed') ? refused : notFound(id);
    },
    ...(isAsked === undefined ? {} : { isAsked }),
    idOf: ({ id }) => id,
    view,
    tagsOf: ({ tags }) => tags,
    sizes: PAGES,
  });
}

/** What an analysis is to be: of one question, begun within a time. */
export type Window = { readonly of: string | undefined; readonly since: Date | undefined };

/** Whether an analysis of a question is asked for, as far as its beginning says. */
export function isBegun(own: string, startTime: string, { of, since }: Window): boolean {
  return (of === undefined || own === of) && (since === undefined || startTime >= since.toISOString());
}
