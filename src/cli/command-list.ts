import type { AddCommand } from './command.ts';

/**
 * The commands in the order of the help, by the word that names each. What a command needs is read when it is asked for: that is most of the time which
 * a short one takes, and of the memory of an agent that holds little.
 */
export const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map<string, () => Promise<AddCommand>>([
  ['why', async () => (await import('./commands/why.ts')).addWhy],
  ['reach', async () => (await import('./commands/reach.ts')).addReach],
  ['show', async () => (await import('./commands/show.ts')).addShow],
  ['diff', async () => (await import('./commands/diff.ts')).addDiff],
  ['preview', async () => (await import('./commands/preview.ts')).addPreview],
  ['matrix', async () => (await import('./commands/matrix.ts')).addMatrix],
  ['exposure', async () => (await import('./commands/exposure.ts')).addExposure],
  ['lint', async () => (await import('./commands/lint.ts')).addLint],
  ['assert', async () => (await import('./commands/assert.ts')).addAssert],
  ['simulate', async () => (await import('./commands/simulate.ts')).addSimulate],
  ['export', async () => (await import('./commands/export.ts')).addExport],
  ['serve', async () => (await import('./commands/serve.ts')).addServe],
  ['import', async () => (await import('./commands/import.ts')).addImport],
  ['backup', async () => (await import('./commands/backup.ts')).addBackup],
  ['agent', async () => (await import('./commands/agent.ts')).addAgent],
  ['host', async () => (await import('./commands/host.ts')).addHost],
  ['status', async () => (await import('./commands/status.ts')).addStatus],
  ['wait', async () => (await import('./commands/wait.ts')).addWait],
  ['lab', async () => (await import('./commands/lab.ts')).addLab],
  ['exec', async () => (await import('./commands/exec.ts')).addExec],
  ['tour', async () => (await import('./commands/tour.ts')).addTour],
  ['completion', async () => (await import('./commands/completion.ts')).addCompletion],
]);

/** The commands that a line of these words can be about: the one that it begins with, or all. */
export async function commandsFor([first = '']: readonly string[]): Promise<readonly AddCommand[]> {
  const only = first === COMPLETION ? undefined : COMMANDS.get(first);
  return await Promise.all(only === undefined ? [...COMMANDS.values()].map(async (load) => await load()) : [only()]);
}

/** It tells a shell of all of them. */
const COMPLETION = 'completion';
