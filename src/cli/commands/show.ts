import { Argument, type Command } from 'commander';
import type { Result } from '../../core/net/result.ts';
import type { World } from '../../core/model/world.ts';
import type { EndpointError } from '../../analysis/endpoint.ts';
import { eniReport } from '../../analysis/eni-report.ts';
import { groupReport } from '../../analysis/group-report.ts';
import { findEni, findGroup, findSubnet } from '../../analysis/lookup.ts';
import { subnetReport } from '../../analysis/subnet-report.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, openWorld, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { eniSheet, groupSheet, subnetSheet } from '../show-text.ts';
import type { Sheet } from '../terminal.ts';

const SHOWN = ['group', 'eni', 'subnet'] as const;
type ShownKind = (typeof SHOWN)[number];

/** `crenel show group|eni|subnet <id>`. */
export function addShow(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('show')
    .summary('one group, interface or subnet with its references expanded')
    .description(
      'A group with its rules expanded, who names it and who carries it; an interface with all rules in force on it; a subnet with its NACL and routes.',
    )
    .addArgument(new Argument('<kind>', 'what to show').choices(SHOWN))
    .argument('<id>', 'its id or name')
    .action(async (kind: ShownKind, id: string) => {
      finish(await show(context(), kind, id));
    });
}

async function show(context: Context, kind: ShownKind, id: string): Promise<ExitStatus> {
  const world = await openWorld(context);
  if (!world.ok) return world.error;
  const report = REPORTS[kind](world.value, id);
  if (!report.ok) return refuse(context, EXIT.usage, report.error);
  if (context.options.json === true) printJson(context, report.value.document);
  else printSheet(context, report.value.sheet());
  return EXIT.allowed;
}

type Report = { readonly document: unknown; readonly sheet: () => Sheet };

const REPORTS: Readonly<Record<ShownKind, (world: World, id: string) => Result<Report, EndpointError>>> = {
  group: (world, id) => reported(findGroup(world, id), (group) => groupReport(world, group), groupSheet),
  eni: (world, id) => reported(findEni(world, id), (eni) => eniReport(world, eni), eniSheet),
  subnet: (world, id) => reported(findSubnet(world, id), (subnet) => subnetReport(world, subnet), subnetSheet),
};

function reported<R, D>(
  found: Result<R, EndpointError>,
  documentOf: (record: R) => D,
  sheetOf: (document: D) => Sheet,
): Result<Report, EndpointError> {
  if (!found.ok) return found;
  const document = documentOf(found.value);
  return { ok: true, value: { document, sheet: () => sheetOf(document) } };
}
