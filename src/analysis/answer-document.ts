import { type Address, type Family, formatAddress } from '../core/net/address.ts';
import { intersectSets, intervalsOf, sameSet, setHas, setSize } from '../core/net/interval-set.ts';
import { formatTraffic, replyTransport } from '../core/net/traffic.ts';
import type { World } from '../core/model/world.ts';
import type { GateAnswer } from '../core/policy/evaluate.ts';
import { remedies, remedyText } from '../core/policy/explain-remedy.ts';
import { rulesOf } from '../core/policy/explain.ts';
import type { DenyReason, Outcome, PassReason, Stage, UnknownReason, Way } from '../core/policy/verdict.ts';
import { type Answer, type AnswerGroup, type AnswerVerdict, isWhole, type Shown } from './answer.ts';
import { nameOf } from './names.ts';
import {
  type PacketDocument,
  packetDocument,
  type PlaceDocument,
  placeDocument,
  type Ranges,
  type RuleDocument,
  ruleDocument,
  type TrafficDocument,
  trafficDocument,
} from './part-documents.ts';
import { pathShape } from './path-shape.ts';
import { questionFamilies } from './question.ts';
import { supportOf } from './rule-support.ts';
import { ALL_SOURCE_PORTS, type TrafficBoxes } from './traffic-split.ts';

export type HopDocument = {
  readonly way: Way;
  readonly stage: Stage;
  readonly resource: string;
  readonly source: string;
  readonly destination: string;
  readonly decision: 'pass' | 'deny' | 'unknown';
  readonly reason: PassReason | DenyReason | UnknownReason;
  readonly rules: readonly RuleDocument[];
};

/** A gate that refuses: what refused, what came close, and what would have to change. */
export type BlameDocument = {
  readonly way: Way;
  readonly stage: Stage;
  readonly resource: string;
  readonly reason: DenyReason;
  readonly winner: RuleDocument | null;
  readonly nearest: readonly { readonly rule: RuleDocument; readonly misses: readonly string[] }[];
  readonly wouldNeed: string;
};

export type UnknownDocument = {
  readonly way: Way;
  readonly stage: Stage;
  readonly resource: string;
  readonly reason: UnknownReason;
  readonly unknowns: readonly string[];
};

/** One answer: pairs with equal sets, told by the one of them that stands for all. */
export type PairsDocument = {
  readonly source: PlaceDocument;
  readonly destination: PlaceDocument;
  readonly family: Family;
  readonly verdict: AnswerVerdict;
  readonly whole: boolean;
  /** Three disjoint sets; together they are what was asked for. */
  readonly allowed: TrafficDocument;
  readonly depends: TrafficDocument;
  readonly blocked: TrafficDocument;
  readonly sourcePortClass: { readonly kind: 'all' | 'ephemeral' | 'some'; readonly ports: Ranges } | null;
  readonly witness: { readonly packet: PacketDocument; readonly reply: PacketDocument | null } | null;
  readonly nearMiss: PacketDocument | null;
  readonly paths: readonly {
    readonly packet: PacketDocument;
    readonly outcome: Outcome;
    readonly shape: string;
    readonly hops: readonly HopDocument[];
  }[];
  readonly rulesUsed: {
    readonly egress: readonly string[];
    readonly ingress: readonly string[];
    readonly acl: readonly string[];
    readonly routes: readonly string[];
  };
  readonly blame: readonly BlameDocument[];
  readonly unknowns: readonly UnknownDocument[];
  readonly pairs: readonly { readonly source: PlaceDocument; readonly destination: PlaceDocument }[];
};

/** The stable form of an answer. `version` grows when a field changes its meaning or goes. */
export type AnswerDocument = {
  readonly version: 1;
  readonly kind: 'answer';
  readonly revision: number;
  readonly question: {
    readonly from: { readonly text: string; readonly kind: string; readonly label: string };
    readonly to: { readonly text: string; readonly kind: string; readonly label: string };
    readonly traffic: string;
    readonly families: readonly Family[];
  };
  readonly verdict: AnswerVerdict;
  readonly whole: boolean;
  readonly pairs: { readonly total: number; readonly computed: number; readonly outside: number };
  readonly notes: readonly string[];
  readonly answers: readonly PairsDocument[];
};

/** An answer as its document. */
export function answerDocument(world: World, answer: Answer): AnswerDocument {
  const { question } = answer;
  const families = questionFamilies(question);
  return {
    version: 1,
    kind: 'answer',
    revision: answer.revision,
    question: {
      from: { text: question.from.text, kind: question.from.kind, label: question.from.label },
      to: { text: question.to.text, kind: question.to.kind, label: question.to.label },
      traffic: formatTraffic(question.traffic),
      families: families.ok ? families.value : [],
    },
    verdict: answer.verdict,
    whole: answer.isWhole,
    pairs: answer.pairs,
    notes: [...question.from.notes, ...question.to.notes],
    answers: answer.groups.map((group) => pairsDocument(world, answer, group)),
  };
}

function pairsDocument(world: World, answer: Answer, group: AnswerGroup): PairsDocument {
  const { pair, split, passing, blocked } = group;
  const shown = [passing, blocked].filter((one) => one !== undefined);
  const witness = group.verdict === 'allowed' ? passing : undefined;
  const asked = answer.question.traffic;
  const told = passing === undefined || asked.kind !== 'all' ? blocked : undefined;
  return {
    source: placeDocument(world, pair.from),
    destination: placeDocument(world, pair.to),
    family: group.family,
    verdict: group.verdict,
    whole: isWhole(group),
    allowed: trafficDocument(split.allowed, group.family),
    depends: trafficDocument(split.depends, group.family),
    blocked: trafficDocument(split.blocked, group.family),
    sourcePortClass: sourcePortClass(split.allowed),
    witness: witness === undefined ? null : { packet: requestOf(witness), reply: replyOf(witness) },
    nearMiss:
      group.nearMiss === undefined || witness === undefined ? null : packetDocument(headerOf(witness), group.nearMiss),
    paths: shown.map((one) => ({
      packet: requestOf(one),
      outcome: one.verdict.outcome,
      shape: pathShape(world, one.verdict.path),
      hops: [...one.verdict.forward.gates, ...one.verdict.reply.gates].map(hopDocument),
    })),
    rulesUsed: rulesUsed(world, group),
    blame: told === undefined ? [] : blameOf(world, told, answer),
    unknowns: shown.flatMap((one) => one.verdict.doubts).flatMap(unknownDocument),
    pairs: group.pairs.map((one) => ({
      source: placeDocument(world, one.from),
      destination: placeDocument(world, one.to),
    })),
  };
}

/** How free the sender is in its source port: any, at least every one that clients pick, or only some. */
export function sourcePortClass(boxes: TrafficBoxes): PairsDocument['sourcePortClass'] {
  const sets = [...boxes.tcp, ...boxes.udp].map((box) => box.sourcePorts);
  const [first, ...rest] = sets;
  if (first === undefined) return null;
  const shared = rest.reduce(intersectSets, first);
  const kind = sets.every((set) => sameSet(set, ALL_SOURCE_PORTS))
    ? 'all'
    : setHas(shared, 1024) && setSize(intersectSets(shared, [1024, 65_535])) === 64_512
      ? 'ephemeral'
      : 'some';
  return { kind, ports: intervalsOf(shared) };
}

type Header = { readonly source: Address; readonly destination: Address };

/** The addresses that the packet carries where it starts. */
function headerOf(shown: Shown): Header {
  const [first] = shown.verdict.path.forward;
  if (first === undefined) throw new Error('a path has a gate');
  return first;
}

function requestOf(shown: Shown): PacketDocument {
  return packetDocument(headerOf(shown), shown.transport);
}

/** The answer as the receiver sends it. */
function replyOf(shown: Shown): PacketDocument | null {
  const reply = replyTransport(shown.transport);
  const { path } = shown.verdict;
  const [first] = path.reply;
  if (reply === undefined || first === undefined) return null;
  const packet = packetDocument(first, reply);
  return path.translations.length > 0 && 'destinationPort' in packet ? { ...packet, destinationPort: null } : packet;
}

/** A gate with what it said, as its document. */
export function hopDocument({ gate, decision }: GateAnswer): HopDocument {
  return {
    way: gate.way,
    stage: gate.stage,
    resource: gate.resource,
    source: formatAddress(gate.source),
    destination: formatAddress(gate.destination),
    decision: decision.outcome,
    reason: decision.outcome === 'pass' ? decision.by : decision.reason,
    rules: rulesOf(decision).map(ruleDocument),
  };
}

function blameOf(world: World, shown: Shown, answer: Answer): readonly BlameDocument[] {
  const changes = remedies(world, shown.verdict, { transport: shown.transport, asked: answer.question.traffic });
  return shown.verdict.blockers.flatMap(({ gate, decision }, index): readonly BlameDocument[] => {
    const change = changes[index];
    if (decision.outcome !== 'deny' || change === undefined) return [];
    return [
      {
        way: gate.way,
        stage: gate.stage,
        resource: gate.resource,
        reason: decision.reason,
        winner: decision.winner === undefined ? null : ruleDocument(decision.winner),
        nearest: decision.nearest.map((miss) => ({ rule: ruleDocument(miss.rule), misses: miss.misses })),
        wouldNeed: remedyText(change, (id) => nameOf(world, id)),
      },
    ];
  });
}

/** What would have to be known at a gate; nothing where it decides. */
export function unknownDocument({ gate, decision }: GateAnswer): readonly UnknownDocument[] {
  if (decision.outcome !== 'unknown') return [];
  const { reason, unknowns } = decision;
  return [{ way: gate.way, stage: gate.stage, resource: gate.resource, reason, unknowns }];
}

function rulesUsed(world: World, group: AnswerGroup): PairsDocument['rulesUsed'] {
  const used = {
    egress: new Set<string>(),
    ingress: new Set<string>(),
    acl: new Set<string>(),
    routes: new Set<string>(),
  };
  const boxes = group.verdict === 'allowed' ? group.split.allowed : group.split.depends;
  for (const { rules } of supportOf(world, group.trip.path, boxes)) {
    for (const ref of rules) {
      const rule = ruleDocument(ref);
      if (rule.kind === 'rule') used[ref.kind === 'rule' ? ref.rule.direction : 'egress'].add(rule.id);
      else if (rule.kind === 'entry') used.acl.add(`${rule.acl} ${rule.direction} ${rule.number}`);
      else if (rule.kind === 'route') used.routes.add(`${rule.routeTable} ${rule.destination}`);
    }
  }
  return {
    egress: [...used.egress].toSorted(),
    ingress: [...used.ingress].toSorted(),
    acl: [...used.acl].toSorted(),
    routes: [...used.routes].toSorted(),
  };
}
