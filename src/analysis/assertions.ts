import { FAMILIES, formatAddress, type Family } from '../core/net/address.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { formatTransport } from '../core/net/traffic.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { decideGate } from '../core/policy/decide.ts';
import { judgePath } from '../core/policy/evaluate.ts';
import { interval } from '../core/net/interval-set.ts';
import { cutsOf, type Meant, meantBy, meantDoubt, selectionOf, selectMembers } from './assertion-ends.ts';
import { type Breach, breachOf, isAbout, type MeantSides, type Sides } from './assertion-judge.ts';
import { ANYONE, type Fact, parseFact } from './assertion-language.ts';
import { boxesOfPoints } from './ends-document.ts';
import { eniLabel } from './names.ts';
import { type RuleDocument, ruleDocument } from './part-documents.ts';
import { pathShape } from './path-shape.ts';
import { Bitsets } from './pairs/bitsets.ts';
import { transportAt } from './pairs/blame.ts';
import { type Classes, classesOf } from './pairs/classes.ts';
import { Matrix } from './pairs/matrix.ts';
import type { Member } from './pairs/members.ts';
import { Rows } from './pairs/rows.ts';
import { stopOf } from './pairs/spots.ts';
import { familyName } from './question.ts';
import { supportOf } from './rule-support.ts';
import { planTrip, type Stop } from './trip.ts';

/** A fact in words; `family` limits it. */
export type Asserted = { readonly text: string; readonly family?: Family };

/** `fails`: not so for certain. `unknown`: whether it is so depends on what the world does not hold. */
export type AssertionOutcome = 'holds' | 'fails' | 'unknown';

/** One packet that shows why a fact does not hold, or may not. */
export type CounterExample = {
  readonly family: Family;
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly sourcePort: number | null;
  /** Whether the packet gets through and is answered. */
  readonly passes: 'yes' | 'no' | 'perhaps';
  readonly path: string;
  /** What lets it in and out, where it passes or may pass. */
  readonly passedBy: readonly RuleDocument[];
  readonly blockedBy: readonly {
    readonly stage: string;
    readonly way: string;
    readonly resource: string;
    readonly reason: string;
    readonly rule: RuleDocument | null;
  }[];
  readonly unknowns: readonly string[];
};

/** What became of one fact. */
export type AssertionDocument = {
  readonly fact: string;
  readonly outcome: AssertionOutcome;
  readonly families: readonly Family[];
  readonly counterExample: CounterExample | null;
  /** What is missing from the world as a whole, where that alone makes it `unknown`. */
  readonly missing: readonly string[];
  readonly notes: readonly string[];
};

/** All facts in their order. `version` grows when a field changes its meaning or goes. */
export type AssertionsDocument = {
  readonly version: 1;
  readonly kind: 'assertions';
  readonly revision: number;
  readonly counts: Readonly<Record<AssertionOutcome, number>>;
  readonly facts: readonly AssertionDocument[];
};

/** A fact that cannot be judged: `index` in the list, `at` a place in its text. */
export type AssertionError = {
  readonly index: number;
  readonly at: number;
  readonly message: string;
  readonly suggestions: readonly string[];
};

/** What was found in a family. `isEmpty`: it is not known of any pair that the fact is about it. */
type Judged = { readonly family: Family; readonly breach: Breach | undefined; readonly isEmpty: boolean };

type Ready = { readonly fact: Fact; readonly from: Meant; readonly to: Meant; readonly asserted: Asserted };

/**
 * Judges facts exactly, for all pairs. Errors, all of them: a fact that is not of the language, an end that names nothing, a fact about no pair at
 * all; such a fact never holds by being empty.
 */
export function judgeAssertions(
  world: World,
  asserted: readonly Asserted[],
  options: { readonly families?: readonly Family[]; readonly onProgress?: (done: number) => void } = {},
): Result<AssertionsDocument, readonly AssertionError[]> {
  const errors: AssertionError[] = [];
  const ready: Ready[] = [];
  for (const [index, one] of asserted.entries()) {
    const read = readyOf(world, one);
    if (read.ok) ready.push(read.value);
    else errors.push({ index, ...read.error });
  }
  if (errors.length > 0) return fail(errors);
  const families = options.families ?? FAMILIES;
  const found = ready.map((): Judged[] => []);
  const cuts = ready.flatMap(({ from, to }) => [...cutsOf(from), ...cutsOf(to)]);
  for (const [at, family] of families.entries()) {
    const matrix = matrixOf(world, family, cuts);
    for (const [index, one] of ready.entries()) {
      options.onProgress?.((at + index / ready.length) / families.length);
      if (one.asserted.family !== undefined && one.asserted.family !== family) continue;
      const sides = sidesOf(matrix, one);
      const isEmpty = !isAbout(one.fact, sides.sure, family);
      if (!isEmpty || isAbout(one.fact, sides.possible, family))
        found[index]?.push({ family, breach: breachOf(matrix, one.fact, sides), isEmpty });
    }
  }
  for (const [index, judged] of found.entries())
    if (judged.length === 0)
      errors.push({ index, at: 0, message: emptyText(families, asserted[index]?.family), suggestions: [] });
  if (errors.length > 0) return fail(errors);
  const facts = ready.map((one, index) => assertionDocument(world, one, found[index] ?? []));
  const count = (outcome: AssertionOutcome): number => facts.filter((one) => one.outcome === outcome).length;
  return ok({
    version: 1,
    kind: 'assertions',
    revision: world.revision,
    counts: { holds: count('holds'), fails: count('fails'), unknown: count('unknown') },
    facts,
  });
}

function matrixOf(world: World, family: Family, cuts: Parameters<typeof classesOf>[2]): Matrix {
  const classes = classesOf([world], family, cuts);
  return new Matrix(classes, 0, { rows: new Rows(new Bitsets(classes.list.length)) });
}

function readyOf(world: World, asserted: Asserted): Result<Ready, Omit<AssertionError, 'index'>> {
  const fact = parseFact(asserted.text);
  if (!fact.ok) return fail({ ...fact.error, suggestions: [] });
  const from = meantBy(world, fact.value.kind === 'no-one-but' ? fact.value.except : fact.value.from);
  if (!from.ok) return fail({ at: 0, ...from.error });
  const to = meantBy(world, fact.value.to ?? [ANYONE]);
  if (!to.ok) return fail({ at: 0, ...to.error });
  return ok({ fact: fact.value, from: from.value, to: to.value, asserted });
}

function sidesOf({ classes }: Matrix, ready: Ready): MeantSides {
  return { sure: sidesAs(classes, ready, 'sure'), possible: sidesAs(classes, ready, 'possible') };
}

function sidesAs(classes: Classes, { fact, from, to }: Ready, certainty: 'sure' | 'possible'): Sides {
  const targets =
    fact.to === undefined
      ? selectMembers(classes, (one) => one.eniId !== undefined)
      : selectionOf(classes, to, certainty);
  if (fact.kind !== 'no-one-but') return { from: selectionOf(classes, from, certainty), to: targets };
  // Who is perhaps among the exceptions is not for certain among the others.
  const named = selectionOf(classes, from, certainty === 'sure' ? 'possible' : 'sure');
  const left = new Set<Member>([...named.values()].flat());
  return { from: selectMembers(classes, (one) => !left.has(one)), to: targets };
}

function emptyText(families: readonly Family[], own: Family | undefined): string {
  const asked = families.filter((one) => own === undefined || one === own).map(familyName);
  const inFamily = asked.length === 0 ? 'the family that was asked for' : asked.join(' and ');
  return `there is no pair of ends in ${inFamily} that this fact is about: it would hold of nothing`;
}

function assertionDocument(
  world: World,
  { asserted, from, to, fact }: Ready,
  found: readonly Judged[],
): AssertionDocument {
  const breaches = found.flatMap(({ breach }) => breach ?? []);
  const breach = breaches.find((one) => one.certainty === 'certain') ?? breaches[0];
  const isEmpty = found.every((one) => one.isEmpty);
  const missing =
    breach?.certainty === 'certain'
      ? []
      : [...missingFor(world, [from, to], fact), ...(isEmpty ? ['whether any interface is meant'] : [])];
  return {
    fact: asserted.text,
    outcome:
      breach?.certainty === 'certain' ? 'fails' : breach !== undefined || missing.length > 0 ? 'unknown' : 'holds',
    families: found.map(({ family }) => family),
    counterExample: breach === undefined ? null : counterExample(world, breach, [from, to]),
    missing,
    notes: [...new Set([...from.notes, ...to.notes])],
  };
}

/** Records that are not there may be ends, too: what is said of all ends is not known then. */
function missingFor(world: World, sides: readonly Meant[], fact: Fact): readonly string[] {
  const isNamed = sides.some(({ kinds }) => kinds.has('name'));
  const isWide = sides.some(
    (one) =>
      one.isAnyone ||
      one.prefixes.length > 0 ||
      ['group', 'subnet', 'vpc', 'name', 'cidr', 'instance'].some((kind) => one.kinds.has(kind as never)),
  );
  return [
    ...(world.missing.has('enis') && (isWide || fact.kind === 'no-one-but') ? ['network interfaces'] : []),
    ...(world.missing.has('instances') && isNamed ? ['instances'] : []),
  ];
}

function counterExample(world: World, breach: Breach, meant: readonly [Meant, Meant]): CounterExample {
  const from = meantStop(world, breach.from, meant[0]);
  const to = meantStop(world, breach.to, meant[1]);
  const { path } = planTrip(world, from, to);
  const transport = transportAt(breach.point, breach.sourcePort, path.family);
  const { blockers, doubts, outcome } = judgePath(decideGate, world, { path, transport });
  const support =
    blockers.length > 0 ? [] : supportOf(world, path, boxesOfPoints(interval(breach.point, breach.point)));
  return {
    family: path.family,
    from: memberLabel(world, breach.from),
    to: memberLabel(world, breach.to),
    traffic: formatTransport(transport),
    sourcePort: 'sourcePort' in transport ? transport.sourcePort : null,
    passes: outcome === 'allow' ? 'yes' : outcome === 'deny' ? 'no' : 'perhaps',
    path: pathShape(world, path),
    passedBy: support.filter(({ gate }) => gate.way === 'forward').flatMap(({ rules }) => rules.map(ruleDocument)),
    blockedBy: blockers.flatMap(({ gate, decision }) =>
      decision.outcome === 'deny'
        ? [
            {
              stage: gate.stage,
              way: gate.way,
              resource: gate.resource,
              reason: decision.reason,
              rule: decision.winner === undefined ? null : ruleDocument(decision.winner),
            },
          ]
        : [],
    ),
    unknowns: [...new Set(doubts.flatMap(({ decision }) => (decision.outcome === 'unknown' ? decision.unknowns : [])))],
  };
}

function meantStop(world: World, member: Member, meant: Meant): Stop {
  const stop = stopOf(world, member);
  const perhaps = meantDoubt(meant, member);
  return perhaps === undefined || stop.place.kind !== 'eni' ? stop : { ...stop, place: { ...stop.place, perhaps } };
}

function memberLabel(world: World, { eniId, sample }: Member): string {
  const eni = eniId === undefined ? undefined : getRecord(world, 'enis', eniId);
  return eni === undefined ? formatAddress(sample) : eniLabel(world, eni, sample);
}
