import type { Tags } from '../core/model/tag.ts';

/** A JSON object under construction; members that are undefined are left out when it is printed. */
export type Shape = { readonly [member: string]: unknown };

/** Tags as AWS prints them. */
export function tagShapes(tags: Tags): readonly Shape[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}
