// A packet interpreter written from what AWS documents, sharing no code with the engines: one packet, hop by hop, and its answer.
import type { Compact } from '../compact-format.ts';
import type { PacketQuestion } from '../cases/packet-question.ts';
import { type Say, says } from './filters.ts';
import { ip, type Ip, same } from './ip.ts';
import { answer, hasPorts, type Load, load } from './traffic.ts';
import { type Arrival, type Header, type Step, Trip } from './trip.ts';

export type OracleVerdict = 'allow' | 'deny' | 'unknown';
export type OracleAnswer = {
  readonly verdict: OracleVerdict;
  readonly forward: OracleVerdict;
  readonly reply: OracleVerdict | 'none';
};

/** Both ways of a question as filters; `reply` is undefined where the packet ends at a service of the VPC or nowhere. */
export type Ways = {
  readonly bits: 32 | 128;
  readonly forward: readonly Step[];
  readonly reply: readonly Step[] | 'service' | 'nowhere';
  readonly ports: readonly number[];
};

/** The verdict on one packet of a compact world. */
export function oracleVerdict(world: Compact, question: PacketQuestion): OracleAnswer {
  const ways = oracleWays(world, question);
  const packet = load(question.traffic, question.sourcePort ?? 50_000);
  const forward = sum(ways.forward.map((step) => sayOf(ways, step, packet)));
  const due = answer(packet, ways.bits);
  if (due === undefined || ways.reply === 'nowhere') return { verdict: forward, forward, reply: 'none' };
  if (ways.reply === 'service') return { verdict: forward, forward, reply: 'allow' };
  const reply = sum(ways.reply.map((step) => sayOf(ways, step, due)));
  return { verdict: sum([forward, reply].map(sayAgain)), forward, reply };
}

/** The filters that the packets of a question meet, whatever they carry. */
export function oracleWays(world: Compact, question: PacketQuestion): Ways {
  const header = headerOf(world, question);
  const there = new Trip(world, { isReply: false, passed: [], hidden: [], back: undefined });
  if (question.from.startsWith('internet:')) there.comeIn(header);
  else there.start(question.from, header);
  const base = { bits: header.source.bits, forward: there.steps, ports: tellingPorts(world) };
  const { arrival } = there;
  if (arrival === undefined) return { ...base, reply: 'nowhere' };
  if (arrival.place.kind === 'service') return { ...base, reply: 'service' };
  const back = new Trip(world, {
    isReply: true,
    passed: there.visited,
    hidden: there.hidden,
    back: arrival.place.kind === 'internet' ? arrival.place.through : undefined,
  });
  const returned = { source: arrival.header.destination, destination: arrival.header.source };
  if (arrival.place.kind === 'eni') back.start(arrival.place.name, returned);
  else back.comeIn(returned);
  const home: Step = { filter: { kind: 'settled', say: 'deny' }, isHidden: false };
  return { ...base, reply: isHome(question.from, header, back.arrival) ? back.steps : [...back.steps, home] };
}

/** Before a NAT gateway on the way back, the packet goes to whichever port the gateway picked: certain only if all get the same. */
function sayOf({ bits, ports }: Ways, { filter, isHidden }: Step, packet: Load): Say {
  if (!isHidden || !hasPorts(packet)) return says(filter, packet, bits);
  const said = new Set(ports.map((port) => says(filter, { ...packet, first: port }, bits)));
  const [only] = said;
  return said.size === 1 && only !== undefined ? only : 'unknown';
}

/** Every port of 1024–65535 at which some rule or entry of the world begins or ends: between them nothing changes. */
function tellingPorts(world: Compact): readonly number[] {
  const texts = [...Object.values(world.groups ?? {}), ...Object.values(world.acls ?? {})].flatMap((one) => [
    ...(one.ingress ?? []),
    ...(one.egress ?? []),
  ]);
  const ends = texts.flatMap((text) => {
    const range = /(?:tcp|udp)\/(\d+)(?:-(\d+))?/.exec(text);
    return range === null ? [] : [Number(range[1]), Number(range[2] ?? range[1]) + 1];
  });
  return [1024, ...ends.filter((port) => port > 1024 && port <= 65_535)];
}

function sum(all: readonly Say[]): OracleVerdict {
  return all.includes('deny') ? 'deny' : all.includes('unknown') ? 'unknown' : 'allow';
}

function sayAgain(verdict: OracleVerdict): Say {
  return verdict === 'allow' ? 'pass' : verdict;
}

function isHome(from: string, sent: Header, arrival: Arrival | undefined): boolean {
  if (arrival === undefined) return true;
  const { place, header } = arrival;
  if (!same(header.source, sent.destination)) return false;
  if (place.kind === 'eni') return place.name === from;
  return from.startsWith('internet:') && place.kind === 'internet' && place.through === 'igw';
}

function headerOf(world: Compact, question: PacketQuestion): Header {
  const destination = addressOf(world, question.to, question.family ?? 'ipv4');
  const family = destination.bits === 32 ? 'ipv4' : 'ipv6';
  const outside = question.from.startsWith('internet:') ? ip(question.from.slice(9)) : undefined;
  const source =
    question.source === undefined ? (outside ?? addressOf(world, question.from, family)) : ip(question.source);
  return { source, destination };
}

function addressOf(world: Compact, text: string, family: 'ipv4' | 'ipv6'): Ip {
  const own = world.enis?.[text]?.addresses?.map(ip).find((one) => one.bits === (family === 'ipv4' ? 32 : 128));
  return own ?? ip(text);
}
