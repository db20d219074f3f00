import { standaloneEntries, standaloneIdentities, readAcls, readGroups, readLists } from './filters.ts';
import { readInterfaces } from './interfaces.ts';
import { readGateways, readSubnets, readVpcs } from './network.ts';
import type { Instance } from './plan-json.ts';
import type { References } from './references.ts';
import { Resources } from './resources.ts';
import { readRoutes } from './routes.ts';
import { type Gone, type Shared, Side } from './side.ts';
import { kindOfType } from './types.ts';

const NOTHING: Gone = { rules: new Map(), entries: new Map(), listEntries: new Map() };

/** Reads one side of a plan, or a state; `references`: of the plan's configuration, where it has one. `before`: the side that it follows. */
export function sideOf(
  instances: readonly Instance[],
  references: References | undefined,
  { shared, before }: { readonly shared: Shared; readonly before?: Side },
): Side {
  const resources = new Resources(instances, references);
  const side = new Side(
    resources,
    shared,
    before === undefined ? NOTHING : goneBetween(before, new Side(resources, shared, NOTHING)),
  );
  readSide(side);
  return side;
}

/** In the order in which resources build on each other. */
function readSide(side: Side): void {
  readLists(side);
  readVpcs(side);
  readSubnets(side);
  readGateways(side);
  readGroups(side);
  readAcls(side);
  readInterfaces(side);
  readRoutes(side);
  sayTypes(side);
  if ([...side.vpcs.values()].some((vpc) => !vpc.instance.isNew) || namesOtherVpcs(side)) side.missAll();
}

function goneBetween(before: Side, after: Side): Gone {
  return {
    rules: minus(standaloneIdentities(before), standaloneIdentities(after)),
    entries: minus(standaloneEntries(before), standaloneEntries(after)),
    listEntries: minus(listEntries(before), listEntries(after)),
  };
}

function namesOtherVpcs(side: Side): boolean {
  return [...side.draft.records.subnets.values()].some((subnet) => !side.vpcs.has(subnet.vpcId));
}

function sayTypes(side: Side): void {
  for (const { type, address } of side.resources.all) {
    const kind = kindOfType(type);
    if (kind === 'matters')
      side.draft.note(
        'warning',
        'these decide about traffic and are not followed, so answers that they touch are unknown: %',
        address,
      );
    if (kind === 'other')
      side.draft.note('note', 'resources of these types are taken to have no part in traffic: %', type);
  }
  for (const one of side.resources.paired)
    side.draft.note('note', 'an instance made by count or for_each is taken to mean the one with its own key: %', one);
}

function listEntries(side: Side): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const one of side.resources.of('aws_ec2_managed_prefix_list_entry'))
    for (const id of one.ids('prefix_list_id').ids)
      found.set(id, (found.get(id) ?? new Set<string>()).add(one.text('cidr') ?? ''));
  return found;
}

function minus(
  all: ReadonlyMap<string, ReadonlySet<string>>,
  kept: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...all].map(([id, keys]) => [id, new Set([...keys].filter((key) => kept.get(id)?.has(key) !== true))]),
  );
}
