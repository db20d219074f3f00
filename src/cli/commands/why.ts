import type { Command } from 'commander';
import type { World } from '../../core/model/world.ts';
import type { Answer } from '../../analysis/answer.ts';
import { answerDocument } from '../../analysis/answer-document.ts';
import { ask } from '../../analysis/ask.ts';
import { cutsOf } from '../../analysis/edits/cuts.ts';
import { type EditsDocument, editsDocument } from '../../analysis/edits/edits-document.ts';
import { fixOf } from '../../analysis/edits/fixes.ts';
import { statusOf } from '../ask.ts';
import { type Context, openWorld, printJson, printSheet, refuse, withProgress } from '../context.ts';
import { editsSheet } from '../edits-text.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { stacked } from '../trace-text.ts';
import { whySheet } from '../why-text.ts';
import type { CommandSetup } from '../command.ts';

type Options = { readonly edits?: boolean };

/** `crenel why <from> <to> [traffic]`. */
export function addWhy(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('why')
    .summary('whether traffic gets from one end to the other, and why')
    .description(
      'Whether traffic gets from one end to the other and is answered: the verdict, the path stage by stage with the deciding rules, every blocker, and what would have to change.',
    )
    .argument('<from>', 'instance, ENI, Name tag, address, CIDR, group, subnet, or internet')
    .argument('<to>', 'the same')
    .argument('[traffic]', 'tcp/443, udp/53, tcp/8000-8010, icmp/8, protocol/50 or all', 'all')
    .option('--edits', 'try the edits that would change the answer, and tell exactly what else each opens or closes')
    .action(async (from: string, to: string, traffic: string, options: Options) => {
      finish(await why(context(), { from, to, traffic }, options));
    });
}

async function why(
  context: Context,
  words: { readonly from: string; readonly to: string; readonly traffic: string },
  options: Options,
): Promise<ExitStatus> {
  const world = await openWorld(context);
  if (!world.ok) return world.error;
  const answer = ask(world.value, { ...words, family: context.options.family });
  if (!answer.ok) return refuse(context, EXIT.usage, answer.error);
  const edits = options.edits === true ? editsFor(context, world.value, answer.value) : undefined;
  if (context.options.json === true)
    printJson(context, { ...answerDocument(world.value, answer.value), ...(edits === undefined ? {} : { edits }) });
  else
    printSheet(
      context,
      stacked(whySheet(world.value, answer.value), edits === undefined ? [] : editsSheet(world.value, edits)),
    );
  return statusOf(answer.value);
}

/** Edits for the pair that stands for what is refused, and for the one that stands for what gets through. */
function editsFor(context: Context, world: World, { groups, question }: Answer): EditsDocument {
  const { traffic } = question;
  const refused = groups.find((group) => group.verdict === 'blocked');
  const allowed = groups.find((group) => group.verdict === 'allowed');
  return withProgress(context, 'trying edits', (onProgress) => {
    const fix = refused === undefined ? undefined : fixOf(world, refused, { traffic, onProgress });
    const cuts = allowed === undefined ? undefined : cutsOf(world, allowed, { traffic, onProgress });
    return editsDocument({
      ...(refused === undefined || fix === undefined ? {} : { fix: { group: refused, fix } }),
      ...(allowed === undefined || cuts === undefined ? {} : { cuts: { group: allowed, cuts } }),
    });
  });
}
