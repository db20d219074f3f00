import { fail, ok, type Result } from '../../core/net/result.ts';
import { KINDS, type Kind } from '../../core/model/records.ts';
import { sharingRecords } from '../../core/model/shared-records.ts';
import { listRecords, type World, worldOf } from '../../core/model/world.ts';
import type { Export, Finding } from '../describe.ts';
import { FormatError } from '../fields.ts';
import { Numbers } from './draft.ts';
import { OVER_SAYS } from './network.ts';
import { type PlanJson, readPlanJson } from './plan-json.ts';
import { References } from './references.ts';
import { sideOf } from './read-side.ts';
import { Ipv6Prefixes, type Shared } from './side.ts';
import { writerOverlaps } from './writers.ts';

/** What a plan says: the world before it and after it, and what to know about either. */
export type PlanWorlds = {
  readonly before: Export;
  readonly after: Export;
  /** What there is to say where both are compared; `over`: where the plan is laid over a live world. */
  readonly findings: { readonly alone: readonly Finding[]; readonly over: readonly Finding[] };
  /** Resources that are made anew, by which comes first: while it is applied, both or neither are there. */
  readonly replaced: readonly { readonly address: string; readonly order: 'delete-first' | 'create-first' }[];
  /** Ids of records that are gone or made anew, for laying the plan over a live world. */
  readonly planned: PlannedIds;
};

/** What a plan has of each kind before and after. */
export type PlannedIds = {
  readonly before: ReadonlyMap<Kind, ReadonlySet<string>>;
  readonly after: ReadonlyMap<Kind, ReadonlySet<string>>;
};

/** Reads a plan as `terraform show -json` prints it. Errors: the file and what is wrong with it. Values of the plan never stand in a message. */
export function readPlan(document: unknown, file: string): Result<PlanWorlds> {
  try {
    return ok(planWorlds(readPlanJson(document, file)));
  } catch (error) {
    if (error instanceof FormatError) return fail(error.message);
    throw error;
  }
}

function planWorlds(plan: PlanJson): PlanWorlds {
  const shared: Shared = { numbers: new Numbers(), ipv6: new Ipv6Prefixes() };
  const { changes } = plan;
  const [old, fresh] = [changes.flatMap(({ before }) => before ?? []), changes.flatMap(({ after }) => after ?? [])];
  const before = sideOf(old, undefined, { shared });
  const references = new References(plan.configuration, fresh, { isExact: plan.hasExactReferences });
  const after = sideOf(fresh, plan.configuration === undefined ? undefined : references, { shared, before });
  const worldBefore = worldOf(before.lists, before.draft.missing);
  const worldAfter = worldOf(after.lists, after.draft.missing);
  const replaced = changes.flatMap(({ address, actions }) =>
    actions.includes('create') && actions.includes('delete')
      ? [{ address, order: actions[0] === 'delete' ? ('delete-first' as const) : ('create-first' as const) }]
      : [],
  );
  const [ofBefore, ofAfter] = [
    [...before.draft.findings, ...driftFindings(plan)],
    [...replaceFindings(replaced), ...after.draft.findings, ...driftFindings(plan)],
  ];
  const alone = [...new Map([...ofAfter, ...ofBefore].map((one) => [one.message, one])).values()];
  return {
    before: { world: worldBefore, findings: [BEFORE, ...ofBefore] },
    after: {
      world: { ...sharingRecords(worldBefore, worldAfter), revision: worldBefore.revision + 1 },
      findings: [AFTER, ...ofAfter],
      overlaps: writerOverlaps(after),
      broughtGroups: after.broughtGroups,
    },
    findings: { alone, over: alone.filter(({ message }) => !message.endsWith(OVER_SAYS)) },
    replaced,
    planned: { before: idsOf(worldBefore), after: idsOf(worldOf(after.lists)) },
  };
}

const AFTER: Finding = {
  severity: 'note',
  message:
    'this is the world after the plan, of what Terraform manages; add :before to the name of the file for the world before it',
};
const BEFORE: Finding = { severity: 'note', message: 'this is the world before the plan, of what Terraform manages' };

function driftFindings({ drifted }: PlanJson): readonly Finding[] {
  if (drifted.length === 0) return [];
  const shown = drifted.slice(0, 3).join(', ');
  const more = drifted.length > 3 ? ` and ${drifted.length - 3} more` : '';
  return [{ severity: 'note', message: `changed outside of Terraform, and taken as it is now: ${shown}${more}` }];
}

function replaceFindings(replaced: PlanWorlds['replaced']): readonly Finding[] {
  const say = (order: 'delete-first' | 'create-first', words: string): readonly Finding[] => {
    const all = replaced.filter((one) => one.order === order).map(({ address }) => address);
    const more = all.length > 3 ? ` and ${all.length - 3} more` : '';
    return all.length === 0 ? [] : [{ severity: 'note', message: `${words}: ${all.slice(0, 3).join(', ')}${more}` }];
  };
  return [
    ...say('delete-first', 'removed before made anew, so for a while not there at all'),
    ...say('create-first', 'made anew before removed, so for a while there twice'),
  ];
}

function idsOf(world: World): ReadonlyMap<Kind, ReadonlySet<string>> {
  return new Map(KINDS.map((kind) => [kind, new Set([...listRecords(world, kind)].map((record) => record.id))]));
}
