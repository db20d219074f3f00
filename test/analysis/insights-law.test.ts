// Paths of network insights against the definition: what is found, not found and not known, for ends, ports and filters of all kinds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, formatAddress, parseAddress, sameAddress } from '../../src/core/net/address.ts';
import { setHas } from '../../src/core/net/interval-set.ts';
import { packetOf } from '../../src/core/net/packet.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import { getRecord, indexedId, listRecords, type World } from '../../src/core/model/world.ts';
import { evaluate, type Verdict } from '../../src/core/policy/evaluate.ts';
import type { Origin } from '../../src/core/policy/path.ts';
import { planPath } from '../../src/core/policy/plan.ts';
import { reachOf } from '../../src/core/policy/reach.ts';
import { answerPath, type PathAnswer } from '../../src/analysis/insights/path-answer.ts';
import { headerAtEnd } from '../../src/analysis/insights/path-filters.ts';
import type { HeaderFilter, PathQuestion } from '../../src/analysis/insights/path-question.ts';
import { traversed } from '../../src/analysis/insights/traversed.ts';
import { ordinaryEnis } from '../../src/analysis/place.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const PORTS = [22, 53, 80, 443, 1024, 5432, 8080, 33_000, 65_535] as const;
const SENDERS = [0, 443, 1023, 1024, 32_767, 32_768, 50_000, 65_535] as const;
const OUTSIDE: readonly Address[] = ['8.8.8.8', '203.0.113.12', '192.0.2.77', '2600::1', '2001:db8:9::12'].map((text) =>
  expectOk(parseAddress(text)),
);

const seen = { found: 0, 'not-found': 0, unknown: 0, 'too-large': 0, filtered: 0, gateway: 0 };

/** Numbers below a bound, the same for a seed. */
function numbers(seed: number): (bound: number) => number {
  let state = seed * 2_654_435_761;
  return (bound) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % bound;
  };
}

test('between two interfaces a path is found exactly where something is reached for certain, and not known where perhaps', () => {
  for (let seed = 1; seed <= checks(60); seed += 1) {
    const random = compactWorld(randomWorld(seed));
    for (const world of [random, compactWorld(wornWorld(seed)), doubtfulWorld(random, seed)]) bySets(world, seed);
  }
  assert.ok(
    seen.found > 50 && seen['not-found'] > 50 && seen.unknown > 5 && seen['too-large'] === 0,
    JSON.stringify(seen),
  );
});

function bySets(world: World, seed: number): void {
  const draw = numbers(seed);
  const enis = ordinaryEnis(world);
  for (let turn = 0; turn < 12; turn += 1) {
    const [from, to] = [enis[draw(enis.length)], enis[draw(enis.length)]];
    if (from === undefined || to === undefined || from.id === to.id || from.prefixes.length + to.prefixes.length > 0)
      continue;
    const port = PORTS[draw(PORTS.length)] ?? 22;
    const protocol = draw(3) === 0 ? 'udp' : 'tcp';
    const question = questionOf(from.id, to.id, { protocol, atSource: { destinationPorts: { from: port, to: port } } });
    const answer = answerPath(world, question, 1000);
    seen[answer.outcome] += 1;
    assert.equal(
      answer.outcome,
      outcomeBySets(world, { from, to, protocol, port }),
      `${seed} ${from.id} ${to.id} ${protocol}/${port}`,
    );
    if (answer.outcome === 'not-found')
      assert.ok(answer.blockers.length + answer.missed.length > 0, 'nothing said of why');
    if (answer.outcome === 'unknown') assert.ok(answer.unknowns.length > 0, 'nothing said of what is not known');
  }
}

type Between = { readonly from: Eni; readonly to: Eni; readonly protocol: 'tcp' | 'udp'; readonly port: number };

function outcomeBySets(world: World, { from, to, protocol, port }: Between): PathAnswer['outcome'] {
  let best: PathAnswer['outcome'] = 'not-found';
  for (const { address: source } of from.addresses)
    for (const { address: destination } of to.addresses) {
      if (source.family !== destination.family) continue;
      const path = planPath(world, { kind: 'eni', eni: from }, { source, destination });
      // Where VPCs overlap the address is another interface's: not the one asked for.
      if (path.end.kind === 'eni' && path.end.eni.id !== to.id) continue;
      const reach = reachOf(world, path);
      if (setHas(reach.sure[protocol].destinationPorts, port)) return 'found';
      if (setHas(reach.possible[protocol].destinationPorts, port)) best = 'unknown';
    }
  return best;
}

function questionOf(source: string, destination: string, more: Partial<PathQuestion>): PathQuestion {
  return { source, destination, protocol: 'tcp', atSource: {}, atDestination: {}, through: [], around: [], ...more };
}

test('with filters and gateways: every packet that the definition allows is found, and what is found is allowed', () => {
  // From a gateway with the sender as the destination sees it: 421.
  for (const seed of [...Array.from({ length: checks(45) }, (_, at) => at + 1), 421])
    for (const world of [compactWorld(randomWorld(seed)), compactWorld(wornWorld(seed))]) byPackets(world, seed);
  assert.ok(seen.filtered > 10 && seen.gateway > 10, JSON.stringify(seen));
});

function byPackets(world: World, seed: number): void {
  const draw = numbers(seed + 7);
  const enis = ordinaryEnis(world);
  const gateways = [...listRecords(world, 'internetGateways')].filter(({ vpcId }) => vpcId !== undefined);
  for (let turn = 0; turn < 12; turn += 1) {
    const [one, other] = [enis[draw(enis.length)], enis[draw(enis.length)]];
    const gateway = gateways[draw(Math.max(1, gateways.length))];
    if (one === undefined || other === undefined || one.id === other.id) continue;
    const form = gateway === undefined ? 0 : draw(3);
    const ends =
      form === 0 ? [one.id, other.id] : form === 1 ? [gateway?.id ?? '', one.id] : [one.id, gateway?.id ?? ''];
    const filters = { source: one, far: form === 0 ? other : one, draw };
    const traversable = [
      gateway?.id,
      one.subnetId,
      other.subnetId,
      one.groups[0],
      ...[...listRecords(world, 'natGateways')].map(({ id }) => id),
    ];
    const through = draw(4) === 0 ? [traversable[draw(traversable.length)] ?? one.vpcId] : [];
    const around = draw(4) === 0 ? [traversable[draw(traversable.length)] ?? 'nat-0'] : [];
    const question = questionOf(ends[0] ?? '', ends[1] ?? '', {
      protocol: draw(3) === 0 ? 'udp' : 'tcp',
      atSource: randomFilter(filters),
      atDestination: draw(2) === 0 ? {} : randomFilter(filters),
      through,
      around,
    });
    const answer = answerPath(world, question, 2000);
    const label = `${seed} ${JSON.stringify(question)}`;
    if (answer.outcome === 'found') {
      seen.gateway += form === 0 ? 0 : 1;
      seen.filtered += 1;
      foundIsAllowed(world, question, { answer, label });
    } else
      noPacketPasses(world, question, {
        answer,
        label,
        from: form === 1 ? OUTSIDE : one,
        to: form === 2 ? OUTSIDE : form === 1 ? one : other,
      });
  }
}

function randomFilter({
  source,
  far,
  draw,
}: {
  readonly source: Eni;
  readonly far: Eni;
  readonly draw: (bound: number) => number;
}): HeaderFilter {
  const addresses = [...source.addresses, ...far.addresses].flatMap((own) => [
    own.address,
    ...(own.public === undefined ? [] : [own.public.address]),
  ]);
  const any = (): Address =>
    [...addresses, ...OUTSIDE][draw(addresses.length + OUTSIDE.length)] ?? OUTSIDE[0] ?? assert.fail();
  const port = PORTS[draw(PORTS.length)] ?? 22;
  return {
    ...(draw(5) === 0 ? { sourceAddress: any() } : {}),
    ...(draw(5) === 0 ? { destinationAddress: any() } : {}),
    ...(draw(4) === 0 ? { sourcePorts: { from: draw(2) * 1024, to: 32_767 } } : {}),
    ...(draw(2) === 0 ? { destinationPorts: { from: port, to: Math.min(65_535, port + draw(3)) } } : {}),
  };
}

type Header = { readonly source: Address; readonly destination: Address };

function isAt(filter: HeaderFilter, header: Header): boolean {
  return (
    (filter.sourceAddress === undefined || sameAddress(filter.sourceAddress, header.source)) &&
    (filter.destinationAddress === undefined || sameAddress(filter.destinationAddress, header.destination))
  );
}

function within(range: HeaderFilter['sourcePorts'], port: number): boolean {
  return range === undefined || (range.from <= port && port <= range.to);
}

/** Whether a packet meets everything that a question asks for. */
function meets(
  world: World,
  question: PathQuestion,
  verdict: Verdict,
  ports: { readonly from: number; readonly to: number },
): boolean {
  const { atSource, atDestination } = question;
  const [sent] = verdict.path.forward;
  const arrived = headerAtEnd(verdict.path);
  if (sent === undefined || arrived === undefined) return false;
  const ids = traversed(world, verdict.path);
  const crossed = new Set(verdict.path.forward.flatMap((gate) => (gate.stage === 'gateway' ? [gate.resource] : [])));
  const isNatted = verdict.path.translations.length > 0;
  return (
    isAt(atSource, sent) &&
    isAt(atDestination, arrived) &&
    within(atSource.sourcePorts, ports.from) &&
    (isNatted || within(atDestination.sourcePorts, ports.from)) &&
    within(atSource.destinationPorts, ports.to) &&
    within(atDestination.destinationPorts, ports.to) &&
    [question.source, question.destination].every(
      (id) => id === undefined || getRecord(world, 'internetGateways', id) === undefined || crossed.has(id),
    ) &&
    question.through.every((id) => ids.has(id)) &&
    !question.around.some((id) => ids.has(id))
  );
}

function foundIsAllowed(
  world: World,
  question: PathQuestion,
  { answer, label }: { readonly answer: Extract<PathAnswer, { outcome: 'found' }>; readonly label: string },
): void {
  const { packet } = answer.way;
  const eni = getRecord(world, 'enis', question.source);
  const origin: Origin = eni === undefined ? { kind: 'internet' } : { kind: 'eni', eni };
  const { sourcePort = 0, destinationPort } = packet;
  const verdict = evaluate(
    world,
    origin,
    expectOk(
      packetOf(expectOk(parseAddress(packet.source)), expectOk(parseAddress(packet.destination)), {
        kind: question.protocol,
        sourcePort,
        destinationPort: destinationPort ?? 0,
      }),
    ),
  );
  assert.equal(verdict.outcome, 'allow', label);
  assert.ok(meets(world, question, verdict, { from: sourcePort, to: destinationPort ?? 0 }), label);
}

type End = Eni | readonly Address[];

function noPacketPasses(
  world: World,
  question: PathQuestion,
  {
    answer,
    label,
    from,
    to,
  }: { readonly answer: PathAnswer; readonly label: string; readonly from: End; readonly to: End },
): void {
  const wantsPublic = [question.atSource.destinationAddress, question.destinationIp];
  for (const source of addressesOf(from))
    for (const inside of addressesOf(to)) {
      const own =
        'id' in to ? to.addresses.find(({ address }) => sameAddress(address, inside))?.public?.address : undefined;
      const seenAs = [
        ...('id' in from ? [inside] : [inside.family === 'ipv6' ? inside : own]),
        ...('id' in from && wantsPublic.some((one) => one !== undefined && own !== undefined && sameAddress(one, own))
          ? [own]
          : []),
      ];
      for (const destination of seenAs) {
        if (destination === undefined || destination.family !== source.family) continue;
        if (!('id' in from) && isOwn(world, source)) continue;
        if (!('id' in to) && isOwn(world, destination)) continue;
        assert.deepEqual(
          passing(world, question, { from, to, source, destination }),
          [],
          `${answer.outcome}: ${label}`,
        );
      }
    }
}

/** The packets between two addresses that the definition allows and that meet what is asked for. */
function passing(
  world: World,
  question: PathQuestion,
  { from, to, source, destination }: Header & { readonly from: End; readonly to: End },
): readonly string[] {
  const ports = SENDERS.flatMap((sourcePort) => PORTS.map((destinationPort) => ({ sourcePort, destinationPort })));
  return ports.flatMap(({ sourcePort, destinationPort }) => {
    const origin: Origin = 'id' in from ? { kind: 'eni', eni: from } : { kind: 'internet' };
    const packet = expectOk(packetOf(source, destination, { kind: question.protocol, sourcePort, destinationPort }));
    const verdict = evaluate(world, origin, packet);
    const { end } = verdict.path;
    const isElse = 'id' in to && end.kind === 'eni' && end.eni.id !== to.id;
    return verdict.outcome === 'allow' &&
      !isElse &&
      meets(world, question, verdict, { from: sourcePort, to: destinationPort })
      ? [`${formatAddress(source)}:${sourcePort} to ${formatAddress(destination)}:${destinationPort}`]
      : [];
  });
}

function addressesOf(end: End): readonly Address[] {
  return 'id' in end ? end.addresses.map(({ address }) => address) : end;
}

function isOwn(world: World, address: Address): boolean {
  return (
    indexedId(world, 'enisByPublicAddress', formatAddress(address)) !== undefined ||
    indexedId(world, 'natGatewaysByAddress', formatAddress(address)) !== undefined
  );
}
