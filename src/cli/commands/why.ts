import type { Command } from 'commander';
import type { Answer } from '../../analysis/answer.ts';
import { answerDocument } from '../../analysis/answer-document.ts';
import { ask } from '../../analysis/ask.ts';
import type { EditsDocument } from '../../analysis/edits/edits-document.ts';
import type { World } from '../../core/model/world.ts';
import { statusOf } from '../ask.ts';
import { type Context, printJson, printSheet, refuse, withProgress } from '../context.ts';
import { editsSheet } from '../edits-text.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { stacked } from '../trace-text.ts';
import { whySheet } from '../why-text.ts';
import type { CommandSetup } from '../command.ts';
import { addWaitOptions, openEnforcedWorld, type WaitOptions } from '../open-enforced.ts';

type Options = WaitOptions & { readonly edits?: boolean };

/** `crenel why <from> <to> [traffic]`. */
export function addWhy(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('why')
    .summary('whether traffic gets from one end to the other, and why')
    .description(
      'Whether traffic gets from one end to the other and is answered: the verdict, the path stage by stage with the deciding rules, every blocker, and what would have to change.',
    )
    .argument('<from>', 'instance, ENI, Name tag, address, CIDR, group, subnet, or internet')
    .argument('<to>', 'the same')
    .argument('[traffic]', 'tcp/443, udp/53, tcp/8000-8010, icmp/8, protocol/50 or all', 'all')
    .option('--edits', 'try the edits that would change the answer, and tell exactly what else each opens or closes');
  addWaitOptions(command).action(async (from: string, to: string, traffic: string, options: Options) => {
    finish(await why(context(), { from, to, traffic }, options));
  });
}

async function why(
  context: Context,
  words: { readonly from: string; readonly to: string; readonly traffic: string },
  options: Options,
): Promise<ExitStatus> {
  const world = await openEnforcedWorld(context, options);
  if (!world.ok) return world.error;
  const answer = ask(world.value, { ...words, family: context.options.family });
  if (!answer.ok) return refuse(context, EXIT.usage, answer.error);
  const edits = options.edits === true ? await triedEdits(context, world.value, answer.value) : undefined;
  if (context.options.json === true)
    printJson(context, { ...answerDocument(world.value, answer.value), ...(edits === undefined ? {} : { edits }) });
  else
    printSheet(
      context,
      stacked(whySheet(world.value, answer.value), edits === undefined ? [] : editsSheet(world.value, edits)),
    );
  return statusOf(answer.value);
}

/** Trying edits takes the analysis of all pairs, which is loaded when it is asked for. */
async function triedEdits(context: Context, world: World, answer: Answer): Promise<EditsDocument> {
  const { editsOf } = await import('../../analysis/answer-edits.ts');
  return withProgress(context, 'trying edits', (onProgress) => editsOf(world, answer, onProgress));
}
