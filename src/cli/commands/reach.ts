import type { Command } from 'commander';
import { answerDocument } from '../../analysis/answer-document.ts';
import { ask } from '../../analysis/ask.ts';
import { statusOf } from '../ask.ts';
import { type Context, printJson, printSheet, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { reachSheet } from '../reach-text.ts';
import type { CommandSetup } from '../command.ts';
import { addWaitOptions, openEnforcedWorld, type WaitOptions } from '../open-enforced.ts';

/** `crenel reach <from> <to>`. */
export function addReach(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('reach')
    .summary('the exact set of traffic that gets from one end to the other')
    .description(
      'The exact set of traffic that gets from one end to the other and is answered, with the rules that let it in.',
    )
    .argument('<from>', 'instance, ENI, Name tag, address, CIDR, group, subnet, or internet')
    .argument('<to>', 'the same');
  addWaitOptions(command).action(async (from: string, to: string, options: WaitOptions) => {
    finish(await reach(context(), { from, to }, options));
  });
}

async function reach(
  context: Context,
  words: { readonly from: string; readonly to: string },
  options: WaitOptions,
): Promise<ExitStatus> {
  const world = await openEnforcedWorld(context, options);
  if (!world.ok) return world.error;
  const answer = ask(world.value, { ...words, traffic: 'all', family: context.options.family });
  if (!answer.ok) return refuse(context, EXIT.usage, answer.error);
  if (context.options.json === true) printJson(context, answerDocument(world.value, answer.value));
  else printSheet(context, reachSheet(world.value, answer.value));
  return statusOf(answer.value);
}
