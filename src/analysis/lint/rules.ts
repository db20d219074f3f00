import { FAMILIES, type Family } from '../../core/net/address.ts';
import type { GroupId } from '../../core/model/ids.ts';
import { type Direction, DIRECTIONS, type Rule, type SecurityGroup } from '../../core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../core/model/world.ts';
import { recordLabel } from '../names.ts';
import { type RuleDocument, ruleDocument } from '../part-documents.ts';
import { carrierDoubts, resting, ruleDoubts } from './doubts.ts';
import { coverOf, type Region, regionOf } from './cover.ts';
import { type Finding, finding } from './finding.ts';

/** A rule that others make needless, and which. */
type Needless = { readonly group: SecurityGroup; readonly rule: Rule; readonly by: readonly RuleDocument[] };

/** Findings about needless rules, and those rules. */
export type RuleFindings = { readonly findings: readonly Finding[]; readonly needless: ReadonlySet<Rule> };

/**
 * Rules that other rules imply, in their own group or in the other groups of every interface that carries it. All of them together can go: none
 * is implied by another one that is reported.
 */
export function needlessRules(world: World): RuleFindings {
  const needless = new Set<Rule>();
  const regions = new Regions(world, needless);
  const groups = [...listRecords(world, 'groups')];
  const implied = groups.flatMap((group) => impliedRules(group, regions, needless));
  const sets = groupSets(world);
  const redundant = groups.flatMap((group) =>
    redundantRules(group, { regions, needless, sets: sets.get(group.id) ?? [] }),
  );
  const carriers = carrierDoubts(world);
  return {
    needless,
    findings: [
      ...implied.map((one) => needlessFinding(world, one, { rule: 'rule-implied', unknowns: [] })),
      ...redundant.map((one) => needlessFinding(world, one, { rule: 'rule-redundant', unknowns: carriers })),
    ],
  };
}

function impliedRules(group: SecurityGroup, regions: Regions, needless: Set<Rule>): readonly Needless[] {
  return DIRECTIONS.flatMap((direction) =>
    byBreadth(group, direction, regions).flatMap((rule): readonly Needless[] => {
      const by = coversOf(rule, (family) => regions.of(group, direction, family), regions);
      if (by === undefined) return [];
      needless.add(rule);
      return [{ group, rule, by: documents(group.id, by) }];
    }),
  );
}

type Elsewhere = {
  readonly regions: Regions;
  readonly needless: Set<Rule>;
  /** The other groups of the interfaces that carry the group, each combination once. */
  readonly sets: readonly (readonly SecurityGroup[])[];
};

function redundantRules(group: SecurityGroup, { regions, needless, sets }: Elsewhere): readonly Needless[] {
  if (sets.length === 0 || sets.some((others) => others.length === 0)) return [];
  return DIRECTIONS.flatMap((direction) =>
    byBreadth(group, direction, regions).flatMap((rule): readonly Needless[] => {
      const by = new Map<string, RuleDocument>();
      for (const others of sets) {
        const covers = coversOf(
          rule,
          (family) => [group, ...others].flatMap((one) => regions.of(one, direction, family)),
          regions,
        );
        if (covers === undefined) return [];
        for (const cover of covers) {
          const owner = [group, ...others].find((one) => one.rules.includes(cover)) ?? group;
          const document = ruleDocument({ kind: 'rule', groupId: owner.id, rule: cover });
          by.set(`${owner.id} ${cover.id} ${JSON.stringify(document)}`, document);
        }
      }
      needless.add(rule);
      return [{ group, rule, by: [...by.values()] }];
    }),
  );
}

/** What covers a rule in every family in which it admits anything; undefined where something is not covered. */
function coversOf(
  rule: Rule,
  othersIn: (family: Family) => readonly Region[],
  regions: Regions,
): ReadonlySet<Rule> | undefined {
  const by = new Set<Rule>();
  for (const family of FAMILIES) {
    const own = regions.ofRule(rule, family);
    if (own === undefined) continue;
    const others = othersIn(family).filter(
      (one) => one.rule !== rule && one.rule.doubt === undefined && !regions.needless.has(one.rule),
    );
    const cover = coverOf(own, others, family);
    if (cover === undefined) return undefined;
    for (const one of cover) by.add(one);
  }
  return by.size === 0 ? undefined : by;
}

/** The regions of rules, each made once. */
class Regions {
  readonly needless: ReadonlySet<Rule>;
  readonly #world: World;
  readonly #byGroup = new Map<string, readonly Region[]>();
  readonly #byRule: Readonly<Record<Family, Map<Rule, Region | undefined>>> = { ipv4: new Map(), ipv6: new Map() };

  constructor(world: World, needless: ReadonlySet<Rule>) {
    this.#world = world;
    this.needless = needless;
  }

  of(group: SecurityGroup, direction: Direction, family: Family): readonly Region[] {
    const key = `${group.id} ${direction} ${family}`;
    let made = this.#byGroup.get(key);
    if (made === undefined) {
      made = group.rules
        .filter((rule) => rule.direction === direction)
        .flatMap((rule) => this.ofRule(rule, family) ?? []);
      this.#byGroup.set(key, made);
    }
    return made;
  }

  ofRule(rule: Rule, family: Family): Region | undefined {
    const known = this.#byRule[family];
    if (!known.has(rule)) known.set(rule, regionOf(this.#world, rule, family));
    return known.get(rule);
  }
}

/** Narrow rules first: of two that imply each other the wider one stays. */
function byBreadth(group: SecurityGroup, direction: Direction, regions: Regions): readonly Rule[] {
  const breadth = (rule: Rule): number => {
    const region = regions.ofRule(rule, 'ipv4') ?? regions.ofRule(rule, 'ipv6');
    return region === undefined ? 0 : region.to - region.from;
  };
  return group.rules
    .filter((rule) => rule.direction === direction && !regions.needless.has(rule))
    .toSorted((a, b) => breadth(a) - breadth(b) || prefixLength(b) - prefixLength(a));
}

/** Names stand for the fewest addresses that one knows of. */
function prefixLength({ peer }: Rule): number {
  return peer.kind === 'cidr' ? peer.cidr.length : 129;
}

/** For each group, the other groups that interfaces carry with it, each combination once; groups that the world does not hold left out. */
function groupSets(world: World): ReadonlyMap<GroupId, readonly (readonly SecurityGroup[])[]> {
  const sets = new Map<GroupId, Map<string, readonly SecurityGroup[]>>();
  for (const eni of listRecords(world, 'enis')) {
    const carried = [...new Set(eni.groups)].toSorted();
    for (const id of carried) {
      const others = carried.filter((other) => other !== id);
      const known = sets.get(id) ?? new Map<string, readonly SecurityGroup[]>();
      sets.set(id, known);
      if (!known.has(others.join(' ')))
        known.set(
          others.join(' '),
          others.flatMap((other) => getRecord(world, 'groups', other) ?? []),
        );
    }
  }
  return new Map([...sets].map(([id, known]) => [id, [...known.values()]]));
}

function documents(groupId: GroupId, rules: Iterable<Rule>): readonly RuleDocument[] {
  return [...rules].map((rule) => ruleDocument({ kind: 'rule', groupId, rule }));
}

function needlessFinding(
  world: World,
  { group, rule, by }: Needless,
  { rule: id, unknowns }: { readonly rule: 'rule-implied' | 'rule-redundant'; readonly unknowns: readonly string[] },
): Finding {
  const where = id === 'rule-implied' ? 'of the group' : 'of the other groups of every interface that carries it';
  const together = by.length === 1 ? 'one rule' : `${by.length} rules`;
  return finding({
    rule: id,
    severity: 'note',
    resource: group.id,
    label: recordLabel(world, group.id),
    message: `admits nothing that ${together} ${where} ${by.length === 1 ? 'does' : 'do'} not`,
    subjects: documents(group.id, [rule]),
    by,
    ...resting([...unknowns, ...ruleDoubts([rule])]),
  });
}
