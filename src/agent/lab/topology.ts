/** In the order in which things need one another. */
export const THING_KINDS = ['namespace', 'link', 'device', 'address', 'neighbour', 'route', 'rule'] as const;

/**
 * One thing that `ip` makes. Links are made from outside, everything else inside its namespace. `remove` is absent for what goes by itself
 * with its device or namespace.
 */
export type Thing = {
  readonly kind: (typeof THING_KINDS)[number];
  readonly namespace: string;
  /** A line of `ip -batch`. */
  readonly add: string;
  readonly remove?: string;
  /** Rules of IPv6 are made by another command than those of IPv4. */
  readonly family?: 'ipv6';
  /** A link's namespace at the other end. */
  readonly peerNamespace?: string;
};

/** Things by what they are, and rules of gateways by namespace, as nft text. */
export type Topology = {
  readonly things: ReadonlyMap<string, Thing>;
  readonly sysctls: ReadonlyMap<string, readonly string[]>;
  readonly gatewayRules: ReadonlyMap<string, string>;
};

export const EMPTY_TOPOLOGY: Topology = { things: new Map(), sysctls: new Map(), gatewayRules: new Map() };

/** What has to go and what has to come, each in the order in which it works. */
export type TopologyDelta = {
  readonly remove: readonly Thing[];
  readonly add: readonly Thing[];
  readonly gatewayRules: ReadonlyMap<string, string>;
};

/** The key of a thing: equal things are the same thing. */
export function thingKey({ namespace, add, family }: Thing): string {
  return `${namespace} ${family ?? ''} ${add}`;
}

/** What leads from one topology to another. What goes with its namespace is not removed by itself. */
export function topologyDelta(known: Topology, desired: Topology): TopologyDelta {
  const gone = [...known.things].filter(([key]) => !desired.things.has(key)).map(([, thing]) => thing);
  const doomed = new Set(gone.filter(({ kind }) => kind === 'namespace').map(({ namespace }) => namespace));
  const remove = gone.filter(
    ({ kind, namespace, peerNamespace }) =>
      kind === 'namespace' || !(doomed.has(namespace) || (peerNamespace !== undefined && doomed.has(peerNamespace))),
  );
  const add = [...desired.things].filter(([key]) => !known.things.has(key)).map(([, thing]) => thing);
  return {
    remove: remove.toSorted((a, b) => rank(b) - rank(a)),
    add: add.toSorted((a, b) => rank(a) - rank(b)),
    gatewayRules: new Map(
      [...desired.gatewayRules].filter(([namespace, text]) => known.gatewayRules.get(namespace) !== text),
    ),
  };
}

function rank({ kind }: Thing): number {
  return THING_KINDS.indexOf(kind);
}
