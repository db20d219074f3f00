import type { Command } from 'commander';
import type { World } from '../core/model/world.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { Export } from '../formats/describe.ts';
import { type Context, printNotes, refuse } from './context.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { openExport } from './open-world.ts';
import { enforcedSheet, type LimitOptions, limitOptions, limitsOf, refuseLag, watchHosts } from './waiting.ts';

/** How long to wait and for how many hosts, of a command that waits where it is told to. */
export type WaitOptions = LimitOptions & { readonly wait?: boolean };

/** Gives a command that asks a server for its world `--wait`, with its limits. */
export function addWaitOptions(command: Command): Command {
  command.option('--wait', 'answer once every live host of --endpoint enforces what the answer is of');
  for (const option of limitOptions('with --wait: ')) command.addOption(option.implies({ wait: true }));
  return command;
}

/** `openExport`; with `--wait` once every live host enforces that very revision, or one after it. */
export async function openEnforcedExport(context: Context, options: WaitOptions): Promise<Result<Export, ExitStatus>> {
  if (options.wait !== true) return await openExport(context);
  const limits = limitsOf(options);
  if (!limits.ok) return fail(refuse(context, EXIT.usage, limits.error));
  const { world, endpoint, over } = context.options;
  if (endpoint === undefined || world !== undefined || over !== undefined)
    return fail(refuse(context, EXIT.usage, '--wait asks the hosts of a server: give --endpoint, and no other world'));
  const read = await openExport(context);
  if (!read.ok) return read;
  const { revision } = read.value.world;
  const seen = await watchHosts(context, endpoint, { revision, ...limits.value });
  if (!seen.ok) return seen;
  if (!seen.value.isEnforced)
    return fail(refuseLag(context, EXIT.notInForce, { seen: seen.value, limits: limits.value }));
  printNotes(context, enforcedSheet(seen.value));
  return read;
}

/** `openEnforcedExport`, the world alone. */
export async function openEnforcedWorld(context: Context, options: WaitOptions): Promise<Result<World, ExitStatus>> {
  const opened = await openEnforcedExport(context, options);
  return opened.ok ? ok(opened.value.world) : opened;
}
