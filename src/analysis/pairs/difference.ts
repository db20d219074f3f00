import { placeOnAxis, trafficInterval } from '../../core/net/axis.ts';
import { type IntervalSet, sameSet, subtractSets } from '../../core/net/interval-set.ts';
import type { GroupId } from '../../core/model/ids.ts';
import type { Rule } from '../../core/model/security-group.ts';
import type { World } from '../../core/model/world.ts';
import { matchPeer } from '../../core/policy/match.ts';
import { NO_CLASSES, Bitsets, type SetId } from './bitsets.ts';
import { blame } from './blame.ts';
import { type Cause, causeKey, noveltiesOf, type Novelties, ofDirection, type OwnedRule, type Side } from './causes.ts';
import { type ClassId, type Classes, classesOf, selfClasses } from './classes.ts';
import type { Both, Shape, SourcePorts } from './links.ts';
import { Matrix } from './matrix.ts';
import { fileUnder } from './named-sets.ts';
import { EMPTY_ROW, type RowId, Rows } from './rows.ts';
import { type Gained, RuleGains } from './rule-gains.ts';
import { NO_SPOT } from './spots.ts';
import { FAMILIES, type Family } from '../../core/net/address.ts';

/** `certain`: refused for certain in one world and allowed for certain in the other; `perhaps`: something unknown keeps it from being that. */
export type Certainty = 'certain' | 'perhaps';

/** Traffic that one of two worlds has and the other has not, for one cause: for each receiver, who gets through to it and with what. */
export type Statement = {
  readonly effect: 'opens' | 'closes';
  readonly certainty: Certainty;
  readonly cause: Cause;
  readonly parts: readonly { readonly to: ClassId; readonly row: RowId }[];
  /** `answers`: the way there stays as it is; what changes is from which source ports an answer gets back. */
  readonly about: 'traffic' | 'answers';
  /** Of `answers`, the source ports that are gained or lost. */
  readonly sourcePorts?: { readonly tcp: IntervalSet; readonly udp: IntervalSet };
};

/** All that differs between two worlds in one family. INVARIANT: the statements' sets together are exactly what is gained and lost. */
export type Difference = {
  readonly family: Family;
  readonly classes: Classes;
  readonly rows: Rows;
  readonly before: Matrix;
  readonly after: Matrix;
  readonly statements: readonly Statement[];
};

/** What the second world opens and closes against the first, in both families. `onProgress` hears of shares of the work, 0 to 1. */
export function differenceOf(before: World, after: World, onProgress?: (done: number) => void): readonly Difference[] {
  return FAMILIES.map((family, at) =>
    differenceIn(family, { before, after }, (done) => onProgress?.((at + done) / FAMILIES.length)),
  );
}

/** The difference in one family. */
export function differenceIn(
  family: Family,
  worlds: { readonly before: World; readonly after: World },
  onProgress?: (done: number) => void,
): Difference {
  const classes = classesOf([worlds.before, worlds.after], family);
  const rows = new Rows(new Bitsets(classes.list.length));
  const before = new Matrix(classes, 0, { rows });
  const after = new Matrix(classes, 1, { rows, like: before });
  return differenceAt([...classes.list.keys()], { before, after }, onProgress);
}

/** The difference of two matrices of the same classes and rows, which must differ at these receivers alone, in traffic and in answers. */
export function differenceAt(
  receivers: readonly ClassId[],
  { before, after }: { readonly before: Matrix; readonly after: Matrix },
  onProgress?: (done: number) => void,
): Difference {
  const { classes, rows } = after;
  const opened = new Gains({ lacks: before, has: after, effect: 'opens' });
  const closed = new Gains({ lacks: after, has: before, effect: 'closes' });
  const spots = new JointSpots(before, after);
  for (const [at, id] of receivers.entries()) {
    if (at % 64 === 0) onProgress?.(at / receivers.length);
    if (after.isAsInLike(id)) continue;
    if (after.hasPathsOfLike(id) && after.groups.namesAsInLike && takenByRules(id, [opened, closed])) continue;
    const recipe = before.recipe(id, 'to');
    const isSame = recipe !== '' && recipe === after.recipe(id, 'to');
    for (const gains of [opened, closed]) {
      if (!isSame) gains.takeTraffic(id);
      gains.takeAnswers(id, spots);
    }
  }
  const statements = [...opened.statements(), ...closed.statements()];
  return { family: classes.family, classes, rows, before, after, statements };
}

/** Takes in what a receiver gains and loses by rules alone; false, and nothing is taken in, where whole rows have to tell. */
function takenByRules(id: ClassId, both: readonly Gains[]): boolean {
  const gained = both.map((gains) => gains.byRules(id));
  if (gained.includes(undefined)) return false;
  for (const [at, one] of gained.entries()) if (one !== undefined) both[at]?.take(id, one);
  return true;
}

/** What one matrix has for a receiver and another lacks: for certain, and perhaps. Nothing is in both. */
export function gainedRow(id: ClassId, { lacks, has }: { readonly lacks: Matrix; readonly has: Matrix }): Both<RowId> {
  const [old, now] = [lacks.row(id, 'to'), has.row(id, 'to')];
  const { rows } = has;
  if (old.sure === now.sure && old.possible === now.possible) return { sure: EMPTY_ROW, possible: EMPTY_ROW };
  const raised = rows.or(rows.without(now.possible, old.possible), rows.without(now.sure, old.sure));
  return ofPairs(id, has, { certain: rows.without(now.sure, old.possible), raised });
}

/** What is gained between two interfaces, what is certain apart. */
function ofPairs(id: ClassId, { classes, rows }: Matrix, { certain, raised }: Gained): Both<RowId> {
  if (certain === EMPTY_ROW && raised === EMPTY_ROW) return { sure: EMPTY_ROW, possible: EMPTY_ROW };
  const others = rows.sets.without(rows.sets.all, rows.sets.of(selfClasses(classes, id)));
  const sure = rows.masked(certain, others);
  return { sure, possible: rows.without(rows.masked(raised, others), sure) };
}

/** What paths of one shape may let pass. */
type Ways = { readonly shape: Shape; readonly rest: RowId };

type Sides = { readonly lacks: Matrix; readonly has: Matrix; readonly effect: 'opens' | 'closes' };
type Collected = { readonly head: Omit<Statement, 'parts'>; readonly parts: Map<ClassId, RowId> };

/** A novelty by its place among all. */
type NovelRule = { readonly at: number; readonly owned: OwnedRule; readonly cause: Cause };
type Novel = {
  readonly ingress: ReadonlyMap<GroupId, readonly NovelRule[]>;
  readonly egress: readonly NovelRule[];
};

/** Collects what one matrix has and another lacks, receiver by receiver, under the causes of it. */
class Gains {
  readonly #sides: Sides;
  readonly #rows: Rows;
  readonly #novelties: Novelties;
  readonly #novel: Novel;
  readonly #byRules: RuleGains;
  readonly #collected = new Map<string, Collected>();
  readonly #everything: RowId;
  /** Senders that the other world has not, and those that carry other groups in it. */
  readonly #fresh: ReadonlyMap<string, { readonly cause: Cause; readonly set: SetId }>;
  readonly #moved: ReadonlyMap<string, { readonly cause: Cause; readonly set: SetId }>;

  constructor(sides: Sides) {
    this.#sides = sides;
    this.#rows = sides.has.rows;
    this.#novelties = noveltiesOf(sides.has.world, sides.lacks.world);
    this.#novel = novelByEnds(this.#novelties);
    this.#byRules = new RuleGains(sides, ofDirection(this.#novelties.rules, 'ingress'));
    this.#everything = this.#rows.everywhere(this.#rows.sets.all);
    this.#fresh = this.#sendersBy((id) => this.#freshCause(id, 'from'));
    this.#moved = this.#sendersBy((id) => this.#movedCause(id, 'from'));
  }

  /** What gets to one receiver by rules alone, where paths to it and what names stand for are the same; undefined where they cannot tell. */
  byRules(id: ClassId): Gained | undefined {
    return this.#byRules.of(id);
  }

  /** Takes in what gets to one receiver, between any two interfaces. */
  take(id: ClassId, gained: Gained): void {
    this.#take(id, ofPairs(id, this.#sides.has, gained));
  }

  /** Takes in what gets to one receiver. */
  takeTraffic(id: ClassId): void {
    this.#take(id, gainedRow(id, this.#sides));
  }

  #take(id: ClassId, { sure, possible }: Both<RowId>): void {
    this.#attribute(id, sure, 'certain');
    this.#attribute(id, possible, 'perhaps');
  }

  statements(): readonly Statement[] {
    return [...this.#collected.values()].map(({ head, parts }) => ({
      ...head,
      parts: [...parts].map(([to, row]) => ({ to, row })),
    }));
  }

  #attribute(id: ClassId, gained: RowId, certainty: Certainty): void {
    if (gained === EMPTY_ROW) return;
    const own = this.#freshCause(id, 'to');
    let rest = own === undefined ? gained : this.#add(own, id, { row: gained, certainty, rest: gained });
    for (const { cause, set } of this.#fresh.values()) rest = this.#addMasked(cause, id, { set, certainty, rest });
    if (rest === EMPTY_ROW) return;
    // Each novelty gets all that it lets pass, also where another one would: a reader asks of each what it opens.
    const all = rest;
    for (const { cause, row } of this.#noveltyRows(id))
      rest = this.#add(cause, id, { row: this.#rows.and(all, row), certainty, rest });
    const moved = this.#movedCause(id, 'to');
    if (moved !== undefined && rest !== EMPTY_ROW) {
      const [old, now] = [this.#sides.lacks, this.#sides.has].map((matrix) =>
        matrix.groups.own(id, 'ingress', 'groups'),
      );
      const byOwn = this.#rows.without(now?.possible ?? EMPTY_ROW, old?.sure ?? EMPTY_ROW);
      rest = this.#add(moved, id, { row: this.#rows.and(rest, byOwn), certainty, rest });
    }
    for (const { cause, set } of this.#moved.values()) rest = this.#addMasked(cause, id, { set, certainty, rest });
    if (moved !== undefined) rest = this.#add(moved, id, { row: rest, certainty, rest });
    this.#blameGates(id, rest, certainty);
  }

  /** What is left comes of gates on the way: one packet of each run shows which refused. */
  #blameGates(id: ClassId, rest: RowId, certainty: Certainty): void {
    for (const segment of this.#rows.segments(rest))
      for (const [senders, first] of this.#bySpots(segment.set)) {
        const cause = blame(this.#sides.lacks, { from: first, to: id, point: segment.from });
        const row = this.#rows.over([segment.from, segment.to], senders);
        this.#add(cause, id, { row, certainty, rest: EMPTY_ROW });
      }
  }

  /** Takes in, where the way to a receiver is open in both worlds, the source ports with which an answer comes back in one only. */
  takeAnswers(id: ClassId, spots: JointSpots): void {
    const { lacks, has, effect } = this.#sides;
    const senders = spots.changedTowards(id);
    if (senders.length === 0) return;
    const others = this.#rows.sets.without(this.#rows.sets.all, this.#rows.sets.of(selfClasses(has.classes, id)));
    const both = this.#rows.and(lacks.row(id, 'to').possible, has.row(id, 'to').possible);
    for (const { set, first } of senders)
      for (const part of ['tcp', 'udp'] as const) {
        const old = lacks.sourcePorts(first, id).possible[part];
        const ports = subtractSets(has.sourcePorts(first, id).possible[part], old);
        const open = this.#rows.over(placeOnAxis([0, 65_535], part), this.#rows.sets.and(set, others));
        const row = this.#rows.and(both, open);
        const [segment] = this.#rows.segments(row);
        const [sourcePort] = ports;
        if (segment === undefined || sourcePort === undefined) continue;
        const [from = first] = this.#rows.sets.members(segment.set);
        const cause = blame(lacks, { from, to: id, point: segment.from, sourcePort });
        const sourcePorts = { tcp: part === 'tcp' ? ports : [], udp: part === 'udp' ? ports : [] };
        this.#put({ effect, certainty: 'certain', cause, about: 'answers', sourcePorts }, id, row);
      }
  }

  /** Rows that new rules, and rules with changed prefix lists, could let pass to a receiver. */
  *#noveltyRows(id: ClassId): Generator<{ readonly cause: Cause; readonly row: RowId }, void, undefined> {
    const { has } = this.#sides;
    const ways = this.#waysTo(id);
    const own = this.#groupsOf(id, has).flatMap((group) => this.#novel.ingress.get(group) ?? []);
    for (const { owned, cause } of own.length < 2 ? own : own.toSorted((a, b) => a.at - b.at)) {
      const row = this.#through(ways, ({ receiver }) => this.#ruleRow(owned, this.#seenBy(owned, receiver)));
      yield { cause, row };
    }
    for (const { owned, cause } of this.#novel.egress) {
      const senders = has.groups.withGroup(owned.group.id);
      if (senders === NO_CLASSES) continue;
      const all = this.#ruleRow(owned, senders);
      const isMet = (sight: Shape['receiver']): boolean => this.#rows.sets.has(this.#seenBy(owned, sight), id);
      const row = this.#through(ways, ({ sender }) => (isMet(sender) ? all : EMPTY_ROW));
      if (row !== EMPTY_ROW) yield { cause, row };
    }
  }

  /** What paths may let pass to a receiver, by what their gates see. Pairs that are asked one by one count as if groups were seen. */
  #waysTo(id: ClassId): readonly Ways[] {
    const { shapes, singles } = this.#sides.has.around(id, 'to');
    const ways = shapes.map(({ shape, rest }): Ways => ({ shape, rest: rest.possible }));
    const alone: Ways = { shape: { sender: 'groups', receiver: 'groups' }, rest: this.#everything };
    return singles.length === 0 ? ways : [...ways, alone];
  }

  /** What rules let pass on each way, together. */
  #through(ways: readonly Ways[], ruleRow: (shape: Shape) => RowId): RowId {
    return ways.reduce((all, { shape, rest }) => this.#rows.or(all, this.#rows.and(ruleRow(shape), rest)), EMPTY_ROW);
  }

  /** The classes at the other end that a rule names, perhaps, to a gate with this sight. */
  #seenBy({ rule }: OwnedRule, sight: Shape['receiver']): SetId {
    const { world, groups } = this.#sides.has;
    if (sight === 'none') return NO_CLASSES;
    if (typeof sight === 'string') return groups.ofPeer(rule.peer, sight).possible;
    return matchPeer(world, rule.peer, sight) === 'no' ? NO_CLASSES : groups.present;
  }

  #ruleRow({ rule }: OwnedRule, set: SetId): RowId {
    return this.#rows.over(trafficInterval(rule.traffic, this.#sides.has.classes.family), set);
  }

  /** Adds what a cause accounts for, and gives what is left. */
  #add(
    cause: Cause,
    id: ClassId,
    { row, certainty, rest }: { readonly row: RowId; readonly certainty: Certainty; readonly rest: RowId },
  ): RowId {
    if (row !== EMPTY_ROW) this.#put({ effect: this.#sides.effect, certainty, cause, about: 'traffic' }, id, row);
    return this.#rows.without(rest, row);
  }

  #addMasked(
    cause: Cause,
    id: ClassId,
    { set, certainty, rest }: { readonly set: SetId; readonly certainty: Certainty; readonly rest: RowId },
  ): RowId {
    return this.#add(cause, id, { row: this.#rows.masked(rest, set), certainty, rest });
  }

  #put(head: Omit<Statement, 'parts'>, id: ClassId, row: RowId): void {
    const key = `${head.certainty} ${head.about} ${JSON.stringify(head.sourcePorts ?? '')} ${causeKey(head.cause)}`;
    let known = this.#collected.get(key);
    if (known === undefined) {
      known = { head, parts: new Map() };
      this.#collected.set(key, known);
    }
    known.parts.set(id, this.#rows.or(known.parts.get(id) ?? EMPTY_ROW, row));
  }

  /** The classes of a set by where they are in both worlds, each with one of them. */
  *#bySpots(set: SetId): Generator<readonly [SetId, ClassId], void, undefined> {
    const { list } = this.#sides.has.classes;
    const alike = Map.groupBy(this.#rows.sets.members(set), (id) =>
      (list[id]?.sides ?? []).map((side) => side.spot).join(),
    );
    for (const ids of alike.values()) if (ids[0] !== undefined) yield [this.#rows.sets.of(ids), ids[0]];
  }

  #sendersBy(causeOfClass: (id: ClassId) => Cause | undefined): ReadonlyMap<string, { cause: Cause; set: SetId }> {
    const byKey = new Map<string, { readonly cause: Cause; readonly ids: ClassId[] }>();
    for (const id of this.#sides.has.classes.list.keys()) {
      const cause = causeOfClass(id);
      if (cause === undefined) continue;
      const known = byKey.get(causeKey(cause));
      if (known === undefined) byKey.set(causeKey(cause), { cause, ids: [id] });
      else known.ids.push(id);
    }
    return new Map([...byKey].map(([key, { cause, ids }]) => [key, { cause, set: this.#rows.sets.of(ids) }]));
  }

  #freshCause(id: ClassId, side: Side): Cause | undefined {
    const { has, lacks } = this.#sides;
    if (has.spotOf(id) === NO_SPOT || lacks.spotOf(id) !== NO_SPOT) return undefined;
    return { kind: 'interface', side, groups: this.#groupsOf(id, has) };
  }

  #movedCause(id: ClassId, side: Side): Cause | undefined {
    const { has, lacks } = this.#sides;
    if (has.spotOf(id) === NO_SPOT || lacks.spotOf(id) === NO_SPOT) return undefined;
    const [now, old] = [this.#groupsOf(id, has), this.#groupsOf(id, lacks)];
    const joined = now.filter((group) => !old.includes(group));
    const left = old.filter((group) => !now.includes(group));
    return joined.length + left.length === 0 ? undefined : { kind: 'membership', side, joined, left };
  }

  #groupsOf(id: ClassId, matrix: Matrix): readonly GroupId[] {
    return matrix.sideOf(id)?.groups ?? [];
  }
}

type Senders = { readonly set: SetId; readonly first: ClassId };

/** Classes by where they are in both worlds, and between which of these places other source ports are answered in one than in the other. */
class JointSpots {
  readonly #before: Matrix;
  readonly #after: Matrix;
  #sorted: { readonly groups: readonly Senders[]; readonly placeOf: readonly number[] } | undefined;
  readonly #changed = new Map<number, readonly Senders[]>();

  constructor(before: Matrix, after: Matrix) {
    this.#before = before;
    this.#after = after;
  }

  /** The places from where answers of a receiver get back with other source ports in one world than in the other. */
  changedTowards(id: ClassId): readonly Senders[] {
    if (this.#after.hasPathsOfLike(id)) return [];
    this.#sorted ??= this.#sort();
    const { groups, placeOf } = this.#sorted;
    const place = placeOf[id] ?? 0;
    let changed = this.#changed.get(place);
    if (changed === undefined) {
      changed = groups.filter(
        ({ first }) => !samePorts(this.#before.sourcePorts(first, id), this.#after.sourcePorts(first, id)),
      );
      this.#changed.set(place, changed);
    }
    return changed;
  }

  #sort(): { readonly groups: readonly Senders[]; readonly placeOf: readonly number[] } {
    const [before, after] = [this.#before, this.#after];
    const places = new Map<string, ClassId[]>();
    for (const id of before.classes.list.keys()) {
      // Links that are asked pair by pair may differ from class to class.
      const key = `${before.spotOf(id)} ${after.spotOf(id)} ${before.hasSingles(id) || after.hasSingles(id) ? id : ''}`;
      const known = places.get(key);
      if (known === undefined) places.set(key, [id]);
      else known.push(id);
    }
    const placeOf: number[] = [];
    for (const [place, members] of [...places.values()].entries()) for (const id of members) placeOf[id] = place;
    const groups = [...places.values()].map((members) => ({
      set: before.rows.sets.of(members),
      first: members[0] ?? 0,
    }));
    return { groups, placeOf };
  }
}

function samePorts(a: Both<SourcePorts>, b: Both<SourcePorts>): boolean {
  return sameSet(a.possible.tcp, b.possible.tcp) && sameSet(a.possible.udp, b.possible.udp);
}

/** Rules of ingress by their groups, those of egress in one list. */
function novelByEnds({ rules, listed }: Novelties): Novel {
  const added = new Set(rules.map(({ rule }) => rule));
  const ingress = new Map<GroupId, NovelRule[]>();
  const egress: NovelRule[] = [];
  for (const [at, owned] of [...rules, ...listed].entries()) {
    const one = { at, owned, cause: causeOf(owned, added) };
    if (owned.rule.direction === 'egress') egress.push(one);
    else fileUnder(ingress, owned.group.id, one);
  }
  return { ingress, egress };
}

function causeOf({ group, rule }: OwnedRule, added: ReadonlySet<Rule>): Cause {
  return !added.has(rule) && rule.peer.kind === 'prefix-list'
    ? { kind: 'prefix-list', prefixListId: rule.peer.prefixListId }
    : { kind: 'rule', groupId: group.id, rule };
}
