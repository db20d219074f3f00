import type { IntervalSet } from '../../core/net/interval-set.ts';
import type { Direction } from '../../core/model/security-group.ts';
import type { World } from '../../core/model/world.ts';
import type { PeerSight } from '../../core/policy/path.ts';
import { gateSet } from '../../core/policy/gate-set.ts';
import type { Reach } from '../../core/policy/reach.ts';
import type { Stop } from '../trip.ts';
import type { SetId } from './bitsets.ts';
import type { ClassId, Classes, ClassSide } from './classes.ts';
import { GroupRows, oppositeOf } from './group-rows.ts';
import {
  type Both,
  differentStops,
  type Link,
  Links,
  NO_SOURCE_PORTS,
  pointsOf,
  type Shape,
  type Sight,
  singleReach,
  type SourcePorts,
  sourcePortsOf,
} from './links.ts';
import { EMPTY_ROW, type RowId, type Rows } from './rows.ts';
import { hasSamePaths, NO_SPOT, type SpotId, stopOf } from './spots.ts';

/** The points of the axis that get from one class to another, and the source ports with which they are answered. */
export type Cell = { readonly points: Both<IntervalSet>; readonly sourcePorts: Both<SourcePorts> };

/** Which way rows look: `to` a class, from everybody; `from` a class, to everybody. */
export type Facing = 'to' | 'from';

/** What the links of a spot say, gathered by what they ask of groups. */
type Around = {
  readonly shapes: readonly { readonly shape: Shape; readonly rest: Both<RowId> }[];
  /** The spots at the other end of links that are asked pair by pair. */
  readonly singles: readonly SpotId[];
};

/** What a matrix shares with others. */
type Shared = { readonly rows: Rows; readonly like?: Matrix; readonly links?: Links | undefined };

/** The direction of the rules that speak for the class that a row faces. */
const OWN: Readonly<Record<Facing, Direction>> = { to: 'ingress', from: 'egress' };

/**
 * Who reaches whom in one world, exactly and for all pairs of classes: for each class a row in either facing, made when it is first asked
 * for. A class's row is all that paths let pass, met with what its own groups admit and with what the groups of the others admit.
 */
export class Matrix {
  readonly classes: Classes;
  readonly world: World;
  readonly rows: Rows;
  readonly groups: GroupRows;
  readonly links: Links;
  /** The links are those of the world that this one is compared with. */
  readonly #sharesLinks: boolean;
  readonly #at: number;
  readonly #spotSets: readonly SetId[];
  readonly #around: { readonly [F in Facing]: Map<SpotId, Around> } = { to: new Map(), from: new Map() };
  readonly #hasSingles = new Map<SpotId, boolean>();
  readonly #made: { readonly [F in Facing]: Map<ClassId, Both<RowId>> } = { to: new Map(), from: new Map() };
  readonly #single = new Map<number, Reach | undefined>();

  /**
   * `at`: which of the classes' worlds. Matrices that are compared share their rows; `like` is the one to be compared with. `links`: those of other
   * classes of the world with the same spots.
   */
  constructor(classes: Classes, at: number, { rows, like, links }: Shared) {
    const world = classes.worlds[at];
    const spots = classes.spots[at];
    if (world === undefined || spots === undefined) throw new Error('the classes are of no such world');
    this.classes = classes;
    this.world = world;
    this.rows = rows;
    this.#at = at;
    this.groups = new GroupRows(classes, at, { rows, ...(like === undefined ? {} : { like: like.groups }) });
    const known = like !== undefined && hasSamePaths(world, like.world) ? like.links : links;
    this.links = known ?? new Links(world, spots);
    this.#sharesLinks = this.links === like?.links;
    const ids: ClassId[][] = spots.map(() => []);
    for (const [id, { sides }] of classes.list.entries()) ids[sides[at]?.spot ?? NO_SPOT]?.push(id);
    this.#spotSets = ids.map((one) => rows.sets.of(one));
  }

  /** Which classes reach a class at each point (`to`), or which it reaches (`from`). */
  row(id: ClassId, facing: Facing): Both<RowId> {
    let made = this.#made[facing].get(id);
    if (made === undefined) {
      made = this.#make(id, facing);
      this.#made[facing].set(id, made);
    }
    return made;
  }

  /** All traffic between two classes. */
  cell(from: ClassId, to: ClassId): Cell {
    const { sure, possible } = this.row(to, 'to');
    const certain = this.rows.pointsOf(sure, from);
    const points = { sure: certain, possible: sure === possible ? certain : this.rows.pointsOf(possible, from) };
    return { points, sourcePorts: this.sourcePorts(from, to) };
  }

  /** The source ports with which TCP and UDP between two classes are answered, where anything gets through at all. */
  sourcePorts(from: ClassId, to: ClassId): Both<SourcePorts> {
    const link = this.#link(this.spotOf(from), this.spotOf(to));
    if (link.kind === 'shaped') return link.sourcePorts;
    const reach = link.kind === 'single' ? this.#singleReach(from, to) : undefined;
    return reach === undefined
      ? { sure: NO_SOURCE_PORTS, possible: NO_SOURCE_PORTS }
      : { sure: sourcePortsOf(reach.sure), possible: sourcePortsOf(reach.possible) };
  }

  /** What paths alone let pass between a class and everybody, by what they ask of groups. */
  around(id: ClassId, facing: Facing): Around {
    const spot = this.spotOf(id);
    let made = this.#around[facing].get(spot);
    if (made === undefined) {
      made = this.#gather(spot, facing);
      this.#around[facing].set(spot, made);
    }
    return made;
  }

  /** Whether some of a class's links are asked pair by pair. */
  hasSingles(id: ClassId): boolean {
    const spot = this.spotOf(id);
    let known = this.#hasSingles.get(spot);
    if (known === undefined) {
      known = this.#spotSets.some((_, other) => this.#isSingle(other, spot) || this.#isSingle(spot, other));
      this.#hasSingles.set(spot, known);
    }
    return known;
  }

  #isSingle(from: SpotId, to: SpotId): boolean {
    return this.#link(from, to).kind === 'single';
  }

  /** Where a class is in this world. */
  spotOf(id: ClassId): SpotId {
    return this.sideOf(id)?.spot ?? NO_SPOT;
  }

  /** What a class is in this world. */
  sideOf(id: ClassId): ClassSide | undefined {
    return this.classes.list[id]?.sides[this.#at];
  }

  /** Where packets of a class start and end: two members are enough to find two of different interfaces, if there are. */
  stopsOf(id: ClassId): readonly Stop[] {
    const members = this.classes.list[id]?.members ?? [];
    const [first] = members;
    const other = members.find((one) => one.eniId !== first?.eniId);
    return [first, other].flatMap((member) => (member === undefined ? [] : [stopOf(this.world, member)]));
  }

  #make(id: ClassId, facing: Facing): Both<RowId> {
    if (this.spotOf(id) === NO_SPOT) return { sure: EMPTY_ROW, possible: EMPTY_ROW };
    const { shapes, singles } = this.around(id, facing);
    let sure = EMPTY_ROW;
    let possible = EMPTY_ROW;
    for (const { shape, rest } of shapes) {
      const met = this.#meet(id, facing, { shape, rest });
      sure = this.rows.or(sure, met.sure);
      possible = this.rows.or(possible, met.possible);
    }
    if (singles.length === 0) return { sure, possible };
    const alone = this.#singleRows(id, facing, singles);
    return { sure: this.rows.or(sure, alone.sure), possible: this.rows.or(possible, alone.possible) };
  }

  /**
   * What gets through by a part of a class's own rules alone, only where its rules are asked: `own` gives the part's row for what a path lets them see of
   * the other end. Undefined where rows cannot tell: pairs are asked one by one, or a device hides the other end.
   */
  rowBy(id: ClassId, facing: Facing, own: (sight: Sight) => Both<RowId>): Both<RowId> | undefined {
    const { shapes, singles } = this.around(id, facing);
    if (singles.length > 0) return undefined;
    let made: Both<RowId> = { sure: EMPTY_ROW, possible: EMPTY_ROW };
    for (const { shape, rest } of shapes) {
      const [near, away] = facing === 'to' ? [shape.receiver, shape.sender] : [shape.sender, shape.receiver];
      if (near === 'none') continue;
      if (typeof near !== 'string') return undefined;
      const mine = own(near);
      if (mine.sure === EMPTY_ROW && mine.possible === EMPTY_ROW) continue;
      const parts = [rest, mine, this.#farRow(id, oppositeOf(OWN[facing]), away)];
      for (const certainty of ['sure', 'possible'] as const) {
        const met = parts.reduce(
          (row, part) => (part === undefined ? row : this.rows.and(row, part[certainty])),
          parts[0]?.[certainty] ?? EMPTY_ROW,
        );
        made = { ...made, [certainty]: this.rows.or(made[certainty], met) };
      }
    }
    return made;
  }

  /**
   * Whether all that gets to a class is what gets to it in the world that this one is compared with, as paths and rules are the same. False also
   * where that is not quick to tell.
   */
  isAsInLike(id: ClassId): boolean {
    return this.hasPathsOfLike(id) && this.groups.isAsInLike(id, OWN.to);
  }

  /** Whether paths to a class are those in the world that this one is compared with, and no pair is asked by itself. */
  hasPathsOfLike(id: ClassId): boolean {
    return this.#sharesLinks && this.around(id, 'to').singles.length === 0;
  }

  /** The rows of which a class's row is made, as text: equal texts of two matrices with the same rows mean equal rows. Empty: not to be told so. */
  recipe(id: ClassId, facing: Facing): string {
    const { shapes, singles } = this.around(id, facing);
    if (singles.length > 0) return '';
    const parts = shapes.map((one) =>
      this.#ingredients(id, facing, one).map((part) => `${part.sure} ${part.possible}`),
    );
    return `.${parts
      .map((part) => part.join())
      .toSorted()
      .join(';')}`;
  }

  /** What a shape's paths let pass, met with the rules at both ends. */
  #meet(id: ClassId, facing: Facing, { shape, rest }: Around['shapes'][number]): Both<RowId> {
    return this.#ingredients(id, facing, { shape, rest }).reduce((met, part) => ({
      sure: this.rows.and(met.sure, part.sure),
      possible: this.rows.and(met.possible, part.possible),
    }));
  }

  #ingredients(id: ClassId, facing: Facing, { shape, rest }: Around['shapes'][number]): readonly Both<RowId>[] {
    const [near, away] = facing === 'to' ? [shape.receiver, shape.sender] : [shape.sender, shape.receiver];
    const own = this.#ownRow(id, OWN[facing], near);
    const far = this.#farRow(id, oppositeOf(OWN[facing]), away);
    // Rules of egress differ least from class to class: what they leave of paths is the same for many.
    const rules = facing === 'to' ? [far, own] : [own, far];
    return [rest, ...rules].filter((part) => part !== undefined);
  }

  #ownRow(id: ClassId, direction: Direction, sight: Sight | 'none' | PeerSight): Both<RowId> | undefined {
    if (sight === 'none') return undefined;
    if (typeof sight === 'string') return this.groups.own(id, direction, sight);
    const { sure, possible } = this.#admits(id, sight);
    const { present } = this.groups;
    return { sure: this.rows.over(sure, present), possible: this.rows.over(possible, present) };
  }

  #farRow(id: ClassId, direction: Direction, sight: Sight | 'none' | PeerSight): Both<RowId> | undefined {
    if (sight === 'none') return undefined;
    if (typeof sight === 'string') return this.groups.far(id, direction, sight);
    const pieces = [...this.rows.sets.members(this.groups.present)].map((far) => ({
      set: this.rows.sets.of([far]),
      ...this.#admits(far, sight),
    }));
    return {
      sure: this.rows.ofPieces(pieces.map(({ set, sure }) => ({ set, points: sure }))),
      possible: this.rows.ofPieces(pieces.map(({ set, possible }) => ({ set, points: possible }))),
    };
  }

  /** What the groups of a class let in from one address. */
  #admits(id: ClassId, peer: PeerSight): Both<IntervalSet> {
    const stop = this.stopsOf(id)[0];
    if (stop?.place.kind !== 'eni') return { sure: [], possible: [] };
    const { eni } = stop.place;
    return gateSet(this.world, {
      kind: 'groups',
      way: 'forward',
      stage: 'group-ingress',
      resource: eni.id,
      source: peer.address,
      destination: stop.address,
      eni,
      direction: 'ingress',
      peer,
      view: 'request',
    });
  }

  #gather(spot: SpotId, facing: Facing): Around {
    const shapes = new Map<string, { readonly shape: Shape; readonly sure: Piece[]; readonly possible: Piece[] }>();
    const singles: SpotId[] = [];
    for (const [other, set] of this.#spotSets.entries()) {
      const link = facing === 'to' ? this.#link(other, spot) : this.#link(spot, other);
      if (link.kind === 'single') singles.push(other);
      if (link.kind !== 'shaped') continue;
      const key = JSON.stringify([link.shape.sender, link.shape.receiver]);
      const known = shapes.get(key) ?? { shape: link.shape, sure: [], possible: [] };
      shapes.set(key, known);
      known.sure.push({ points: link.points.sure, set });
      known.possible.push({ points: link.points.possible, set });
    }
    return {
      shapes: [...shapes.values()].map(({ shape, sure, possible }) => ({
        shape,
        rest: { sure: this.rows.ofPieces(sure), possible: this.rows.ofPieces(possible) },
      })),
      singles,
    };
  }

  #singleRows(id: ClassId, facing: Facing, singles: readonly SpotId[]): Both<RowId> {
    const sure: Piece[] = [];
    const possible: Piece[] = [];
    for (const spot of singles)
      for (const other of this.rows.sets.members(this.#spotSets[spot] ?? 0)) {
        const reach = facing === 'to' ? this.#singleReach(other, id) : this.#singleReach(id, other);
        if (reach === undefined) continue;
        const set = this.rows.sets.of([other]);
        sure.push({ points: pointsOf(reach.sure), set });
        possible.push({ points: pointsOf(reach.possible), set });
      }
    return { sure: this.rows.ofPieces(sure), possible: this.rows.ofPieces(possible) };
  }

  #singleReach(from: ClassId, to: ClassId): Reach | undefined {
    const key = from * this.classes.list.length + to;
    if (!this.#single.has(key)) {
      const pair = differentStops(this.stopsOf(from), this.stopsOf(to));
      this.#single.set(key, pair === undefined ? undefined : singleReach(this.world, pair.from, pair.to));
    }
    return this.#single.get(key);
  }

  #link(from: SpotId, to: SpotId): Link {
    return from === NO_SPOT || to === NO_SPOT ? { kind: 'none' } : this.links.between(from, to);
  }
}

type Piece = { readonly points: IntervalSet; readonly set: SetId };
