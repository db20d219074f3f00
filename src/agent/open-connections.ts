import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { type Address, formatAddress, ipv4, ipv6 } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { isExempt } from '../core/policy/exempt.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { getRecord } from '../core/model/world.ts';
import { type Eni, eniOwns } from '../core/model/eni.ts';
import type { Command } from '../nft/command.ts';
import { earlierSet, MOST_EARLIER } from '../nft/earlier-chains.ts';
import { holderOf } from '../nft/past.ts';
import type { Ruleset } from '../nft/ruleset.ts';
import type { Wiring } from '../nft/wiring.ts';
import { runProgram } from './run-program.ts';
import { type Connection, openingOf } from './self-check.ts';

/** The kernel's numbers for the state of a socket (linux/net/tcp_states.h). */
const LISTENS = 10;
/** Established, or one end has said that it is done: there may still be something to say. */
const LIVES: ReadonlySet<number> = new Set([1, 4, 5, 8, 9, 11]);

/**
 * The TCP connections that stand in `/proc/net/tcp` and `/proc/net/tcp6`. Those to a port on which the machine listens were opened by the
 * other end. Lines that are none are passed over.
 */
export function connectionsIn(text: string): readonly Connection[] {
  const sockets = text.split('\n').flatMap((line) => socketIn(line) ?? []);
  const listening = new Set(sockets.filter(({ state }) => state === LISTENS).map(({ ownPort }) => ownPort));
  return sockets
    .filter(({ state }) => LIVES.has(state))
    .map(({ own, ownPort, peer, peerPort }) => {
      const direction = listening.has(ownPort) ? 'ingress' : 'egress';
      return { direction, own, ownPort, peer, peerPort };
    });
}

type Socket = Omit<Connection, 'direction'> & { readonly state: number };

const LINE = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) /u;

function socketIn(line: string): Socket | undefined {
  const [, here = '', ownPort = '', there = '', peerPort = '', state = ''] = LINE.exec(line) ?? [];
  const [own, peer] = [addressIn(here), addressIn(there)];
  if (own === undefined || peer === undefined) return undefined;
  const [a, b, c] = [ownPort, peerPort, state].map((digits) => Number.parseInt(digits, 16));
  return { own, ownPort: a ?? 0, peer, peerPort: b ?? 0, state: c ?? 0 };
}

/** Words of 32 bits, each in the machine's own order of bytes. */
function addressIn(digits: string): Address | undefined {
  const words = (digits.match(/.{8}/gu) ?? []).map((word) =>
    endianness() === 'LE' ? Buffer.from(word, 'hex').readUInt32LE() : Number.parseInt(word, 16),
  );
  const [w0, w1, w2, w3] = words;
  if (w0 === undefined) return undefined;
  if (digits.length === 8) return ipv4(w0);
  if (w1 === undefined || w2 === undefined || w3 === undefined || digits.length !== 32) return undefined;
  // An IPv6 socket that speaks IPv4 (RFC 4291, 2.5.5.2).
  return w0 === 0 && w1 === 0 && w2 === 0xffff ? ipv4(w3) : ipv6([w0, w1, w2, w3]);
}

/**
 * What keeps connections alive that were open before a machine's first rules: those that the rules would let begin now and would remember, and those to
 * services that are never filtered. All others have to live by the rules as they are.
 */
export function earlierCommands(
  connections: readonly Connection[],
  { view, wiring, ruleset }: { readonly view: HostView; readonly wiring: Wiring; readonly ruleset: Ruleset },
): readonly Command[] {
  const [id] = wiring.enis.keys();
  const eni = id === undefined ? undefined : getRecord(view.world, 'enis', id);
  if (eni === undefined || wiring.mode !== 'local') return [];
  const kept = connections
    .filter(({ own }) => eniOwns(eni, own))
    .slice(0, MOST_EARLIER)
    .filter((one) => goesToService(view, eni, one) || openingOf(ruleset, wiring, one) === 'tracked');
  return [...Map.groupBy(kept, ({ own }) => own.family)].flatMap(([family, ofFamily]): readonly Command[] => {
    const set = ruleset.sets.get(earlierSet(family));
    if (set === undefined) return [];
    const elements = new Map(ofFamily.map((one) => [`${holderOf(eni)} . ${keyOf(one)}`, ''] as const));
    return [{ kind: 'add-elements', set, content: { kind: 'texts', elements } }];
  });
}

/**
 * Only answers of a service are never filtered, and connection tracking takes what it says for a beginning where it speaks first on a connection that
 * nobody saw begin.
 */
function goesToService({ world }: HostView, { subnetId, vpcId }: Eni, { direction, peer }: Connection): boolean {
  return (
    direction === 'egress' && isExempt(peer, getRecord(world, 'subnets', subnetId), getRecord(world, 'vpcs', vpcId))
  );
}

function keyOf({ own, ownPort, peer, peerPort }: Connection): string {
  return [formatAddress(own), ownPort, formatAddress(peer), peerPort].join(' . ');
}

/** Reads the TCP connections of a network namespace, this process's own when no name is given. */
export async function readConnections(namespace?: string): Promise<Result<readonly Connection[]>> {
  const files = ['/proc/net/tcp', '/proc/net/tcp6'];
  try {
    if (namespace === undefined) {
      const texts = await Promise.all(files.map(async (file) => await readFile(file, 'utf8')));
      return ok(connectionsIn(texts.join('\n')));
    }
    const ran = await runProgram(['ip', 'netns', 'exec', namespace, 'cat', ...files]);
    if (!ran.ok || ran.value.code !== 0) return fail(`the connections of namespace ${namespace} cannot be read`);
    return ok(connectionsIn(ran.value.stdout));
  } catch (error) {
    return fail(`open connections cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
