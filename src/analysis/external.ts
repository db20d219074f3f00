import { type Address, offsetAddress } from '../core/net/address.ts';
import { type Cidr, cidrCovers, compareCidrs, formatCidr, hostCidr } from '../core/net/cidr.ts';
import type { Eni } from '../core/model/eni.ts';
import type { PrefixListId, VpcId } from '../core/model/ids.ts';
import type { Peer } from '../core/model/security-group.ts';
import { getRecord, indexedIds, type World } from '../core/model/world.ts';
import { EXEMPT_ADDRESSES, RESERVED_DESTINATIONS, RESOLVER_OFFSET } from '../core/policy/exempt.ts';
import { localPrefixes } from '../core/policy/route.ts';
import { type AddressSpace, intersectSpaces, sampleAddress, spaceOf, subtractSpaces } from './address-space.ts';

/** Addresses that no filter and no route of the asked paths tells apart, and one of them to ask with. */
export type AddressClass = { readonly space: AddressSpace; readonly sample: Address };

/**
 * Prefixes that decide about addresses, each with the conditions that name it. Two addresses under the same conditions get the same answer.
 * A prefix list is one condition however many entries it has, so that a long list does not make many classes.
 */
export class Prefixes {
  readonly #world: World;
  readonly #byText = new Map<string, { readonly cidr: Cidr; readonly conditions: Set<string> }>();
  readonly #vpcs = new Set<VpcId>();

  constructor(world: World) {
    this.#world = world;
    for (const address of EXEMPT_ADDRESSES) this.#add(hostCidr(address), 'exempt');
    for (const cidr of RESERVED_DESTINATIONS) this.#add(cidr, 'reserved');
  }

  /** What the rules of an interface's groups name. */
  addRulesOf(eni: Eni): void {
    for (const id of eni.groups) {
      for (const rule of getRecord(this.#world, 'groups', id)?.rules ?? []) this.#addPeer(rule.peer);
    }
  }

  /** What NACLs and routes name in a VPC and in those that peering connects to it, and the rules of interfaces that routes lead to. */
  addTopologyOf(vpcId: VpcId): void {
    if (this.#vpcs.has(vpcId)) return;
    this.#vpcs.add(vpcId);
    const world = this.#world;
    const vpc = getRecord(world, 'vpcs', vpcId);
    for (const cidr of vpc?.cidrs ?? []) this.#add(cidr, formatCidr(cidr));
    if (vpc === undefined)
      for (const { base } of localPrefixes(world, vpcId))
        this.#add(hostCidr(offsetAddress(base, RESOLVER_OFFSET)), 'resolver');
    for (const id of indexedIds(world, 'subnetsByVpc', vpcId)) {
      for (const cidr of getRecord(world, 'subnets', id)?.cidrs ?? []) this.#add(cidr, formatCidr(cidr));
    }
    for (const id of indexedIds(world, 'aclsByVpc', vpcId)) {
      for (const entry of getRecord(world, 'acls', id)?.entries ?? []) this.#add(entry.cidr, formatCidr(entry.cidr));
    }
    for (const id of indexedIds(world, 'routeTablesByVpc', vpcId)) this.#addRoutes(id);
    for (const id of indexedIds(world, 'peeringsByVpc', vpcId)) {
      const peering = getRecord(world, 'peerings', id);
      for (const side of peering === undefined ? [] : [peering.requester, peering.accepter]) {
        for (const cidr of side.cidrs) this.#add(cidr, formatCidr(cidr));
        this.addTopologyOf(side.vpcId);
      }
    }
  }

  /** The classes of a space under all conditions added so far. */
  classesOf(space: AddressSpace): readonly AddressClass[] {
    const merged = new Map<string, Cidr[]>();
    for (const { conditions, part } of this.#atoms(space)) {
      const key = [...conditions].toSorted().join('\n');
      const known = merged.get(key);
      if (known === undefined) merged.set(key, [...part]);
      else known.push(...part);
    }
    return [...merged.values()].flatMap((cidrs) => {
      const part = spaceOf(cidrs);
      const sample = sampleAddress(part);
      return sample === undefined ? [] : [{ space: part, sample }];
    });
  }

  /** The space cut along all prefixes: each prefix without those inside it. Prefixes are laminar, so these parts are disjoint. */
  *#atoms(space: AddressSpace): Generator<{ readonly conditions: ReadonlySet<string>; readonly part: AddressSpace }> {
    const nodes = prefixTree([...this.#byText.values()]);
    const tops = nodes.filter((node) => node.depth === 0).map((node) => node.cidr);
    const outside = subtractSpaces(space, spaceOf(tops));
    if (outside.length > 0) yield { conditions: new Set(), part: outside };
    for (const node of nodes) {
      const inside = intersectSpaces(space, [node.cidr]);
      const part = inside.length === 0 ? inside : subtractSpaces(inside, spaceOf(node.children));
      if (part.length > 0) yield { conditions: node.conditions, part };
    }
  }

  #addPeer(peer: Peer): void {
    if (peer.kind === 'cidr') this.#add(peer.cidr, formatCidr(peer.cidr));
    if (peer.kind === 'prefix-list') this.#addList(peer.prefixListId, () => peer.prefixListId);
  }

  #addList(id: PrefixListId, condition: (cidr: Cidr) => string): void {
    for (const { cidr } of getRecord(this.#world, 'prefixLists', id)?.entries ?? []) this.#add(cidr, condition(cidr));
  }

  #addRoutes(tableId: string): void {
    for (const { destination, target } of getRecord(this.#world, 'routeTables', tableId)?.routes ?? []) {
      if (destination.kind === 'cidr') this.#add(destination.cidr, formatCidr(destination.cidr));
      else this.#addList(destination.prefixListId, (cidr) => `${destination.prefixListId} route/${cidr.length}`);
      const appliance = target.kind === 'eni' ? getRecord(this.#world, 'enis', target.id) : undefined;
      if (appliance !== undefined) this.addRulesOf(appliance);
    }
  }

  #add(cidr: Cidr, condition: string): void {
    const text = formatCidr(cidr);
    const known = this.#byText.get(text);
    if (known === undefined) this.#byText.set(text, { cidr, conditions: new Set([condition]) });
    else known.conditions.add(condition);
  }
}

type Node = {
  readonly cidr: Cidr;
  /** Its own conditions and those of every prefix around it. */
  readonly conditions: ReadonlySet<string>;
  readonly children: Cidr[];
  readonly depth: number;
};

function prefixTree(
  prefixes: readonly { readonly cidr: Cidr; readonly conditions: ReadonlySet<string> }[],
): readonly Node[] {
  const nodes: Node[] = [];
  const open: Node[] = [];
  for (const { cidr, conditions } of prefixes.toSorted((a, b) => compareCidrs(a.cidr, b.cidr))) {
    while (open.length > 0 && !cidrCovers((open.at(-1) as Node).cidr, cidr)) open.pop();
    const around = open.at(-1);
    around?.children.push(cidr);
    const node: Node = {
      cidr,
      conditions: around === undefined ? conditions : new Set([...around.conditions, ...conditions]),
      children: [],
      depth: open.length,
    };
    nodes.push(node);
    open.push(node);
  }
  return nodes;
}
