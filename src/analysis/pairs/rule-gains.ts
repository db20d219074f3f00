import type { GroupId } from '../../core/model/ids.ts';
import { getRecord } from '../../core/model/world.ts';
import { type PlacedRule, preparedRules } from '../../core/policy/match.ts';
import type { OwnedRule } from './causes.ts';
import type { ClassId } from './classes.ts';
import type { Both, Sight } from './links.ts';
import type { Matrix } from './matrix.ts';
import { EMPTY_ROW, type RowId, type Rows } from './rows.ts';

/** What one matrix has for a receiver and another lacks, for certain, and with what it has perhaps. */
export type Gained = { readonly certain: RowId; readonly raised: RowId };

/** What one of two rows has and the other lacks: `certain`, what is sure and was not possible; `possible` and `sure`, what was not so. */
type Gain = Both<RowId> & { readonly certain: RowId };

const NOTHING: Gain = { certain: EMPTY_ROW, sure: EMPTY_ROW, possible: EMPTY_ROW };

/**
 * What one of two matrices gains where paths are the same and names in rules stand for the same classes: by the rules alone that the other does not have.
 * With p what paths let pass, f and o what rules at the far end and the own ones admit, p ∧ f ∧ o without p ∧ f′ ∧ o′ is p ∧ ((f without f′) ∧ o, or
 * f ∧ (o without o′)): whole rows need not be made, nor, mostly, all of o.
 */
export class RuleGains {
  readonly #has: Matrix;
  readonly #lacks: Matrix;
  readonly #rows: Rows;
  /** The rules that the other world does not have, by group. */
  readonly #novel = new Map<GroupId, readonly PlacedRule[]>();
  readonly #own = new Map<string, OwnGain>();

  /** `novel`: rules that the second matrix's world does not have. */
  constructor({ has, lacks }: { readonly has: Matrix; readonly lacks: Matrix }, novel: readonly OwnedRule[]) {
    this.#has = has;
    this.#lacks = lacks;
    this.#rows = has.rows;
    const rules = new Set(novel.map(({ rule }) => rule));
    for (const { group } of novel)
      if (!this.#novel.has(group.id))
        this.#novel.set(
          group.id,
          placedIn(has, group.id).filter((one) => rules.has(one.rule)),
        );
  }

  /** What a receiver gains; undefined where whole rows have to tell. Paths to it must be the same in both, and none asked pair by pair. */
  of(id: ClassId): Gained | undefined {
    if (!this.#has.groups.hasKnownGroups(id)) return undefined;
    let gained: Gained = { certain: EMPTY_ROW, raised: EMPTY_ROW };
    for (const { shape, rest } of this.#has.around(id, 'to').shapes) {
      const { sender, receiver } = shape;
      if (typeof receiver !== 'string' || typeof sender !== 'string') return undefined;
      const far = sender === 'none' ? undefined : this.#has.groups.far(id, 'egress', sender);
      if (receiver !== 'none') gained = this.#with(gained, this.#ownGain(id, receiver, rest), [rest, far]);
      if (far === undefined || sender === 'none') continue;
      const farGain = this.#over(far, this.#lacks.groups.far(id, 'egress', sender));
      if (farGain === NOTHING) continue;
      const own = receiver === 'none' ? undefined : this.#has.groups.own(id, 'ingress', receiver);
      gained = this.#with(gained, farGain, [rest, own]);
    }
    return gained;
  }

  /** What is gained already, and what of a gain gets there and is admitted. */
  #with(gained: Gained, gain: Gain, met: readonly (Both<RowId> | undefined)[]): Gained {
    if (gain === NOTHING) return gained;
    const meet = (row: RowId, certainty: keyof Both<RowId>): RowId =>
      met.reduce((all, one) => (one === undefined ? all : this.#rows.and(all, one[certainty])), row);
    return {
      certain: this.#rows.or(gained.certain, meet(gain.certain, 'sure')),
      raised: this.#rows.union([gained.raised, meet(gain.possible, 'possible'), meet(gain.sure, 'sure')]),
    };
  }

  #over(has: Both<RowId>, lacks: Both<RowId>): Gain {
    if (has.sure === lacks.sure && has.possible === lacks.possible) return NOTHING;
    return {
      certain: this.#rows.without(has.sure, lacks.possible),
      sure: this.#rows.without(has.sure, lacks.sure),
      possible: this.#rows.without(has.possible, lacks.possible),
    };
  }

  /** What a class's own rules admit in one world and not in the other, if any of that gets there. */
  #ownGain(id: ClassId, sight: Sight, rest: Both<RowId>): Gain {
    const groups = this.#has.sideOf(id)?.groups ?? [];
    const key = `${sight} ${groups.join(' ')}`;
    let own = this.#own.get(key);
    if (own === undefined) {
      const rules = groups.flatMap((group) => this.#novel.get(group) ?? []);
      own = { rules, row: this.#has.groups.ofRules(rules, sight) };
      this.#own.set(key, own);
    }
    if (this.#rows.and(own.row.possible, rest.possible) === EMPTY_ROW) return NOTHING;
    return (own.gain ??= this.#over(own.row, this.#lacks.groups.ofRules(this.#metBy(own.rules, groups), sight)));
  }

  /** Rules of the other world that share points with new ones: what both worlds have admits the same, so these are enough to hold new ones against. */
  #metBy(novel: readonly PlacedRule[], groups: readonly GroupId[]): readonly PlacedRule[] {
    return groups
      .flatMap((group) => placedIn(this.#lacks, group))
      .filter(({ from, to }) => novel.some((one) => one.from <= to && one.to >= from));
  }
}

/** New rules of some groups, whom they admit, and what of that the other world does not, once it was asked for. */
type OwnGain = { readonly rules: readonly PlacedRule[]; readonly row: Both<RowId>; gain?: Gain };

function placedIn({ world, classes }: Matrix, id: GroupId): readonly PlacedRule[] {
  const group = getRecord(world, 'groups', id);
  return group === undefined ? [] : preparedRules(group, 'ingress', classes.family).placed;
}
