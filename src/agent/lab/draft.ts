import { formatAddress, type Address } from '../../core/net/address.ts';
import { type Thing, thingKey, type Topology } from './topology.ts';

/** The far end of every link between a router and a gateway, as the near end calls it: link-local, the same on every link. */
export const NEXT_HOP = { ipv4: '169.254.100.2', ipv6: 'fe80::100:2' } as const;

/** One end of a link. */
export type End = { readonly namespace: string; readonly device: string; readonly mac: string };

/** A topology in the making. All text in it comes from ids through hashes, from addresses and from numbers. */
export class TopologyDraft {
  readonly #things: Map<string, Thing> = new Map();
  readonly #sysctls: Map<string, readonly string[]> = new Map();
  readonly #rules: Map<string, string> = new Map();

  get topology(): Topology {
    return { things: this.#things, sysctls: this.#sysctls, gatewayRules: this.#rules };
  }

  thing(thing: Thing): void {
    this.#things.set(thingKey(thing), thing);
  }

  namespace(name: string, sysctls: readonly string[] = []): void {
    this.thing({ kind: 'namespace', namespace: name, add: `netns add ${name}`, remove: `netns delete ${name}` });
    this.thing({ kind: 'device', namespace: name, add: 'link set lo up' });
    this.#sysctls.set(name, sysctls);
  }

  gatewayRules(namespace: string, text: string): void {
    this.#rules.set(namespace, text);
  }

  /** A pair of devices, both up. */
  link(near: End, far: End): void {
    this.thing({
      kind: 'link',
      namespace: near.namespace,
      peerNamespace: far.namespace,
      add: `link add ${near.device} netns ${near.namespace} type veth peer name ${far.device} netns ${far.namespace}`,
      remove: `link delete ${near.device}`,
    });
    for (const { namespace, device, mac } of [near, far])
      this.thing({ kind: 'device', namespace, add: `link set ${device} address ${mac} up` });
  }

  /** A link to a gateway, over which each side sends to the other as its next hop. */
  gatewayLink(near: End, far: End): void {
    this.link(near, far);
    this.nextHop(near, far.mac);
    this.nextHop(far, near.mac);
  }

  /** Makes the next hop's address mean a hardware address on a device. */
  nextHop({ namespace, device }: Pick<End, 'namespace' | 'device'>, mac: string): void {
    for (const address of Object.values(NEXT_HOP)) this.neighbour({ namespace, device }, address, mac);
  }

  neighbour({ namespace, device }: Pick<End, 'namespace' | 'device'>, address: string, mac: string): void {
    const line = `${address} dev ${device}`;
    this.thing({
      kind: 'neighbour',
      namespace,
      add: `neigh replace ${line} lladdr ${mac} nud permanent`,
      remove: `neigh delete ${line}`,
    });
  }

  address(namespace: string, text: string): void {
    this.thing({
      kind: 'address',
      namespace,
      add: `address replace ${text}`,
      remove: `address delete ${text.replace(/ (?:nodad|noprefixroute)$/u, '')}`,
    });
  }

  route(namespace: string, line: string): void {
    this.thing({ kind: 'route', namespace, add: `route replace ${line}`, remove: `route delete ${line}` });
  }

  /** A rule of both families. */
  rule(namespace: string, line: string): void {
    this.thing({ kind: 'rule', namespace, add: `rule add ${line}`, remove: `rule delete ${line}` });
    this.thing({ kind: 'rule', namespace, family: 'ipv6', add: `rule add ${line}`, remove: `rule delete ${line}` });
  }
}

/** The words that send a destination over a link to its far end. */
export function viaLink(family: 'ipv4' | 'ipv6', device: string): string {
  return `via ${family === 'ipv6' ? '' : 'inet '}${NEXT_HOP[family]} dev ${device} onlink`;
}

/** An address as a prefix of itself. */
export function hostText(address: Address): string {
  return `${formatAddress(address)}/${address.family === 'ipv4' ? 32 : 128}`;
}
