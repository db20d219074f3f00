import type { GroupId } from '../../core/model/ids.ts';
import type { Rule } from '../../core/model/security-group.ts';
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
  readonly #novel = new Map<GroupId, Set<Rule>>();
  readonly #own = new Map<string, Gain>();

  /** `novel`: rules that the second matrix's world does not have. */
  constructor({ has, lacks }: { readonly has: Matrix; readonly lacks: Matrix }, novel: readonly OwnedRule[]) {
    this.#has = has;
    this.#lacks = lacks;
    this.#rows = has.rows;
    for (const { group, rule } of novel) {
      const known = this.#novel.get(group.id);
      if (known === undefined) this.#novel.set(group.id, new Set([rule]));
      else known.add(rule);
    }
  }

  /** What a receiver gains; undefined where whole rows have to tell. Paths to it must be the same in both, and none asked pair by pair. */
  of(id: ClassId): Gained | undefined {
    if (!this.#has.groups.hasKnownGroups(id)) return undefined;
    let gained: Gained = { certain: EMPTY_ROW, raised: EMPTY_ROW };
    for (const { shape, rest } of this.#has.around(id, 'to').shapes) {
      const { sender, receiver } = shape;
      if (typeof receiver !== 'string' || typeof sender !== 'string') return undefined;
      const far = sender === 'none' ? undefined : this.#has.groups.far(id, 'egress', sender);
      if (receiver !== 'none') gained = this.#with(gained, this.#ownGain(id, receiver), [rest, far]);
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

  #ownGain(id: ClassId, sight: Sight): Gain {
    const groups = this.#has.sideOf(id)?.groups ?? [];
    const key = `${sight} ${groups.join(' ')}`;
    let gain = this.#own.get(key);
    if (gain === undefined) {
      gain = this.#makeOwn(groups, sight);
      this.#own.set(key, gain);
    }
    return gain;
  }

  /** What rules of these groups admit in one world and not in the other: what both have admits the same, so new rules are enough, and those that they meet. */
  #makeOwn(groups: readonly GroupId[], sight: Sight): Gain {
    const novel = groups.flatMap((group) => {
      const rules = this.#novel.get(group);
      return rules === undefined ? [] : placedIn(this.#has, group).filter(({ rule }) => rules.has(rule));
    });
    if (novel.length === 0) return NOTHING;
    const met = groups
      .flatMap((group) => placedIn(this.#lacks, group))
      .filter(({ from, to }) => novel.some((one) => one.from <= to && one.to >= from));
    return this.#over(this.#has.groups.ofRules(novel, sight), this.#lacks.groups.ofRules(met, sight));
  }
}

function placedIn({ world, classes }: Matrix, id: GroupId): readonly PlacedRule[] {
  const group = getRecord(world, 'groups', id);
  return group === undefined ? [] : preparedRules(group, 'ingress', classes.family).placed;
}
