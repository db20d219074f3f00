/** One tag. Keys are unique within a record; tags are kept sorted by key. */
export type Tag = { readonly key: string; readonly value: string };
export type Tags = readonly Tag[];

/** The value of a tag, or undefined. */
export function tagValue(tags: Tags, key: string): string | undefined {
  return tags.find((tag) => tag.key === key)?.value;
}

/** Tags in canonical order. */
export function sortTags(tags: Tags): Tags {
  return tags.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
