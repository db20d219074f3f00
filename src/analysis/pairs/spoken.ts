import type { GroupId } from '../../core/model/ids.ts';
import { getRecord } from '../../core/model/world.ts';
import { preparedRules } from '../../core/policy/match.ts';
import type { ClassId } from './classes.ts';
import type { Both, Sight } from './links.ts';
import type { Matrix } from './matrix.ts';
import { EMPTY_ROW, type RowId } from './rows.ts';

/** All that a rule of ingress speaks of: its points, first and last, and whom it names at them. */
export type Spoken = { readonly points: readonly [number, number]; readonly row: RowId };

/**
 * What gets to classes of all that one rule of ingress speaks of, for certain, by whatever rule: of the rules of a class those are asked that share a
 * point with it, and whole rows are made only where these cannot tell.
 */
export class SpokenRows {
  readonly #matrix: Matrix;
  readonly #spoken: Spoken;
  readonly #own: Readonly<Record<Sight, Map<readonly GroupId[], Both<RowId>>>> = {
    groups: new Map(),
    address: new Map(),
    perhaps: new Map(),
  };

  constructor(matrix: Matrix, spoken: Spoken) {
    this.#matrix = matrix;
    this.#spoken = spoken;
  }

  /** What of it gets to a class. */
  of(id: ClassId): RowId {
    const matrix = this.#matrix;
    const groups = matrix.sideOf(id)?.groups;
    const isAsked = matrix
      .around(id, 'to')
      .shapes.every(({ shape, rest }) => shape.receiver !== 'none' || rest.sure === EMPTY_ROW);
    const got =
      groups !== undefined && isAsked && matrix.groups.hasKnownGroups(id)
        ? matrix.rowBy(id, 'to', (sight) => this.#ownRow(groups, sight))
        : undefined;
    return matrix.rows.and(this.#spoken.row, (got ?? matrix.row(id, 'to')).sure);
  }

  #ownRow(groups: readonly GroupId[], sight: Sight): Both<RowId> {
    const known = this.#own[sight];
    let made = known.get(groups);
    if (made === undefined) {
      const { world, classes, groups: admitting } = this.#matrix;
      const [first, last] = this.#spoken.points;
      const rules = groups.flatMap((id) => {
        const group = getRecord(world, 'groups', id);
        return group === undefined ? [] : preparedRules(group, 'ingress', classes.family).placed;
      });
      made = admitting.ofRules(
        rules.filter(({ from, to }) => from <= last && to >= first),
        sight,
      );
      known.set(groups, made);
    }
    return made;
  }
}
