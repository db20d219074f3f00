import { type Address, formatAddress } from '../core/net/address.ts';
import type { Transport } from '../core/net/traffic.ts';
import type { Direction } from '../core/model/security-group.ts';
import { getRecord } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { layout } from '../nft/layout.ts';
import { LOCAL_HOOKS } from '../nft/local-hooks.ts';
import { type Ruleset, TRACKED_AT_RECEIVER, TRACKED_AT_SENDER } from '../nft/ruleset.ts';
import { trace } from '../nft/trace.ts';
import type { Wiring } from '../nft/wiring.ts';

/** A connection without which nobody could put a mistake right: this machine's to its server, or somebody's to this machine. */
export type Need = {
  readonly what: string;
  readonly direction: Direction;
  readonly peer: Address;
  readonly port: number;
};

/** A TCP connection of a machine that is itself the instance; `direction` is that of its first packet. */
export type Connection = {
  readonly direction: Direction;
  readonly own: Address;
  readonly ownPort: number;
  readonly peer: Address;
  readonly peerPort: number;
};

/** The port of whoever opens a connection; rules do not read it. */
const SOME_PORT = 50_000;

/**
 * The needs that new rules would not let begin or be answered, found by running the ruleset itself before the kernel gets it. A machine that is
 * its own instance asks this of every view: what cuts it off would also keep the view away that repairs it.
 */
export function cutOff(view: HostView, wiring: Wiring, needs: readonly Need[]): readonly Need[] {
  if (wiring.mode !== 'local' || needs.length === 0) return [];
  const [id] = wiring.enis.keys();
  const eni = id === undefined ? undefined : getRecord(view.world, 'enis', id);
  if (eni === undefined) return needs;
  const { ruleset } = layout(view, wiring);
  return needs.filter(({ direction, peer, port }) => {
    const own = eni.addresses.find(({ address }) => address.family === peer.family)?.address;
    if (own === undefined) return true;
    const [ownPort, peerPort] = direction === 'egress' ? [SOME_PORT, port] : [port, SOME_PORT];
    return openingOf(ruleset, wiring, { direction, own, ownPort, peer, peerPort }) === 'refused';
  });
}

/**
 * What rules say to a connection if it began now. `tracked`: its answers pass because it is remembered; `untracked`: because a rule admits them.
 */
export function openingOf(
  ruleset: Ruleset,
  wiring: Wiring,
  { direction, own, ownPort, peer, peerPort }: Connection,
): 'tracked' | 'untracked' | 'refused' {
  const [device = ''] = [...wiring.enis.values()].map((one) => one.device);
  const isOut = direction === 'egress';
  const [from, to] = isOut ? [own, peer] : [peer, own];
  const [sourcePort, destinationPort] = isOut ? [ownPort, peerPort] : [peerPort, ownPort];
  const asked: Transport = { kind: 'tcp', sourcePort, destinationPort };
  const answer: Transport = { kind: 'tcp', sourcePort: destinationPort, destinationPort: sourcePort };
  const [out, into] = [{ oifname: device }, { iifname: device }];
  const first = trace(ruleset, LOCAL_HOOKS[direction], {
    frame: {
      ...(isOut ? out : into),
      source: from,
      destination: to,
      transport: asked,
      opens: true,
      connection: { direction: 'original', mark: 0, isRelated: false },
    },
    memory: new Map(),
  });
  if (first.verdict === 'drop') return 'refused';
  const second = trace(ruleset, LOCAL_HOOKS[isOut ? 'ingress' : 'egress'], {
    frame: {
      ...(isOut ? into : out),
      source: to,
      destination: from,
      transport: answer,
      opens: false,
      connection: { direction: 'reply', mark: first.connectionMark, isRelated: false },
    },
    memory: new Map(),
  });
  if (second.verdict === 'drop') return 'refused';
  const bits = first.connectionMark & (TRACKED_AT_SENDER | TRACKED_AT_RECEIVER);
  return bits === 0 ? 'untracked' : 'tracked';
}

/** What a person reads of a need. */
export function needText({ what, direction, peer, port }: Need): string {
  return `${what} (tcp/${port} ${direction === 'egress' ? 'to' : 'from'} ${formatAddress(peer)})`;
}
