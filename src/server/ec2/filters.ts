import type { Filter } from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../core/net/result.ts';
import type { Tags } from '../../core/model/tag.ts';
import { invalidValue, missingParameter, refuse, type Refusal } from '../control/refusal.ts';
import { wildcardMatcher } from './wildcard.ts';

/** The values that a record has under each filter's name. A boolean is `true` or `false`, a number its decimal digits. */
export type FilterView<T> = { readonly [name: string]: (item: T) => readonly string[] };

/** Most filters of a call, and values of a filter; longest value (E2:Using_Filtering). */
const MOST = { filters: 50, values: 200, length: 255 } as const;

/**
 * Keeps the items that all filters let through. Values of one filter are alternatives; an item passes a filter when any of its values there
 * matches any of the filter's. With `tagsOf`, `tag:<key>`, `tag-key` and `tag-value` are filters too. Refused: unknown names, too many.
 */
export function filterItems<T>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  { view, tagsOf }: { readonly view: FilterView<T>; readonly tagsOf?: (item: T) => Tags },
): Result<readonly T[], Refusal> {
  const all = filters ?? [];
  if (all.length > MOST.filters || all.some(({ Values: values }) => (values?.length ?? 0) > MOST.values))
    return refuse('FilterLimitExceeded', `A call has at most ${MOST.filters} filters with ${MOST.values} values each.`);
  let kept = items;
  for (const { Name: name, Values: values = [] } of all) {
    if (name === undefined) return missingParameter('Filter.Name');
    const read = reader(name, view, tagsOf);
    if (read === undefined) return invalidValue(`The filter '${name}' is invalid`);
    if (values.some((value) => value.length > MOST.length))
      return invalidValue(`A value of the filter '${name}' is longer than ${MOST.length} characters`);
    const matchers = values.map(wildcardMatcher);
    kept = kept.filter((item) => read(item).some((value) => matchers.some((matches) => matches(value))));
  }
  return ok(kept);
}

function reader<T>(
  name: string,
  view: FilterView<T>,
  tagsOf: ((item: T) => Tags) | undefined,
): ((item: T) => readonly string[]) | undefined {
  if (Object.hasOwn(view, name)) return view[name];
  if (tagsOf === undefined) return undefined;
  if (name === 'tag-key') return (item) => tagsOf(item).map(({ key }) => key);
  if (name === 'tag-value') return (item) => tagsOf(item).map(({ value }) => value);
  if (!name.startsWith('tag:')) return undefined;
  const wanted = name.slice('tag:'.length);
  return (item) => tagsOf(item).flatMap(({ key, value }) => (key === wanted ? [value] : []));
}
