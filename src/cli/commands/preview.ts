import type { Command } from 'commander';
import type { CommandSetup } from '../command.ts';
import { addDiffOptions, type DiffOptions } from '../diff-answer.ts';

/** `crenel preview <call...>`. */
export function addPreview(program: Command, { context, finish }: CommandSetup): void {
  const command = program
    .command('preview')
    .summary('exactly what one call of EC2 would open and close')
    .description(
      'Exactly what one call of EC2, written as for the AWS CLI, would open and close: rules, groups of interfaces, entries of network ACLs, routes and all else that a server takes. Nothing is changed. Status 1 where something is opened for certain, 2 where perhaps.',
    )
    .argument(
      '<call...>',
      'the call: authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 10.0.0.0/8',
    )
    .allowUnknownOption();
  addDiffOptions(command).action(async (words: string[], options: DiffOptions) => {
    // What a server does with a call is most of this program, and help needs none of it.
    const { answerPreview } = await import('../preview-answer.ts');
    finish(await answerPreview(context(), words, options));
  });
}
