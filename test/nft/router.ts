// The kernel as the interpreter sees it: rulesets of all routers, with connections and dynamic sets, but without time.
import { formatAddress } from '../../src/core/net/address.ts';
import { formatTransport, replyTransport, type Transport } from '../../src/core/net/traffic.ts';
import type { VpcId } from '../../src/core/model/ids.ts';
import type { Layout } from '../../src/nft/layout.ts';
import { type Frame, trace, type Traced } from '../../src/nft/trace.ts';
import type { Leg, Plant } from './legs.ts';

type Crossing = {
  readonly leg: Leg;
  readonly transport: Transport;
  readonly opens: boolean;
  readonly mac?: string;
};

/** What became of a packet at a router. */
export type Crossed = { readonly verdict: 'accept' | 'drop'; readonly by: string; readonly traced: Traced };

export class Routers {
  readonly #plant: Plant;
  #layouts: ReadonlyMap<VpcId, Layout>;
  readonly #marks: Map<string, number> = new Map();
  readonly #memory: Map<VpcId, Map<string, Set<string>>> = new Map();

  constructor(plant: Plant, layouts: ReadonlyMap<VpcId, Layout>) {
    this.#plant = plant;
    this.#layouts = layouts;
  }

  /** Puts other rules in place; connections and sets stay. */
  load(layouts: ReadonlyMap<VpcId, Layout>): void {
    this.#layouts = layouts;
  }

  cross({ leg, transport, opens, mac }: Crossing): Crossed {
    const found = this.#layouts.get(leg.vpcId);
    if (found === undefined) throw new Error(`no router for ${leg.vpcId}`);
    const memory = this.#memory.get(leg.vpcId) ?? new Map<string, Set<string>>();
    this.#memory.set(leg.vpcId, memory);
    const attachment = [...this.#plant.devices.values()].find(({ device }) => device === leg.iif);
    const connection = this.#connectionOf(leg, transport);
    const frame: Frame = {
      iifname: leg.iif,
      etherSource: mac ?? attachment?.mac ?? '',
      source: leg.source,
      destination: leg.destination,
      transport,
      opens,
      connection,
    };
    const at = trace(found.ruleset, 'prerouting', { frame, memory });
    if (at.verdict === 'drop') return { verdict: 'drop', by: at.by, traced: at };
    const traced = trace(found.ruleset, 'forward', { frame: { ...frame, oifname: leg.oif }, memory });
    for (const { set, key } of traced.updates) {
      const keys = memory.get(set) ?? new Set<string>();
      memory.set(set, keys.add(key));
    }
    // A connection that never gets through leaves nothing.
    if (traced.verdict === 'accept' || connection.isKnown) this.#marks.set(connection.key, traced.connectionMark);
    return { verdict: traced.verdict, by: traced.by, traced };
  }

  #connectionOf(
    leg: Leg,
    transport: Transport,
  ): Required<Frame>['connection'] & { readonly key: string; readonly isKnown: boolean } {
    const [source, destination] = [formatAddress(leg.source), formatAddress(leg.destination)];
    const own = `${leg.vpcId} ${source} ${destination} ${tupleText(transport)}`;
    const answered = answerOf(transport);
    const other = answered === undefined ? '' : `${leg.vpcId} ${destination} ${source} ${tupleText(answered)}`;
    const isReply = !this.#marks.has(own) && this.#marks.has(other);
    const key = isReply ? other : own;
    return {
      direction: isReply ? 'reply' : 'original',
      mark: this.#marks.get(key) ?? 0,
      isRelated: false,
      key,
      isKnown: this.#marks.has(key),
    };
  }
}

function tupleText(transport: Transport): string {
  if (transport.kind === 'tcp' || transport.kind === 'udp')
    return `${formatTransport(transport)} ${transport.sourcePort}`;
  return formatTransport(transport);
}

/** The packet that this one answers, as its sender wrote it. */
function answerOf(transport: Transport): Transport | undefined {
  if (transport.kind === 'icmp') return transport.type === 0 ? { ...transport, type: 8 } : undefined;
  if (transport.kind === 'icmpv6') return transport.type === 129 ? { ...transport, type: 128 } : undefined;
  return replyTransport(transport) ?? transport;
}
