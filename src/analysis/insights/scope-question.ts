import type { Cidr } from '../../core/net/cidr.ts';
import type { IntervalSet } from '../../core/net/interval-set.ts';
import type { Kind } from '../../core/model/records.ts';
import { getRecord, type World } from '../../core/model/world.ts';

/** Resources by id, or all of some kinds; any of them will do. */
export type Resources = { readonly ids: readonly string[]; readonly kinds: readonly Kind[] };

/** What a header is to be; absent members leave it open. Prefix lists stand for their entries. */
export type ScopeHeader = {
  readonly sources?: { readonly cidrs: readonly Cidr[]; readonly lists: readonly string[] };
  readonly destinations?: { readonly cidrs: readonly Cidr[]; readonly lists: readonly string[] };
  readonly sourcePorts?: IntervalSet;
  readonly destinationPorts?: IntervalSet;
  readonly protocols?: readonly ('tcp' | 'udp')[];
};

/** One end of the paths that are meant. */
export type ScopeEnd = { readonly resources?: Resources; readonly header?: ScopeHeader };

/** Paths by where they start and end and what they run through (API AccessScopePath). */
export type ScopePath = {
  readonly source: ScopeEnd;
  readonly destination: ScopeEnd;
  readonly through: readonly Resources[];
};

/** Which paths there are that match any of some and none of others. */
export type ScopeQuestion = { readonly match: readonly ScopePath[]; readonly exclude: readonly ScopePath[] };

/** The headers of a question with the entries of their prefix lists; the list that the world does not hold instead, if there is one. */
export function withEntries(world: World, question: ScopeQuestion): ScopeQuestion | { readonly missing: string } {
  let missing: string | undefined;
  const expanded = (given: ScopeHeader['sources']): ScopeHeader['sources'] => {
    if (given === undefined) return undefined;
    const cidrs = given.lists.flatMap((id) => {
      const entries = getRecord(world, 'prefixLists', id)?.entries;
      if (entries === undefined) missing ??= id;
      return (entries ?? []).map(({ cidr }) => cidr);
    });
    return { cidrs: [...given.cidrs, ...cidrs], lists: [] };
  };
  const end = ({ resources, header }: ScopeEnd): ScopeEnd => {
    if (header === undefined) return resources === undefined ? {} : { resources };
    const [sources, destinations] = [expanded(header.sources), expanded(header.destinations)];
    return {
      ...(resources === undefined ? {} : { resources }),
      header: {
        ...header,
        ...(sources === undefined ? {} : { sources }),
        ...(destinations === undefined ? {} : { destinations }),
      },
    };
  };
  const path = (one: ScopePath): ScopePath => ({ ...one, source: end(one.source), destination: end(one.destination) });
  const made = { match: question.match.map(path), exclude: question.exclude.map(path) };
  return missing === undefined ? made : { missing };
}

/** Every prefix that a question's headers name. */
export function prefixesOf({ match, exclude }: ScopeQuestion): readonly Cidr[] {
  return [...match, ...exclude].flatMap(({ source, destination }) =>
    [source, destination].flatMap(({ header }) => [
      ...(header?.sources?.cidrs ?? []),
      ...(header?.destinations?.cidrs ?? []),
    ]),
  );
}
