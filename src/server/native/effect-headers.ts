import type { Totals } from '../../analysis/diff-document.ts';
import { NATIVE_PATH } from './paths.ts';
import type { PairCounts } from './counts.ts';

/**
 * The headers of an answer to a change: how many pairs of addresses of interfaces it opens and closes, as items of RFC 8941 with what is
 * perhaps so and what outside reaches as parameters, and where the whole difference of the commit is. `unknown` with its reason where that
 * is not known: nothing is guessed.
 */
export function effectHeaders(
  counts: PairCounts | string,
  commit: { readonly before: number; readonly after: number },
): Readonly<Record<string, string>> {
  const [opened, closed] =
    typeof counts === 'string'
      ? [`unknown;reason="${counts}"`, `unknown;reason="${counts}"`]
      : [countText(counts.opens), countText(counts.closes)];
  const link = `<${NATIVE_PATH}diff?before=${commit.before}&after=${commit.after}>; rel="describedby"; type="application/json"`;
  return { 'crenel-pairs-opened': opened, 'crenel-pairs-closed': closed, link };
}

function countText({ pairs, exposed }: Totals): string {
  return `${pairs.certain};perhaps=${pairs.perhaps};exposed=${exposed.certain};exposed-perhaps=${exposed.perhaps}`;
}
