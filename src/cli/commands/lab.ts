import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { Lab, whyNoLab } from '../../agent/lab/lab.ts';
import { LabFollower } from '../../agent/lab/lab-follower.ts';
import { planLab } from '../../agent/lab/plan-lab.ts';
import {
  LAB_LOCK,
  readHolder,
  readRegister,
  readSource,
  registerOf,
  removeRegister,
} from '../../agent/lab/register.ts';
import { runTraffic } from '../../agent/lab/traffic.ts';
import { isLocked } from '../../agent/lock.ts';
import type { World } from '../../core/model/world.ts';
import { fail, type Result } from '../../core/net/result.ts';
import type { CommandSetup } from '../command.ts';
import {
  clearProgress,
  type Context,
  printJson,
  printNotes,
  printSheet,
  progressOf,
  refuse,
  WORLD_VARIABLE,
  worldPath,
} from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { interrupted } from '../interrupted.ts';
import { countText } from '../pair-text.ts';
import { isWrong, labSheet, trafficSheet } from '../lab-text.ts';
import { openKnownWorld } from '../open-world.ts';
import { awsEndpoint } from '../server-option.ts';
import { line } from '../terminal.ts';

/** `crenel lab`: a world as network namespaces on this machine. */
export function addLab(program: Command, { context, finish }: CommandSetup): void {
  const lab = program
    .command('lab')
    .summary('instances as network namespaces on this machine, behind real rules')
    .description(
      'Builds a world on this machine: each running instance is a network namespace, each VPC a router with its groups, network ACLs and routes in nftables. Needs root.',
    );
  const act = (run: (context: Context, folder: string | undefined) => Promise<ExitStatus>) => async (folder?: string) =>
    finish(await run(context(), folder));
  lab
    .command('up [folder]')
    .description('builds the world of a folder, of --world or of --endpoint, and stays until Ctrl-C takes it down')
    .action(act(up));
  lab.command('down').description('removes what a lab that was killed left on this machine').action(act(down));
  lab.command('status').description('lists the instances of the lab that is up').action(act(status));
  lab
    .command('traffic [folder]')
    .description(
      'sends TCP, UDP and ICMP between all pairs of the lab that is up, and compares with what the rules of its world say',
    )
    .action(act(traffic));
}

async function up(context: Context, folder: string | undefined): Promise<ExitStatus> {
  const why = whyNoLab();
  if (why !== undefined) return refuse(context, EXIT.io, why);
  const world = await worldOf(context, folder);
  if (!world.ok) return world.error;
  const faults: string[] = [];
  const note = (text: string): void => {
    clearProgress(context);
    printNotes(context, [line(text)]);
  };
  const follower = new LabFollower(
    () => ({ world: world.value, revision: world.value.revision }),
    {
      built: () => undefined,
      failed: (message) => {
        faults.push(message);
        note(`Fault: ${message}`);
      },
      warned: (message) => note(`Note: ${message}.`),
      repaired: (vpcId, lines) => note(`Somebody changed the rules of ${vpcId}: repaired by ${lines} commands.`),
    },
    { source: sourceOf(context, folder) },
  );
  progressOf(context)?.(`building ${countText(planLab(world.value).instances.size, 'instance')}`);
  const started = await follower.start();
  clearProgress(context);
  if (!started.ok) return refuse(context, EXIT.io, started.error);
  const [fault] = faults;
  if (fault !== undefined) {
    await follower.close();
    return refuse(context, EXIT.io, `the lab cannot be built: ${fault}`);
  }
  const instances = registerOf(world.value, planLab(world.value));
  if (context.options.json === true) printJson(context, { instances });
  else printSheet(context, [...labSheet(instances), line('Ctrl-C takes it down.')]);
  await interrupted();
  await follower.close();
  return EXIT.allowed;
}

/** The path to find the world at again, from any folder; undefined for what has none, as a server. */
function sourceOf(context: Context, folder: string | undefined): string | undefined {
  const path = folder ?? worldPath(context);
  return path === undefined || !existsSync(path) ? undefined : resolve(path);
}

async function down(context: Context): Promise<ExitStatus> {
  const why = whyNoLab();
  if (why !== undefined) return refuse(context, EXIT.io, why);
  if (await isLocked(LAB_LOCK))
    return refuse(
      context,
      EXIT.io,
      `process ${readHolder() ?? 'of somebody else'} has the lab: end that, by Ctrl-C where it runs, and it takes the lab down`,
    );
  const removed = await Lab.clean();
  removeRegister();
  if (!removed.ok) return refuse(context, EXIT.io, removed.error);
  if (context.options.json === true) printJson(context, { removed: removed.value });
  else printSheet(context, [line(removed.value === 0 ? 'No lab was up.' : `Removed ${removed.value} namespaces.`)]);
  return EXIT.allowed;
}

async function status(context: Context): Promise<ExitStatus> {
  const instances = readRegister();
  const isUp = instances !== undefined && (await isLocked(LAB_LOCK));
  if (context.options.json === true) printJson(context, { isUp, instances: instances ?? [] });
  else if (instances === undefined) printSheet(context, [line('No lab is up. Start one: crenel lab up <folder>')]);
  else if (isUp) printSheet(context, labSheet(instances));
  else
    printSheet(context, [
      line(
        `The process of the lab was killed, and left ${countText(instances.length, 'instance')} behind, with the rules that they had.`,
      ),
      line('Take them away by crenel lab down, or by starting a lab anew.'),
    ]);
  return isUp ? EXIT.allowed : EXIT.blocked;
}

async function traffic(context: Context, folder: string | undefined): Promise<ExitStatus> {
  const why = whyNoLab();
  if (why !== undefined) return refuse(context, EXIT.io, why);
  const instances = readRegister();
  if (instances === undefined)
    return refuse(context, EXIT.noInput, 'no lab is up: start one with crenel lab up <folder>');
  const world = await worldOf(context, folder ?? sourceUnlessNamed(context));
  if (!world.ok) return world.error;
  const plan = planLab(world.value);
  const missing = [...plan.instances.keys()].find((id) => !instances.some((one) => one.id === id));
  if (missing !== undefined)
    return refuse(context, EXIT.noInput, `the lab that is up has no ${missing}: it was built from another world`);
  const isTerminal = context.io.stderr.isTTY === true;
  const seen = await runTraffic(world.value, plan, (done, all) => {
    if (isTerminal) context.io.stderr.write(`\r\u001B[K${done} of ${all} probes`);
  });
  if (isTerminal) context.io.stderr.write('\r\u001B[K');
  if (!seen.ok) return refuse(context, EXIT.io, seen.error);
  if (context.options.json === true) printJson(context, { probes: seen.value });
  else printSheet(context, trafficSheet(seen.value));
  return seen.value.some(isWrong) ? EXIT.blocked : EXIT.allowed;
}

/** What the lab that is up was built from, where the command line names no other world. */
function sourceUnlessNamed({ options }: Context): string | undefined {
  return options.world === undefined && options.endpoint === undefined ? readSource() : undefined;
}

const NO_WORLD = 'of which world? Name its folder (as examples/three-tier), or give --world or --endpoint';

/** What the command line names, else the server that AWS's tools ask. A folder may be an example: then its world is in a folder of that name. */
async function worldOf(context: Context, folder: string | undefined): Promise<Result<World, ExitStatus>> {
  const { options, io } = context;
  if (folder === undefined && (options.world ?? options.endpoint ?? io.env[WORLD_VARIABLE] ?? '') === '') {
    const endpoint = awsEndpoint(io.env);
    if (endpoint === undefined) return fail(refuse(context, EXIT.usage, NO_WORLD));
    return await openKnownWorld({ ...context, options: { ...options, endpoint } }, 'run');
  }
  if (folder === undefined) return await openKnownWorld(context, 'run');
  const inside = join(folder, 'world');
  return await openKnownWorld(
    { ...context, options: { ...options, world: existsSync(inside) ? inside : folder } },
    'run',
  );
}
