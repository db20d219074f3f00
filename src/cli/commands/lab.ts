import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Lab, whyNoLab } from '../../agent/lab/lab.ts';
import { LabFollower } from '../../agent/lab/lab-follower.ts';
import { planLab } from '../../agent/lab/plan-lab.ts';
import { readRegister, registerOf, removeRegister } from '../../agent/lab/register.ts';
import { runTraffic } from '../../agent/lab/traffic.ts';
import type { World } from '../../core/model/world.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, openKnownWorld, printJson, printNotes, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { interrupted } from '../interrupted.ts';
import { isWrong, labSheet, trafficSheet } from '../lab-text.ts';
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
  lab.command('down').description('removes whatever a lab left on this machine').action(act(down));
  lab.command('status').description('lists the instances of the lab that is up').action(act(status));
  lab
    .command('traffic [folder]')
    .description(
      'sends TCP, UDP and ICMP between all pairs of the lab that is up, and compares with what the rules say',
    )
    .action(act(traffic));
}

async function up(context: Context, folder: string | undefined): Promise<ExitStatus> {
  const why = whyNoLab();
  if (why !== undefined) return refuse(context, EXIT.io, why);
  const world = await worldOf(context, folder);
  if (!world.ok) return world.error;
  const faults: string[] = [];
  const note = (text: string): void => printNotes(context, [line(text)]);
  const follower = new LabFollower(() => ({ world: world.value, revision: world.value.revision }), {
    built: () => undefined,
    failed: (message) => {
      faults.push(message);
      note(`Fault: ${message}`);
    },
    warned: (message) => note(`Note: ${message}.`),
    repaired: (vpcId, lines) => note(`Somebody changed the rules of ${vpcId}: repaired by ${lines} commands.`),
  });
  await follower.start();
  const [fault] = faults;
  if (fault !== undefined) {
    await follower.close();
    return refuse(context, EXIT.io, `the lab cannot be built: ${fault}`);
  }
  const instances = registerOf(world.value, planLab(world.value));
  if (context.options.json === true) printJson(context, { instances });
  else printSheet(context, [...labSheet(instances, folder ?? ''), line('Ctrl-C takes it down.')]);
  await interrupted();
  await follower.close();
  return EXIT.allowed;
}

async function down(context: Context): Promise<ExitStatus> {
  const why = whyNoLab();
  if (why !== undefined) return refuse(context, EXIT.io, why);
  const removed = await Lab.clean();
  removeRegister();
  if (!removed.ok) return refuse(context, EXIT.io, removed.error);
  if (context.options.json === true) printJson(context, { removed: removed.value });
  else printSheet(context, [line(removed.value === 0 ? 'No lab was up.' : `Removed ${removed.value} namespaces.`)]);
  return EXIT.allowed;
}

async function status(context: Context): Promise<ExitStatus> {
  const instances = await Promise.resolve(readRegister());
  if (context.options.json === true) printJson(context, { isUp: instances !== undefined, instances: instances ?? [] });
  else printSheet(context, instances === undefined ? [line('No lab is up.')] : labSheet(instances, ''));
  return instances === undefined ? EXIT.blocked : EXIT.allowed;
}

async function traffic(context: Context, folder: string | undefined): Promise<ExitStatus> {
  const why = whyNoLab();
  if (why !== undefined) return refuse(context, EXIT.io, why);
  const instances = readRegister();
  if (instances === undefined) return refuse(context, EXIT.noInput, 'no lab is up: start one with crenel lab up');
  const world = await worldOf(context, folder);
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
  if (context.options.json === true) printJson(context, { probes: seen });
  else printSheet(context, trafficSheet(seen));
  return seen.some(isWrong) ? EXIT.blocked : EXIT.allowed;
}

/** A folder may be an example: then its world is in a folder of that name. */
async function worldOf(context: Context, folder: string | undefined): Promise<Result<World, ExitStatus>> {
  if (folder === undefined) return await openKnownWorld(context, 'run');
  const inside = join(folder, 'world');
  const options = { ...context.options, world: existsSync(inside) ? inside : folder };
  const world = await openKnownWorld({ ...context, options }, 'run');
  return world.ok ? ok(world.value) : fail(world.error);
}
