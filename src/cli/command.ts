import type { Command } from 'commander';
import type { Context } from './context.ts';
import type { ExitStatus } from './exit-status.ts';

/** What a command's action needs: the context of this call, and where its status goes. */
export type CommandSetup = {
  readonly context: () => Context;
  readonly finish: (status: ExitStatus) => void;
};

/** Adds one command to the program; its action hands over the exit status. */
export type AddCommand = (program: Command, setup: CommandSetup) => void;
