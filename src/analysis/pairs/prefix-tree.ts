import { type Address, compareAddresses, type Family } from '../../core/net/address.ts';
import {
  anyCidr,
  type Cidr,
  cidrContains,
  cidrCovers,
  compareCidrs,
  formatCidr,
  lastAddress,
  sameCidr,
} from '../../core/net/cidr.ts';
import { type AddressSpace, spaceOf, subtractSpaces } from '../address-space.ts';

/** A node of a prefix tree, by its place in `PrefixTree.cidrs`; the root, 0, is the whole family. */
export type NodeId = number;

/**
 * Prefixes of one family, each once, each under the longest one around it. The nodes are the classes of addresses: two addresses with the
 * same longest prefix are in the same prefixes.
 */
export class PrefixTree {
  readonly family: Family;
  /** By base, then length: a prefix stands before those inside it. */
  readonly cidrs: readonly Cidr[];
  /** The node around each node; −1 for the root. */
  readonly parents: Int32Array;
  /** The first word of each node's first address, side by side for look-ups. */
  readonly #firstWords: Uint32Array;
  readonly #byKey = new Map<number | string, NodeId>();
  readonly #remainders: AddressSpace[] = [];
  #children: readonly (readonly Cidr[])[] | undefined;

  constructor(family: Family, prefixes: Iterable<Cidr>) {
    this.family = family;
    const sorted = [anyCidr(family), ...fewerOf(prefixes, family)].toSorted(compareCidrs);
    this.cidrs = sorted.filter((one, at) => at === 0 || !sameCidr(sorted[at - 1] ?? one, one));
    this.parents = new Int32Array(this.cidrs.length).fill(-1);
    this.#firstWords = Uint32Array.from(this.cidrs, ({ base }) => base.w0);
    const open: NodeId[] = [];
    for (const [node, cidr] of this.cidrs.entries()) {
      while (open.length > 0 && !cidrCovers(this.#cidr(open.at(-1) ?? 0), cidr)) open.pop();
      this.parents[node] = open.at(-1) ?? -1;
      open.push(node);
      this.#byKey.set(keyOf(cidr), node);
    }
  }

  /** The longest prefix that holds an address of the family. */
  nodeOf(address: Address): NodeId {
    let node = this.#lastBefore(address);
    while (node > 0 && !cidrContains(this.#cidr(node), address)) node = this.parents[node] ?? 0;
    return node;
  }

  /** The longest prefix that holds all of a prefix of the family. */
  around(cidr: Cidr): NodeId {
    let node = this.nodeOf(cidr.base);
    while (node > 0 && !cidrCovers(this.#cidr(node), cidr)) node = this.parents[node] ?? 0;
    return node;
  }

  /** The prefixes inside a prefix of the family, itself included. */
  within(cidr: Cidr): readonly NodeId[] {
    const nodes: NodeId[] = [];
    let node = this.#lastBefore(cidr.base);
    while (node > 0 && cidrCovers(cidr, this.#cidr(node - 1))) node -= 1;
    for (; node < this.cidrs.length && compareAddresses(this.#cidr(node).base, lastAddress(cidr)) <= 0; node += 1)
      if (cidrCovers(cidr, this.#cidr(node))) nodes.push(node);
    return nodes;
  }

  /** The node of a prefix of the tree; undefined for one that it was not made of. */
  nodeFor(cidr: Cidr): NodeId | undefined {
    return cidr.family === this.family ? this.#byKey.get(keyOf(cidr)) : undefined;
  }

  /** The addresses in a node and in none of the nodes inside it. */
  remainder(node: NodeId): AddressSpace {
    let known = this.#remainders[node];
    if (known === undefined) {
      this.#children ??= this.#childrenByNode();
      known = subtractSpaces([this.#cidr(node)], spaceOf(this.#children[node] ?? []));
      this.#remainders[node] = known;
    }
    return known;
  }

  #childrenByNode(): readonly (readonly Cidr[])[] {
    const children: Cidr[][] = this.cidrs.map(() => []);
    for (const [node, cidr] of this.cidrs.entries()) children[this.parents[node] ?? -1]?.push(cidr);
    return children;
  }

  /** The last node whose prefix begins at or before an address. */
  #lastBefore(address: Address): NodeId {
    let low = 0;
    let high = this.cidrs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.#firstWords[middle] ?? 0;
      if (first < address.w0 || (first === address.w0 && compareAddresses(this.#cidr(middle).base, address) <= 0))
        low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #cidr(node: NodeId): Cidr {
    return this.cidrs[node] ?? anyCidr(this.family);
  }
}

/** The prefixes of a family; where it is quick to tell each once, as rules name few prefixes many times. */
function fewerOf(prefixes: Iterable<Cidr>, family: Family): Iterable<Cidr> {
  const known = new Map<number | string, Cidr>();
  const others: Cidr[] = [];
  for (const one of prefixes) {
    if (one.family !== family) continue;
    if (family === 'ipv4') known.set(keyOf(one), one);
    else others.push(one);
  }
  return family === 'ipv4' ? known.values() : others;
}

/** What tells prefixes of one family apart; a number where it fits into one. */
function keyOf(cidr: Cidr): number | string {
  return cidr.family === 'ipv4' && cidr.base.within === undefined ? cidr.base.w0 * 64 + cidr.length : formatCidr(cidr);
}
