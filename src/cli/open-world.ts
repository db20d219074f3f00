import { hasDoubts } from '../core/model/doubts.ts';
import type { World } from '../core/model/world.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import { splitWhen } from '../formats/document-kind.ts';
import type { Given } from '../formats/cloudformation/parameters.ts';
import type { Export, Finding } from '../formats/describe.ts';
import { overlayPlan } from '../formats/terraform/overlay.ts';
import type { WriterOverlap } from '../formats/writer-overlap.ts';
import {
  clearProgress,
  type Context,
  ENDPOINT_VARIABLE,
  LOAD_STATUS,
  printNotes,
  progressOf,
  refuse,
  WORLD_VARIABLE,
} from './context.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import type { LoadError } from './io.ts';
import { givenParameters, unusedFault } from './template-parameters.ts';
import { line, row, type Sheet } from './terminal.ts';

const MAX_FINDINGS = 5;

/** Reads the world that the options or the environment name. What its documents lack is said once, on stderr. */
export async function openWorld(context: Context): Promise<Result<World, ExitStatus>> {
  const opened = await openExport(context);
  return opened.ok ? ok(opened.value.world) : opened;
}

/** `openWorld` with all that was read beside the world. */
export async function openExport(context: Context): Promise<Result<Export, ExitStatus>> {
  const { io, options } = context;
  const path = options.world ?? options.endpoint ?? io.env[WORLD_VARIABLE];
  if (path === undefined || path === '')
    return fail(
      refuse(
        context,
        EXIT.usage,
        `no world: give --world with a file, a folder or - for standard input, or --endpoint with a server, or set ${WORLD_VARIABLE} or ${ENDPOINT_VARIABLE}`,
      ),
    );
  if (options.over !== undefined) return settled(context, await readOver(context, path, options.over));
  const isServer = options.world === undefined && options.endpoint !== undefined;
  return await loadExport(context, path, isServer);
}

/** `openWorld` for what cannot be done with a world of which something is not known yet, as that of a plan. */
export async function openKnownWorld(context: Context, what: string): Promise<Result<World, ExitStatus>> {
  const world = await openWorld(context);
  if (!world.ok || !hasDoubts(world.value)) return world;
  const why = 'some of its addresses or rules are not known before the plan is applied';
  return fail(refuse(context, EXIT.badData, `this world cannot be ${what}: ${why}`));
}

async function loadExport(context: Context, path: string, isServer: boolean): Promise<Result<Export, ExitStatus>> {
  const given = await givenParameters(context.io, context.options);
  if (!given.ok) return refused(context, given.error);
  const read = await readAny(context, path, { isServer, parameters: given.value });
  const fault = read.ok ? unusedFault(given.value, [read.value]) : undefined;
  return settled(context, fault === undefined ? read : fail(fault));
}

/** Two worlds: of files, folders, standard input or servers. What their documents lack is said on stderr. */
export async function loadTwo(
  context: Context,
  paths: { readonly before: string; readonly after: string },
): Promise<Result<{ readonly before: World; readonly after: World }, ExitStatus>> {
  const given = await givenParameters(context.io, context.options);
  if (!given.ok) return refused(context, given.error);
  const read: Export[] = [];
  for (const path of [paths.before, paths.after]) {
    const one = settled(context, await readAny(context, path, { isServer: isUrl(path), parameters: given.value }));
    if (!one.ok) return one;
    read.push(one.value);
  }
  // A parameter may have come, or gone, with the change.
  const fault = unusedFault(given.value, read);
  if (fault !== undefined) return refused(context, fault);
  const [before, after] = read;
  if (before === undefined || after === undefined) throw new Error('two were read');
  return ok({ before: before.world, after: after.world });
}

function refused(context: Context, { kind, message }: LoadError): Result<never, ExitStatus> {
  return fail(refuse(context, LOAD_STATUS[kind], message));
}

async function readAny(
  context: Context,
  path: string,
  { isServer, parameters }: { readonly isServer: boolean; readonly parameters: Given | undefined },
): Promise<Result<Export, LoadError>> {
  const { io } = context;
  const onProgress = progressOf(context);
  return await (isServer ? io.readServer(path, onProgress) : io.readWorld(path, { onProgress, parameters }));
}

/** Says what there is to say of what was read. */
function settled(context: Context, loaded: Result<Export, LoadError>): Result<Export, ExitStatus> {
  clearProgress(context);
  if (!loaded.ok) return refused(context, loaded.error);
  printNotes(context, findingSheet(loaded.value.findings));
  return loaded;
}

/** The two worlds of a plan, as it stands or laid over the world of `--over`. What there is to say of them is said once, on stderr. */
export async function loadPlan(
  context: Context,
  path: string,
): Promise<Result<{ readonly before: World; readonly after: World }, ExitStatus>> {
  const read = await readPlanWorlds(context, path, context.options.over);
  clearProgress(context);
  if (!read.ok) return fail(refuse(context, LOAD_STATUS[read.error.kind], read.error.message));
  printNotes(context, findingSheet(read.value.findings));
  return read;
}

/** The plan of a path laid over another world, on the side that the path means. */
async function readOver(context: Context, path: string, over: string): Promise<Result<Export, LoadError>> {
  const read = await readPlanWorlds(context, path, over);
  if (!read.ok) return read;
  const { when } = splitWhen(path);
  const { overlaps, broughtGroups, findings, liveFindings } = read.value;
  return ok(
    when === 'before'
      ? { world: read.value.before, findings: liveFindings }
      : { world: read.value.after, findings, overlaps, broughtGroups },
  );
}

type PlanRead = {
  readonly before: World;
  readonly after: World;
  readonly findings: readonly Finding[];
  readonly liveFindings: readonly Finding[];
  readonly overlaps: readonly WriterOverlap[];
  readonly broughtGroups: readonly string[];
};

async function readPlanWorlds(
  context: Context,
  path: string,
  over: string | undefined,
): Promise<Result<PlanRead, LoadError>> {
  const { io } = context;
  const onProgress = progressOf(context);
  if (isUrl(path)) return fail({ kind: 'malformed', message: `${path} is the URL of a server, not a Terraform plan` });
  if (context.options.parameter !== undefined || context.options.parameters !== undefined)
    return fail({ kind: 'malformed', message: '--parameter is for CloudFormation templates: a plan has its values' });
  const worlds = await io.readWorlds(path, { onProgress });
  if (!worlds.ok) return worlds;
  const { plan } = worlds.value;
  if (plan === undefined)
    return fail({
      kind: 'malformed',
      message:
        over === undefined
          ? `${path} is no Terraform plan, so it holds one world: give another to compare it with`
          : `${path} is no Terraform plan: only a plan is laid over a world`,
    });
  const { overlaps = [], broughtGroups = [] } = plan.after;
  if (over === undefined)
    return ok({
      before: plan.before.world,
      after: plan.after.world,
      findings: plan.findings.alone,
      liveFindings: [],
      overlaps,
      broughtGroups,
    });
  const live = await (isUrl(over) ? io.readServer(over, onProgress) : io.readWorld(over, { onProgress }));
  if (!live.ok) return live;
  const { findings: liveFindings, world } = live.value;
  const findings = [...liveFindings, ...plan.findings.over];
  return ok({ ...overlayPlan(world, plan), liveFindings, findings, overlaps, broughtGroups });
}

function isUrl(path: string): boolean {
  return /^https?:\/\//u.test(path);
}

function findingSheet(findings: readonly Finding[]): Sheet {
  const words = { note: 'Note: ', warning: 'Warning: ' } as const;
  const shown = findings.slice(0, MAX_FINDINGS).map((one) => row(0, [words[one.severity]], [`${one.message}.`]));
  return findings.length > MAX_FINDINGS
    ? [...shown, line(`Note: and ${findings.length - MAX_FINDINGS} more remarks on these documents.`)]
    : shown;
}
