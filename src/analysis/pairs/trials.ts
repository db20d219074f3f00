import { FAMILIES, type Family, sameAddress } from '../../core/net/address.ts';
import { type Cidr, formatCidr } from '../../core/net/cidr.ts';
import { hasDoubts } from '../../core/model/doubts.ts';
import type { World } from '../../core/model/world.ts';
import type { Stop } from '../trip.ts';
import { Bitsets } from './bitsets.ts';
import { noveltiesOf, type OwnedRule } from './causes.ts';
import { type ClassId, type Classes, classesOf } from './classes.ts';
import { type Difference, differenceAt, differenceIn } from './difference.ts';
import type { Sight } from './links.ts';
import { Matrix } from './matrix.ts';
import { Rows } from './rows.ts';

/** One world cut along what other worlds' rules name, and the classes of which pairs are asked one by one. */
type Ground = { readonly matrix: Matrix; readonly singles: readonly ClassId[] };

const SIGHTS: readonly Sight[] = ['groups', 'address', 'perhaps'];

/**
 * Compares one world with many that are tried in its place. What differs in rules of groups alone is compared at the ends that these rules speak of, over
 * classes and rows that stay; everything else as a whole. INVARIANT: `differencesTo` is `differenceOf`, number by number.
 */
export class Trials {
  readonly world: World;
  readonly #grounds = new Map<string, Ground>();

  constructor(world: World) {
    this.world = world;
  }

  /** What another world opens and closes, in both families. */
  differencesTo(after: World): readonly Difference[] {
    const rules = this.#changedRules(after);
    return FAMILIES.map((family) =>
      rules === undefined
        ? differenceIn(family, { before: this.world, after })
        : this.#differenceBy(rules, { family, after }),
    );
  }

  /** The rules that one of the worlds lacks; undefined where that is not all, or something is not known. */
  #changedRules(after: World): Changed | undefined {
    const { world } = this;
    const { groups: _before, ...others } = world.records;
    const isAll = (Object.keys(others) as (keyof typeof others)[]).every(
      (kind) => after.records[kind] === world.records[kind],
    );
    if (!isAll || after.missing !== world.missing || hasDoubts(world) || hasDoubts(after)) return undefined;
    return { added: noveltiesOf(after, world).rules, removed: noveltiesOf(world, after).rules };
  }

  #differenceBy({ added, removed }: Changed, asked: { readonly family: Family; readonly after: World }): Difference {
    const { family, after } = asked;
    const cuts = added.flatMap(({ rule: { peer } }) =>
      peer.kind === 'cidr' && peer.cidr.family === family ? peer.cidr : [],
    );
    const { matrix: before, singles } = this.#ground(family, cuts);
    const [first = after] = before.classes.worlds;
    const now = new Matrix({ ...before.classes, worlds: [first, after] }, 1, { rows: before.rows, like: before });
    const receivers = new Set(singles);
    for (const owned of added) for (const id of receiversOf(now, owned)) receivers.add(id);
    for (const owned of removed) for (const id of receiversOf(before, owned)) receivers.add(id);
    return differenceAt(
      [...receivers].toSorted((a, b) => a - b),
      { before, after: now },
    );
  }

  #ground(family: Family, cuts: readonly Cidr[]): Ground {
    const plain = this.#groundOf(family, []);
    const strange = cuts.filter((cidr) => plain.matrix.classes.tree.nodeFor(cidr) === undefined);
    return strange.length === 0 ? plain : this.#groundOf(family, strange);
  }

  #groundOf(family: Family, cuts: readonly Cidr[]): Ground {
    const key = `${family} ${cuts.map(formatCidr).join()}`;
    let made = this.#grounds.get(key);
    if (made === undefined) {
      const classes = classesOf([this.world], family, cuts);
      const rows = new Rows(new Bitsets(classes.list.length));
      const plain = this.#grounds.get(`${family} `)?.matrix;
      const links = plain !== undefined && hasSameStops(plain.classes, classes) ? plain.links : undefined;
      const matrix = new Matrix(twice(classes), 0, { rows, links });
      made = { matrix, singles: [...classes.list.keys()].filter((id) => matrix.hasSingles(id)) };
      this.#grounds.set(key, made);
    }
    return made;
  }
}

type Changed = { readonly added: readonly OwnedRule[]; readonly removed: readonly OwnedRule[] };

/** The same classes for a world and another beside it, which has other rules alone. */
function twice(classes: Classes): Classes {
  const [first] = classes.worlds;
  const [spots = []] = classes.spots;
  return {
    ...classes,
    worlds: first === undefined ? [] : [first, first],
    spots: [spots, spots],
    list: classes.list.map((one) => {
      const [side] = one.sides;
      return side === undefined ? one : { ...one, sides: [side, side] };
    }),
  };
}

/** Whether the spots of two worlds with the same paths are the same, number by number: a member is of one spot only, so one that both have tells. */
function hasSameStops({ spots: [own = []] }: Classes, { spots: [others = []] }: Classes): boolean {
  return own.length === others.length && own.every(({ stops }, at) => isSameStop(stops[0], others[at]?.stops[0]));
}

function isSameStop(a: Stop | undefined, b: Stop | undefined): boolean {
  if (a === undefined || b === undefined || !sameAddress(a.address, b.address)) return false;
  if (a.place.kind !== 'eni' || b.place.kind !== 'eni') return a.place.kind === b.place.kind;
  return a.place.eni === b.place.eni;
}

/** Receivers of all that a rule can let pass: those that carry its group, or those that it names. */
function receiversOf(matrix: Matrix, { group, rule }: OwnedRule): Iterable<ClassId> {
  const { groups, rows } = matrix;
  if (rule.direction === 'ingress') return rows.sets.members(groups.withGroup(group.id));
  const named = SIGHTS.map((sight) => groups.ofPeer(rule.peer, sight).possible);
  return rows.sets.members(named.reduce((a, b) => rows.sets.or(a, b)));
}
