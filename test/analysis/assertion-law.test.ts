// What facts are judged to be is what planning the path of every two members says, one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, FAMILIES, formatAddress } from '../../src/core/net/address.ts';
import { type Cidr, cidrContains, parseCidr } from '../../src/core/net/cidr.ts';
import { trafficInterval, WHOLE_AXIS } from '../../src/core/net/axis.ts';
import { intersectSets, type IntervalSet, subtractSets } from '../../src/core/net/interval-set.ts';
import { parseTraffic } from '../../src/core/net/traffic.ts';
import { eniOwns } from '../../src/core/model/eni.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import type { Reach } from '../../src/core/policy/reach.ts';
import { type AssertionOutcome, judgeAssertions } from '../../src/analysis/assertions.ts';
import { classesOf } from '../../src/analysis/pairs/classes.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { NO_SPOT, outsideKind, stopOf } from '../../src/analysis/pairs/spots.ts';
import { compactWorld } from '../compact.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const TRAFFICS = ['tcp/22', 'tcp/443', 'tcp/20-5000', 'udp/53', 'icmp/8', 'icmpv6/128', 'protocol/50', 'all'];
const CUTS = ['203.0.113.0/25', '10.0.1.0/28', '10.0.0.0/8', '198.51.100.0/26', '2001:db8:1:1::/64'];

test('facts are judged as all their pairs one by one', () => {
  const seen = { holds: 0, fails: 0, unknown: 0, empty: 0 };
  for (let seed = 1; seed <= checks(12); seed += 1) {
    const world = compactWorld(seed % 3 === 0 ? wornWorld(seed) : randomWorld(seed));
    // Two interfaces with one address are no world of AWS's, though the generator makes such.
    if (hasShared(world)) continue;
    const ends = [
      'internet',
      'anyone',
      ...[...listRecords(world, 'enis')].map(({ id }) => id),
      ...[...listRecords(world, 'groups')].map(({ id }) => id),
      ...CUTS,
    ];
    for (let at = 0; at < 24; at += 1) {
      const pick = (salt: number, list: readonly string[]): string =>
        list[(seed * 31 + at * salt + (salt % 5)) % list.length] ?? '';
      const asked = { from: pick(7, ends), to: pick(11, ends), on: pick(5, TRAFFICS) };
      for (const kind of ['must-reach', 'must-not-reach', 'only', 'no-one-but'] as const) {
        const text = textOf(kind, asked);
        const judged = judgeAssertions(world, [{ text }]);
        const real = realOutcome(world, kind, asked);
        if (!judged.ok) {
          seen.empty += 1;
          const isRefused = judged.error[0]?.message.startsWith('there is no pair') !== true;
          assert.ok(isRefused || real === undefined, `${seed} ${text}: ${judged.error[0]?.message ?? ''}`);
          continue;
        }
        const fact = judged.value.facts[0] ?? assert.fail('a fact is judged');
        // What is missing as a whole may be more ends: then nothing holds for certain.
        const expected = fact.missing.length > 0 && real === 'holds' ? 'unknown' : real;
        assert.equal(fact.outcome, expected, `${seed}: ${text}`);
        proves(fact);
        seen[fact.outcome] += 1;
      }
    }
  }
  assert.ok(seen.holds > 20 && seen.fails > 50 && seen.unknown > 5 && seen.empty > 5, JSON.stringify(seen));
});

type Kind = 'must-reach' | 'must-not-reach' | 'only' | 'no-one-but';
type Asked = { readonly from: string; readonly to: string; readonly on: string };

function textOf(kind: Kind, { from, to, on }: Asked): string {
  if (kind === 'no-one-but') return `no one but ${from} can reach ${to} on ${on}`;
  if (kind === 'only') return `${from} can reach ${to} on ${on} only`;
  return `${from} ${kind.replaceAll('-', ' ')} ${to} on ${on}`;
}

/** The packet of a counter-example does what it is said to do. */
function proves(
  fact:
    | { readonly outcome: string; readonly fact: string; readonly counterExample: { readonly passes: string } | null }
    | undefined,
): void {
  if (fact?.outcome === 'holds') assert.equal(fact.counterExample, null);
  if (fact?.outcome !== 'fails') return;
  const { passes } = fact.counterExample ?? assert.fail('a failure has a counter-example');
  if (fact.fact.includes('must not reach') || fact.fact.startsWith('no one')) assert.equal(passes, 'yes', fact.fact);
  else if (fact.fact.includes('must reach')) assert.equal(passes, 'no', fact.fact);
  else assert.notEqual(passes, 'perhaps', fact.fact);
}

const REACHES = new WeakMap<World, Map<string, Reach>>();

/** The path of every two members is planned once for a world. */
function reachOf(world: World, one: Member, other: Member): Reach {
  const known = REACHES.get(world) ?? new Map<string, Reach>();
  REACHES.set(world, known);
  const key = [one, other].map(({ eniId, sample }) => `${eniId ?? ''} ${formatAddress(sample)}`).join(' ');
  const reach = known.get(key) ?? singleReach(world, stopOf(world, one), stopOf(world, other));
  known.set(key, reach);
  return reach;
}

/** Undefined where there is no pair. */
function realOutcome(world: World, kind: Kind, { from, to, on }: Asked): AssertionOutcome | undefined {
  const cuts = [from, to].flatMap((text) => prefixOf(text) ?? []);
  const found: AssertionOutcome[] = [];
  for (const family of FAMILIES) {
    const traffic = parseTraffic(on);
    assert.ok(traffic.ok);
    const isForeign = traffic.value.kind === (family === 'ipv4' ? 'icmpv6' : 'icmp');
    if (isForeign && kind !== 'only') continue;
    const points: IntervalSet = isForeign ? [] : [...trafficInterval(traffic.value, family)];
    const members = classesOf([world], family, cuts)
      .list.filter(({ sides }) => sides[0]?.spot !== NO_SPOT)
      .flatMap((one) => one.members);
    for (const one of members.filter((member) => isNamed(world, from, member) !== (kind === 'no-one-but')))
      for (const other of members.filter((member) => isNamed(world, to, member)))
        if (one.eniId !== other.eniId) found.push(pairOutcome(world, { kind, points, one, other }));
  }
  if (found.length === 0) return undefined;
  if (found.includes('fails')) return 'fails';
  return found.includes('unknown') ? 'unknown' : 'holds';
}

function pairOutcome(
  world: World,
  {
    kind,
    points,
    one,
    other,
  }: { readonly kind: Kind; readonly points: IntervalSet; readonly one: Member; readonly other: Member },
): AssertionOutcome {
  const reach = reachOf(world, one, other);
  const banned = kind === 'only' ? subtractSets(WHOLE_AXIS, points) : kind === 'must-reach' ? [] : points;
  const wanted = kind === 'only' || kind === 'must-reach' ? points : [];
  const lacks = (certainty: 'sure' | 'possible'): boolean =>
    subtractSets(wanted, pointsOf(reach[certainty])).length > 0 ||
    (['tcp', 'udp'] as const).some(
      (part) =>
        intersectSets(wanted, part === 'tcp' ? [0, 65_535] : [65_536, 131_071]).length > 0 &&
        subtractSets([1024, 65_535], reach[certainty][part].sourcePorts).length > 0,
    );
  if (intersectSets(banned, pointsOf(reach.sure)).length > 0 || lacks('possible')) return 'fails';
  return intersectSets(banned, pointsOf(reach.possible)).length > 0 || lacks('sure') ? 'unknown' : 'holds';
}

function isNamed(world: World, text: string, { eniId, sample }: Member): boolean {
  if (text === 'anyone') return true;
  if (text === 'internet') return eniId === undefined && outsideKind(sample) === 'internet';
  const prefix = prefixOf(text);
  if (prefix !== undefined) return holds(prefix, sample);
  const eni = eniId === undefined ? undefined : getRecord(world, 'enis', eniId);
  return eni !== undefined && (eni.id === text || eni.groups.some((id) => id === text));
}

function holds(prefix: Cidr, address: Address): boolean {
  return prefix.family === address.family && cidrContains(prefix, address);
}

function prefixOf(text: string): Cidr | undefined {
  const cidr = parseCidr(text);
  return cidr.ok ? cidr.value : undefined;
}

function hasShared(world: World): boolean {
  const enis = [...listRecords(world, 'enis')];
  return enis.some((eni) =>
    enis.some((other) => other !== eni && eni.addresses.some(({ address }) => eniOwns(other, address))),
  );
}
