import { asId } from '../../core/model/ids.ts';
import { type Direction, DIRECTIONS, ruleIdentity } from '../../core/model/security-group.ts';
import type { WriterOverlap } from '../writer-overlap.ts';
import type { Attributes } from './attributes.ts';
import { ACLS, declaringGroups, GROUPS, groupIdOf, saidBy, SINGLE, standaloneRules } from './filters.ts';
import { readEntry } from './rules.ts';
import type { Side } from './side.ts';

/** One resource that writes a rule or entry of a group or NACL. */
type Writing = {
  readonly resource: string;
  readonly direction: Direction;
  readonly address: string;
  readonly isSingle: boolean;
  readonly what: string;
  readonly doubt?: string;
};

/** The side of a plan's configuration on which resources undo each other's work. Nothing is told of a state: it does not say who wrote what. */
export function writerOverlaps(side: Side): readonly WriterOverlap[] {
  const rules = ruleWritings(side);
  const entries = entryWritings(side);
  return [
    ...besideBlocks(rules, blockGroups(side)),
    ...besideBlocks(entries, blockAcls(side)),
    ...sameRules(rules),
    ...twoKinds(rules),
  ];
}

function ruleWritings(side: Side): readonly Writing[] {
  return standaloneRules(side).flatMap(({ rule, groupIds, isExact }) =>
    groupIds.flatMap((resource) =>
      saidBy(side, rule, resource).map((said): Writing => {
        const doubt = isExact ? said.doubt : rule.label('security_group_id');
        return {
          resource,
          direction: said.direction,
          address: rule.instance.address,
          isSingle: SINGLE.includes(rule.instance.type),
          what: ruleIdentity({ ...said, id: asId(''), tags: [] }),
          ...(doubt === undefined ? {} : { doubt }),
        };
      }),
    ),
  );
}

function entryWritings(side: Side): readonly Writing[] {
  return side.resources.of('aws_network_acl_rule').flatMap((rule) => {
    const { ids, isExact } = rule.ids('network_acl_id');
    return ids.flatMap((resource) =>
      readEntry(rule).map(({ direction, number, doubt: open }): Writing => {
        const doubt = isExact ? open : rule.label('network_acl_id');
        return {
          resource,
          direction,
          address: rule.instance.address,
          isSingle: false,
          what: `${direction} ${number}`,
          ...(doubt === undefined ? {} : { doubt }),
        };
      }),
    );
  });
}

/** Resources that write in blocks of their own, by what they are and the direction. */
type Blocks = ReadonlyMap<string, { readonly address: string; readonly directions: ReadonlySet<Direction> }>;

function blockGroups(side: Side): Blocks {
  const declaring = declaringGroups(side);
  return new Map(
    side.resources.of(...GROUPS).flatMap((group) => {
      const id = groupIdOf(side, group);
      const directions = declaring.get(id);
      return directions === undefined || !isConfigured(group)
        ? []
        : [[id, { address: group.instance.address, directions }] as const];
    }),
  );
}

function blockAcls(side: Side): Blocks {
  return new Map(
    side.resources.of(...ACLS).map((acl) => {
      const isDefault = acl.instance.type === 'aws_default_network_acl';
      const own = side.resources.idOf(acl.instance);
      const id = isDefault ? (acl.id('default_network_acl_id') ?? own) : own;
      // An adopted default NACL holds what its blocks say, even where they say nothing.
      const directions = DIRECTIONS.filter(
        (direction) => isConfigured(acl) && (isDefault || acl.isDeclared(direction)),
      );
      return [id, { address: acl.instance.address, directions: new Set(directions) }] as const;
    }),
  );
}

function isConfigured(resource: Attributes): boolean {
  return resource.expressions !== undefined;
}

function besideBlocks(writings: readonly Writing[], blocks: Blocks): readonly WriterOverlap[] {
  return [...byPlace(writings)].flatMap(([, all]): readonly WriterOverlap[] => {
    const [first] = all;
    const own = first === undefined ? undefined : blocks.get(first.resource);
    if (first === undefined || own?.directions.has(first.direction) !== true) return [];
    return [overlapOf('blocks', all, [own.address])];
  });
}

/** Rules that several resources write: AWS refuses the second (API, InvalidPermission.Duplicate). */
function sameRules(rules: readonly Writing[]): readonly WriterOverlap[] {
  const alike = Map.groupBy(rules, ({ resource, what }) => `${resource} ${what}`);
  return [...alike.values()].flatMap((all): readonly WriterOverlap[] => {
    const [first] = all;
    if (first === undefined || new Set(all.map(({ address }) => address)).size < 2) return [];
    return [{ ...overlapOf('same-rule', all), what: first.what }];
  });
}

function twoKinds(rules: readonly Writing[]): readonly WriterOverlap[] {
  return [...byPlace(rules).values()].flatMap((all): readonly WriterOverlap[] => {
    const [some, others] = [all.filter((one) => one.isSingle), all.filter((one) => !one.isSingle)];
    return some.length > 0 && others.length > 0 ? [overlapOf('kinds', all)] : [];
  });
}

function byPlace(writings: readonly Writing[]): ReadonlyMap<string, readonly Writing[]> {
  return Map.groupBy(writings, ({ resource, direction }) => `${resource} ${direction}`);
}

function overlapOf(
  kind: WriterOverlap['kind'],
  writings: readonly Writing[],
  more: readonly string[] = [],
): WriterOverlap {
  const [first] = writings;
  const isCertain = writings.filter(({ doubt }) => doubt === undefined);
  const doubt = isDoubtful(kind, isCertain) ? writings.find((one) => one.doubt !== undefined)?.doubt : undefined;
  return {
    kind,
    resource: first?.resource ?? '',
    direction: first?.direction ?? 'ingress',
    writers: [...new Set([...more, ...writings.map(({ address }) => address)])],
    ...(doubt === undefined ? {} : { doubt }),
  };
}

/** Whether those that write for certain are not enough for an overlap. */
function isDoubtful(kind: WriterOverlap['kind'], certain: readonly Writing[]): boolean {
  switch (kind) {
    case 'blocks':
      return certain.length === 0;
    case 'same-rule':
      return new Set(certain.map(({ address }) => address)).size < 2;
    case 'kinds':
      return !(certain.some((one) => one.isSingle) && certain.some((one) => !one.isSingle));
  }
}
