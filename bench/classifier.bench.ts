// Claim: the compiled classifier costs about the same at 1,000 rules as at 5, and rejects many times faster than a scan of the rules.
import assert from 'node:assert/strict';
import { type Address, type Family, ipv4, ipv6 } from '../src/core/net/address.ts';
import { type Cidr, cidrContains, cidrOf } from '../src/core/net/cidr.ts';
import { asId, type GroupId, type VpcId } from '../src/core/model/ids.ts';
import type { Rule, SecurityGroup } from '../src/core/model/security-group.ts';
import { worldOf } from '../src/core/model/world.ts';
import { NO_SET } from '../src/core/policy/classifier-membership.ts';
import { Profile, REFUSE } from '../src/core/policy/classifier-profile.ts';
import { Classifier } from '../src/core/policy/classifier.ts';
import { type PlacedRule, preparedRules } from '../src/core/policy/match.ts';
import { allocatedBytes, type Body, type Claim, compare, report } from './harness.ts';
import { Random } from './random.ts';
import { idOf } from './world-ids.ts';
import { generateRules, type Surroundings } from './world-rules.ts';

const PACKETS = 4096;
const OWN = asId<GroupId>(idOf('sg', 100_000));
const VPC = asId<VpcId>(idOf('vpc', 0));
const GROUPS = Array.from({ length: 200 }, (_, index) => asId<GroupId>(idOf('sg', index)));
const AROUND: Surroundings = {
  groups: GROUPS,
  vpcCidrs: [cidrOf(ipv4(0x0a00_0000), 16)],
  subnetCidrs: Array.from({ length: 64 }, (_, index) => cidrOf(ipv4(0x0a00_0000 + index * 1024), 22)),
  isDualStack: false,
};

/** One packet with what either form reads: the point of its traffic, its peer's address, and its groups as a set and as a number. */
type Sample = {
  readonly point: number;
  readonly address: Address;
  readonly groups: ReadonlySet<GroupId>;
  readonly set: number;
};

/** A group of so many rules in both forms, with packets that it admits and packets that it refuses. */
type Bench = {
  readonly rules: readonly PlacedRule[];
  readonly profile: Profile;
  readonly accepted: readonly Sample[];
  readonly refused: readonly Sample[];
};

function prepare(count: number, family: Family): Bench {
  const random = new Random(count);
  const rules = selectiveRules(random, count).map((rule) => inFamily(rule, family));
  const group: SecurityGroup = { id: OWN, vpcId: VPC, ownerId: '1', name: 'own', description: '', rules, tags: [] };
  const classifier = new Classifier(worldOf({ groups: [group] }));
  const key = { set: classifier.sets.numberOf([OWN]), direction: 'ingress', family } as const;
  const profile = new Profile(classifier.world, classifier.sets, key);
  const { placed } = preparedRules(group, 'ingress', family);
  const combinations = Array.from({ length: 400 }, () => random.sample(GROUPS, random.between(2, 5)));
  const accepted: Sample[] = [];
  const refused: Sample[] = [];
  while (accepted.length < PACKETS || refused.length < PACKETS) {
    const { rule, from, to } = random.pick(placed);
    const groups = random.chance(0.6) ? random.pick(combinations) : undefined;
    const near = rule.peer.kind === 'cidr' && random.chance(0.5) ? rule.peer.cidr : undefined;
    const address = near === undefined ? anyAddress(random, family) : inside(random, near);
    const set = groups === undefined ? NO_SET : classifier.sets.numberOf(groups);
    const sample: Sample = { point: random.between(from, to), address, groups: new Set(groups), set };
    const into = scan(placed, sample) ? accepted : refused;
    if (into.length < PACKETS) into.push(sample);
  }
  return { rules: placed, profile, accepted, refused };
}

/** Rules of the usual mix without those that admit everything or everyone: of a thousand, one alone would decide all packets. */
function selectiveRules(random: Random, count: number): readonly Rule[] {
  return generateRules(random, AROUND, { count: count * 2 + 20, direction: 'ingress', firstNumber: 0 })
    .filter((rule) => rule.traffic.kind !== 'all' && (rule.peer.kind !== 'cidr' || rule.peer.cidr.length > 12))
    .slice(0, count);
}

/** The same rule with its prefix below 2001:db8::/32. */
function inFamily(rule: Rule, family: Family): Rule {
  if (family === 'ipv4') return rule;
  const { peer, traffic } = rule;
  return {
    ...rule,
    peer: peer.kind === 'cidr' ? { kind: 'cidr', cidr: cidrOf(embed(peer.cidr.base), peer.cidr.length + 32) } : peer,
    traffic: traffic.kind === 'icmp' ? { ...traffic, kind: 'icmpv6' } : traffic,
  };
}

function embed(address: Address): Address {
  return ipv6([0x2001_0db8, address.w0, 0, 0]);
}

function anyAddress(random: Random, family: Family): Address {
  const address = random.chance(0.5) ? ipv4(0x0a00_0000 + random.below(65_536)) : ipv4(random.below(2 ** 32));
  return family === 'ipv4' ? address : embed(address);
}

function inside(random: Random, cidr: Cidr): Address {
  const { base, length } = cidr;
  if (cidr.family === 'ipv4') return ipv4(base.w0 + random.below(2 ** (32 - length)));
  return ipv6([base.w0, base.w1 + random.below(2 ** Math.max(0, 64 - length)), random.below(2 ** 32), 1]);
}

/** The baseline: the rules one after another, their traffic placed on the axis already, until one matches. */
function scan(rules: readonly PlacedRule[], sample: Sample): boolean {
  for (const { rule, from, to } of rules) {
    if (sample.point < from || sample.point > to) continue;
    const { peer } = rule;
    if (peer.kind === 'cidr' ? cidrContains(peer.cidr, sample.address) : isMember(peer, sample.groups)) return true;
  }
  return false;
}

function isMember(peer: Rule['peer'], groups: ReadonlySet<GroupId>): boolean {
  return peer.kind === 'group' && groups.has(peer.groupId);
}

function scanBody({ rules }: Bench, samples: readonly Sample[]): Body {
  return {
    name: `scan of ${rules.length} rules`,
    operations: samples.length,
    run: () => {
      let admitted = 0;
      for (const sample of samples) if (scan(rules, sample)) admitted += 1;
      return admitted;
    },
  };
}

/** The packets as a reader of packets has them: words in an array, one record for all addresses. */
function compiledBody({ rules, profile }: Bench, samples: readonly Sample[]): Body {
  const words = Int32Array.from(
    samples.flatMap(({ point, address, set }) => [point, set, address.w0, address.w1, address.w2, address.w3]),
  );
  const address = { w0: 0, w1: 0, w2: 0, w3: 0 };
  return {
    name: `compiled ${rules.length} rules`,
    operations: samples.length,
    run: () => {
      let admitted = 0;
      for (let at = 0; at < words.length; at += 6) {
        address.w0 = words[at + 2] ?? 0;
        address.w1 = words[at + 3] ?? 0;
        address.w2 = words[at + 4] ?? 0;
        address.w3 = words[at + 5] ?? 0;
        if (profile.classify(words[at] ?? 0, address, words[at + 1] ?? 0) !== REFUSE) admitted += 1;
      }
      return admitted;
    },
  };
}

/** The body several times in one run. */
function repeated(body: Body, times: number): Body {
  return {
    name: body.name,
    operations: body.operations * times,
    run: () => Array.from({ length: times }, () => body.run()).reduce((sum, one) => sum + one, 0),
  };
}

/** Accepted and refused packets in random order. */
function mixed(bench: Bench): readonly Sample[] {
  return new Random(7).sample([...bench.accepted, ...bench.refused], PACKETS * 2);
}

function assertSameAnswers(bench: Bench): void {
  const [scanned, compiled] = [scanBody(bench, mixed(bench)).run(), compiledBody(bench, mixed(bench)).run()];
  assert.equal(scanned, PACKETS);
  assert.equal(compiled, PACKETS);
  assert.equal(compiledBody(bench, bench.refused).run(), 0);
}

function claimsOf(family: Family): readonly Claim[] {
  const [few, some, many] = [prepare(5, family), prepare(60, family), prepare(1000, family)];
  for (const bench of [few, some, many]) assertSameAnswers(bench);
  const growth = compare(compiledBody(many, mixed(many)), compiledBody(few, mixed(few)));
  const middle = compare(compiledBody(some, mixed(some)), compiledBody(few, mixed(few)));
  const rejects = compare(compiledBody(many, many.refused), scanBody(many, many.refused), { chunksPerRound: 4 });
  const accepts = compare(compiledBody(many, many.accepted), scanBody(many, many.accepted), { chunksPerRound: 4 });
  return [
    {
      claim: `${family}: a packet at 1,000 rules against one at 5`,
      unit: '×',
      target: { atMost: 4 },
      measured: 1 / growth.ratio,
      details: { 'ns at 5': growth.baseline.p50, 'ns at 60': middle.subject.p50, 'ns at 1,000': growth.subject.p50 },
    },
    {
      claim: `${family}: refusing at 1,000 rules, scan against compiled`,
      unit: '×',
      target: { atLeast: 15 },
      measured: rejects.ratio,
      details: { 'scan ns': rejects.baseline.p50, 'compiled ns': rejects.subject.p50, 'accepting ×': accepts.ratio },
    },
    {
      claim: `${family}: one refusal at 1,000 rules`,
      unit: 'ns',
      target: { atMost: 200 },
      measured: rejects.subject.p50,
      details: { p99: rejects.subject.p99 },
    },
    {
      claim: `${family}: memory that a packet at 1,000 rules leaves behind`,
      unit: 'B',
      target: { atMost: 1 },
      measured: Math.max(0, allocatedBytes(repeated(compiledBody(many, mixed(many)), 20))),
      details: {},
    },
  ];
}

report('classifier', [...claimsOf('ipv4'), ...claimsOf('ipv6')]);
