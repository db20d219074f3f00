// Access scopes against the definition, packet by packet: a finding holds a packet exactly where it is allowed, matched and not excluded; and against all
// pairs, one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, formatAddress, parseAddress } from '../../src/core/net/address.ts';
import { cidrContains, parseCidr } from '../../src/core/net/cidr.ts';
import { interval, setHas } from '../../src/core/net/interval-set.ts';
import { packetOf } from '../../src/core/net/packet.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import type { Kind } from '../../src/core/model/records.ts';
import { getRecord, indexedId, listRecords, type World } from '../../src/core/model/world.ts';
import { evaluate, type Verdict } from '../../src/core/policy/evaluate.ts';
import { isInternetRoutable } from '../../src/core/policy/exempt.ts';
import { answerScope, type ScopeFinding } from '../../src/analysis/insights/scope-answer.ts';
import type {
  Resources,
  ScopeEnd,
  ScopeHeader,
  ScopePath,
  ScopeQuestion,
} from '../../src/analysis/insights/scope-question.ts';
import { ordinaryEnis } from '../../src/analysis/place.ts';
import { Random } from '../../bench/random.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { oneByOne } from './one-by-one-scope.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const PORTS = [22, 80, 443, 5432, 33_000] as const;
const SENDERS = [443, 1024, 40_000, 65_535] as const;
const OUTSIDE: readonly Address[] = ['8.8.8.8', '203.0.113.12', '2600::1'].map((text) => expectOk(parseAddress(text)));
const CIDRS = ['8.0.0.0/6', '203.0.113.0/28', '10.0.0.0/16', '10.0.1.0/25', '2600::/12', '0.0.0.0/1'];

type End = { readonly eni?: Eni; readonly address: Address };
type Traffic = { readonly protocol: 'tcp' | 'udp'; readonly sourcePort: number; readonly destinationPort: number };

const seen = { inside: 0, outside: 0, excluded: 0 };

test('a finding holds a packet exactly where it is allowed, matched and not excluded', () => {
  for (let seed = 1; seed <= checks(20); seed += 1)
    for (const world of [compactWorld(randomWorld(seed)), compactWorld(wornWorld(seed))]) holds(world, seed);
  assert.ok(seen.inside > 40 && seen.outside > 100 && seen.excluded > 10, JSON.stringify(seen));
});

test('what rows find is what is found one pair after another', () => {
  const counts = { findings: 0, open: 0, empty: 0, through: 0 };
  for (let seed = 1; seed <= checks(12); seed += 1)
    for (const world of [compactWorld(randomWorld(seed + 500)), compactWorld(wornWorld(seed + 500))]) {
      const random = new Random(seed);
      for (let turn = 0; turn < 3; turn += 1) {
        const question = questionOf(world, random);
        const answer = answerScope(world, question, { findings: 1_000_000, prefixes: 100_000 });
        assert.ok(answer.outcome === 'done' && !answer.isCut);
        const expected = oneByOne(world, question);
        const lines = answer.findings.map(lineOf).toSorted();
        const odd = lines.find((line, at) => line !== expected.lines[at]) ?? expected.lines[lines.length];
        assert.equal(odd, undefined, `${seed} ${JSON.stringify(question)}`);
        assert.equal(answer.unknowns.length > 0, expected.isOpen, `${seed} ${JSON.stringify(question)}`);
        const cut = answerScope(world, question, { findings: 5, prefixes: 100_000 });
        assert.ok(cut.outcome === 'done' && cut.isCut === lines.length > 5);
        assert.deepEqual(cut.findings, answer.findings.slice(0, 5));
        counts.findings += lines.length;
        counts.open += Number(expected.isOpen);
        counts.empty += Number(lines.length === 0);
        counts.through += Number([...question.match, ...question.exclude].some(({ through }) => through.length > 0));
      }
    }
  assert.ok(
    counts.findings > 500 && counts.open > 5 && counts.empty > 5 && counts.through > 10,
    JSON.stringify(counts),
  );
});

function endText(place: ScopeFinding['way']['source']): string {
  return place.kind === 'interface' ? place.eni : 'outside';
}

function lineOf({ way, protocol, sources, destinations }: ScopeFinding): string {
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  const ports = hasPorts ? `${way.destinationPorts.flat().join()} ${way.sourcePorts.flat().join()}` : '';
  return JSON.stringify([
    `${endText(way.source)} ${endText(way.destination)} ${protocol} ${ports}`,
    sources,
    destinations,
  ]);
}

function questionOf(world: World, random: Random): ScopeQuestion {
  return {
    match: Array.from({ length: random.between(1, 2) }, () => pathOf(world, random)),
    exclude: Array.from({ length: random.below(3) }, () => pathOf(world, random)),
  };
}

function holds(world: World, seed: number): void {
  const random = new Random(seed);
  const question = questionOf(world, random);
  const answer = answerScope(world, question, { findings: 100_000, prefixes: 100_000 });
  assert.equal(answer.outcome, 'done');
  const ends: readonly End[] = [
    ...ordinaryEnis(world).flatMap((eni) => eni.addresses.map(({ address }) => ({ eni, address }))),
    ...OUTSIDE.filter((address) => isOutside(world, address)).map((address) => ({ address })),
  ];
  for (let turn = 0; turn < 60; turn += 1) {
    const [from, to] = [random.below(ends.length), random.below(ends.length)].map((at) => ends[at]);
    if (from === undefined || to === undefined || from.address.family !== to.address.family) continue;
    if (from.eni === undefined ? to.eni === undefined : from.eni.id === to.eni?.id) continue;
    for (const traffic of traffics(random)) {
      const found: number = answer.findings.filter((finding) => has(finding, from, to, traffic)).length;
      const expected = expectedOf(world, question, { from, to, traffic });
      const label: string = `${seed} ${formatAddress(from.address)} to ${formatAddress(to.address)} ${JSON.stringify(traffic)} of ${JSON.stringify(question)}`;
      assert.equal(found, expected ? 1 : 0, label);
      seen[expected ? 'inside' : 'outside'] += 1;
    }
  }
}

function traffics(random: Random): readonly Traffic[] {
  return [0, 1, 2].map(() => ({
    protocol: random.chance(0.3) ? 'udp' : 'tcp',
    sourcePort: SENDERS[random.below(SENDERS.length)] ?? 443,
    destinationPort: PORTS[random.below(PORTS.length)] ?? 22,
  }));
}

function isOutside(world: World, address: Address): boolean {
  const text = formatAddress(address);
  return (
    isInternetRoutable(address) &&
    indexedId(world, 'enisByPublicAddress', text) === undefined &&
    indexedId(world, 'natGatewaysByAddress', text) === undefined &&
    ![...listRecords(world, 'vpcs')].some(({ cidrs }) =>
      cidrs.some((cidr) => cidr.family === address.family && cidrContains(cidr, address)),
    )
  );
}

function pathOf(world: World, random: Random): ScopePath {
  const through: Resources[] = random.chance(0.2)
    ? [{ ids: [], kinds: [(['natGateways', 'internetGateways', 'peerings'] as const)[random.below(3)] ?? 'peerings'] }]
    : [];
  return { source: endOf(world, random), destination: endOf(world, random), through };
}

function endOf(world: World, random: Random): ScopeEnd {
  const enis = ordinaryEnis(world);
  const eni = enis[random.below(enis.length)];
  const kinds: readonly Kind[] = [
    (['enis', 'internetGateways', 'instances', 'groups'] as const)[random.below(4)] ?? 'enis',
  ];
  const ids = [eni?.id, eni?.subnetId, eni?.vpcId, eni?.groups[0]].flatMap((id) => id ?? []);
  const some = ids[random.below(ids.length)];
  return {
    ...(random.chance(0.4)
      ? {}
      : { resources: random.chance(0.6) || some === undefined ? { ids: [], kinds } : { ids: [some], kinds: [] } }),
    ...(random.chance(0.5) ? {} : { header: headerOf(random) }),
  };
}

function headerOf(random: Random): ScopeHeader {
  const space = (): NonNullable<ScopeHeader['sources']> => ({
    lists: [],
    cidrs: [expectOk(parseCidr(CIDRS[random.below(CIDRS.length)] ?? '0.0.0.0/1'))],
  });
  return {
    ...(random.chance(0.2) ? { sources: space() } : {}),
    ...(random.chance(0.2) ? { destinations: space() } : {}),
    ...(random.chance(0.25) ? { sourcePorts: interval(1024, 50_000) } : {}),
    ...(random.chance(0.4) ? { destinationPorts: interval(22, random.chance(0.5) ? 443 : 22) } : {}),
    ...(random.chance(0.25) ? { protocols: ['tcp'] } : {}),
  };
}

function has({ way, protocol, sources, destinations }: ScopeFinding, from: End, to: End, traffic: Traffic): boolean {
  const isEnd = (place: ScopeFinding['way']['source'], texts: readonly string[], end: End): boolean =>
    (place.kind === 'interface' ? place.eni : undefined) === end.eni?.id &&
    texts.some((text) => {
      const cidr = parseCidr(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
      return cidr.ok && cidr.value.family === end.address.family && cidrContains(cidr.value, end.address);
    });
  return (
    protocol === traffic.protocol &&
    isEnd(way.source, sources, from) &&
    isEnd(way.destination, destinations, to) &&
    setHas(way.destinationPorts.flat(), traffic.destinationPort) &&
    setHas(way.sourcePorts.flat(), traffic.sourcePort)
  );
}

type Asked = { readonly from: End; readonly to: End; readonly traffic: Traffic };

function expectedOf(world: World, { match, exclude }: ScopeQuestion, { from, to, traffic }: Asked): boolean {
  const seenAs = to.eni?.addresses.find(({ address }) => formatAddress(address) === formatAddress(to.address))?.public
    ?.address;
  const target = from.eni === undefined && to.address.family === 'ipv4' ? seenAs : to.address;
  if (target === undefined) return false;
  const { protocol: kind, ...ports } = traffic;
  const packet = expectOk(packetOf(from.address, target, { kind, ...ports }));
  const verdict = evaluate(
    world,
    from.eni === undefined ? { kind: 'internet' } : { kind: 'eni', eni: from.eni },
    packet,
  );
  const { end } = verdict.path;
  if (verdict.outcome !== 'allow' || (to.eni !== undefined && end.kind === 'eni' && end.eni.id !== to.eni.id))
    return false;
  const asked = { from, to, traffic };
  const isMatched = match.some((path) => meets(world, path, { verdict, asked, isExclude: false }));
  const isExcluded = exclude.some((path) => meets(world, path, { verdict, asked, isExclude: true }));
  if (isMatched && isExcluded) seen.excluded += 1;
  return isMatched && !isExcluded;
}

function idsOf({ eni }: End, gateway: string | undefined): readonly string[] {
  return eni === undefined
    ? [gateway ?? '']
    : [eni.id, eni.attachment?.instanceId ?? '', eni.subnetId, eni.vpcId, ...eni.groups];
}

type Look = { readonly verdict: Verdict; readonly asked: Asked; readonly isExclude: boolean };

function meets(world: World, path: ScopePath, { verdict, asked, isExclude }: Look): boolean {
  const { forward, end, translations } = verdict.path;
  const gateways = forward.flatMap((gate) => (gate.stage === 'gateway' ? [gate.resource] : []));
  const outward = gateways.filter(
    (id) =>
      id !== '' &&
      (getRecord(world, 'internetGateways', id) ?? getRecord(world, 'egressOnlyGateways', id)) !== undefined,
  );
  const [first] = forward;
  const last = end.kind === 'internet' ? end : forward.at(-1);
  if (first === undefined || last === undefined) return false;
  const isOne = (resources: Resources | undefined, ids: readonly string[]): boolean =>
    resources === undefined ||
    ids.some(
      (id) =>
        id !== '' &&
        (resources.ids.includes(id) || resources.kinds.some((kind) => getRecord(world, kind, id) !== undefined)),
    );
  return (
    isOne(path.source.resources, idsOf(asked.from, outward[0])) &&
    isOne(path.destination.resources, idsOf(asked.to, outward.at(-1))) &&
    path.through.every((one) => isOne(one, gateways)) &&
    isHeader(path.source.header, first, { ...asked.traffic, isNatted: false, isExclude }) &&
    isHeader(path.destination.header, last, { ...asked.traffic, isNatted: translations.length > 0, isExclude })
  );
}

function isIn(space: ScopeHeader['sources'], address: Address): boolean {
  return (
    space === undefined || space.cidrs.some((cidr) => cidr.family === address.family && cidrContains(cidr, address))
  );
}

function isHeader(
  header: ScopeHeader | undefined,
  at: { readonly source: Address; readonly destination: Address },
  packet: Traffic & { readonly isNatted: boolean; readonly isExclude: boolean },
): boolean {
  if (header === undefined) return true;
  // The only range that is drawn overlaps with what a NAT gateway sends from, and is not all of it.
  const isFrom =
    header.sourcePorts === undefined ||
    (packet.isNatted ? !packet.isExclude : setHas(header.sourcePorts, packet.sourcePort));
  return (
    isIn(header.sources, at.source) &&
    isIn(header.destinations, at.destination) &&
    isFrom &&
    (header.destinationPorts === undefined || setHas(header.destinationPorts, packet.destinationPort)) &&
    (header.protocols === undefined || header.protocols.includes(packet.protocol))
  );
}
