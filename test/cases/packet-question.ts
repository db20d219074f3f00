import { type Family, parseAddress } from '../../src/core/net/address.ts';
import { type Packet, packetOf } from '../../src/core/net/packet.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import type { Origin } from '../../src/core/policy/path.ts';
import { firstAddress } from '../compact.ts';

/** The `packet` of a case: who sends what to whom. */
export type PacketQuestion = {
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly source?: string;
  readonly sourcePort?: number;
  readonly family?: Family;
};

/** The engine's form of a question. */
export function packetQuestion(
  world: World,
  question: PacketQuestion,
): { readonly origin: Origin; readonly packet: Packet } {
  const family = question.family ?? 'ipv4';
  const destination = endAddress(world, question.to, family);
  const origin = originOf(world, question.from);
  const own = origin.kind === 'eni' ? undefined : expectOk(parseAddress(question.from.slice('internet:'.length)));
  const source =
    question.source === undefined
      ? (own ?? endAddress(world, question.from, destination.family))
      : expectOk(parseAddress(question.source));
  return {
    origin,
    packet: expectOk(packetOf(source, destination, packetTransport(question.traffic, question.sourcePort ?? 50_000))),
  };
}

/** Where a `from` of the case format starts. */
export function originOf(world: World, from: string): Origin {
  if (from.startsWith('internet:')) return { kind: 'internet' };
  const eni = getRecord(world, 'enis', from);
  if (eni === undefined) throw new Error(`no ENI ${from} in the case's world`);
  return { kind: 'eni', eni };
}

/** The transport of one packet in the words of the case format. */
export function packetTransport(text: string, sourcePort: number): Transport {
  const [word = '', first = '', second = '0'] = text.split('/');
  if (word === 'tcp' || word === 'udp') return { kind: word, sourcePort, destinationPort: Number(first) };
  if (word === 'icmp' || word === 'icmpv6') return { kind: word, type: Number(first), code: Number(second) };
  if (word === 'protocol') return { kind: 'protocol', protocol: Number(first) };
  throw new Error(`packet traffic ${JSON.stringify(text)} is not one of the case format`);
}

function endAddress(world: World, text: string, family: Family): ReturnType<typeof firstAddress> {
  const parsed = parseAddress(text);
  if (parsed.ok) return parsed.value;
  const eni = getRecord(world, 'enis', text);
  if (eni === undefined) throw new Error(`no ENI ${text} in the case's world`);
  return firstAddress(eni, family);
}
