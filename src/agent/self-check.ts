import { type Address, formatAddress } from '../core/net/address.ts';
import type { Transport } from '../core/net/traffic.ts';
import { listRecords } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { layout } from '../nft/layout.ts';
import { LOCAL_HOOKS } from '../nft/local-hooks.ts';
import { trace } from '../nft/trace.ts';
import type { Wiring } from '../nft/wiring.ts';

/** A connection without which nobody could put a mistake right: this machine's to its server, or somebody's to this machine. */
export type Need = {
  readonly what: string;
  readonly direction: 'egress' | 'ingress';
  readonly peer: Address;
  readonly port: number;
};

/**
 * The needs that new rules would not let begin, found by running the ruleset itself before the kernel gets it. A machine that is its own
 * instance asks this of every view: what cuts it off would also keep the view away that repairs it.
 */
export function cutOff(view: HostView, wiring: Wiring, needs: readonly Need[]): readonly Need[] {
  if (wiring.mode !== 'local') return [];
  const [attached] = wiring.enis;
  if (attached === undefined) return needs;
  const [id, { device }] = attached;
  const eni = [...listRecords(view.world, 'enis')].find((one) => one.id === id);
  const { ruleset } = layout(view, wiring);
  return needs.filter(({ direction, peer, port }) => {
    const own = eni?.addresses.find(({ address }) => address.family === peer.family)?.address;
    if (own === undefined) return true;
    const transport: Transport = { kind: 'tcp', sourcePort: 50_000, destinationPort: port };
    const [source, destination] = direction === 'egress' ? [own, peer] : [peer, own];
    const through = direction === 'egress' ? { oifname: device } : { iifname: device };
    const connection = { direction: 'original', mark: 0, isRelated: false } as const;
    const frame = { ...through, source, destination, transport, opens: true, connection };
    return trace(ruleset, LOCAL_HOOKS[direction], { frame, memory: new Map() }).verdict === 'drop';
  });
}

/** What a person reads of a need. */
export function needText({ what, direction, peer, port }: Need): string {
  return `${what} (tcp/${port} ${direction === 'egress' ? 'to' : 'from'} ${formatAddress(peer)})`;
}
