import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion-script.ts';
import { EXIT } from '../exit-status.ts';
import type { CommandSetup } from '../command.ts';

/** `crenel completion bash|zsh|fish`. */
export function addCompletion(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Prints a completion script: eval "$(crenel completion bash)", or crenel completion fish | source.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => {
      context().io.stdout.write(completionScript(program, shell));
      finish(EXIT.allowed);
    });
}
