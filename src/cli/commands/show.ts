import { Argument, type Command } from 'commander';
import { ok, type Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import { networkAclReport } from '../../analysis/acl-report.ts';
import type { EndpointError } from '../../analysis/endpoint.ts';
import { eniReport } from '../../analysis/eni-report.ts';
import { groupReport } from '../../analysis/group-report.ts';
import { findAcl, findEni, findGroup, findSubnet } from '../../analysis/lookup.ts';
import { subnetReport } from '../../analysis/subnet-report.ts';
import type { HitsDocument } from '../../server/native/hits.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printJson, printNotes, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import type { HitKind } from '../io.ts';
import { addWaitOptions, openEnforcedWorld, type WaitOptions } from '../open-enforced.ts';
import { aclSheet, eniSheet, groupSheet, subnetSheet } from '../show-text.ts';
import { row, type Sheet } from '../terminal.ts';

const SHOWN = ['group', 'eni', 'acl', 'subnet'] as const;
type ShownKind = (typeof SHOWN)[number];

/** `crenel show group|eni|acl|subnet <id>`. */
export function addShow(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('show')
    .summary('one group, interface, NACL or subnet with its references expanded')
    .description(
      'A group with its rules expanded, who names it and who carries it; an interface with all rules in force on it; a network ACL with its entries and subnets; a subnet with its NACL and routes. With --endpoint, how often hosts saw rules and entries hit, and when last.',
    )
    .addArgument(new Argument('<kind>', 'what to show').choices(SHOWN))
    .argument('<id>', 'its id or name');
  addWaitOptions(command).action(async (kind: ShownKind, id: string, options: WaitOptions) => {
    finish(await show(context(), { kind, id }, options));
  });
}

async function show(
  context: Context,
  { kind, id }: { readonly kind: ShownKind; readonly id: string },
  options: WaitOptions,
): Promise<ExitStatus> {
  const world = await openEnforcedWorld(context, options);
  if (!world.ok) return world.error;
  const report = REPORTS[kind](world.value, id);
  if (!report.ok) return refuse(context, EXIT.usage, report.error);
  const { document, sheet } = report.value;
  const hits = kind === 'eni' ? undefined : await hitsOf(context, { kind, id: document.id });
  if (context.options.json === true) printJson(context, hits === undefined ? document : { ...document, hits });
  else printSheet(context, sheet(hits));
  return EXIT.allowed;
}

/** Hits are told by servers alone; that they cannot be had is said, and everything else is shown all the same. */
async function hitsOf(
  context: Context,
  of: { readonly kind: HitKind; readonly id: string },
): Promise<HitsDocument | undefined> {
  const { world, endpoint } = context.options;
  if (world !== undefined || endpoint === undefined) return undefined;
  const hits = await context.io.readHits(endpoint, of);
  if (hits.ok) return hits.value;
  printNotes(context, [row(0, ['Note: '], [`hits are not shown: ${hits.error.message}.`])]);
  return undefined;
}

type Report = {
  readonly document: { readonly id: string };
  readonly sheet: (hits: HitsDocument | undefined) => Sheet;
};

const REPORTS: Readonly<Record<ShownKind, (world: World, id: string) => Result<Report, EndpointError>>> = {
  group: (world, id) => reported(findGroup(world, id), (group) => groupReport(world, group), groupSheet),
  eni: (world, id) => reported(findEni(world, id), (eni) => eniReport(world, eni), eniSheet),
  acl: (world, id) => reported(findAcl(world, id), (acl) => networkAclReport(world, acl), aclSheet),
  subnet: (world, id) => reported(findSubnet(world, id), (subnet) => subnetReport(world, subnet), subnetSheet),
};

function reported<R, D extends { readonly id: string }>(
  found: Result<R, EndpointError>,
  documentOf: (record: R) => D,
  sheetOf: (document: D, hits: HitsDocument | undefined) => Sheet,
): Result<Report, EndpointError> {
  if (!found.ok) return found;
  const document = documentOf(found.value);
  return ok({ document, sheet: (hits) => sheetOf(document, hits) });
}
