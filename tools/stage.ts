// Runs the tools of this project one after another and says how each went.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root folder of the project, with a slash at the end. */
export const root: string = fileURLToPath(new URL('..', import.meta.url));

/** One step: what it is called, and what Node runs for it. */
export type Stage = {
  readonly name: string;
  readonly commands: readonly (readonly string[])[];
  /** What to do when it fails. */
  readonly advice: string;
};

/** Runs a stage quietly; prints what its tools said only when it fails. Returns whether it passed. */
export function runStage(stage: Stage): boolean {
  const start = performance.now();
  for (const command of stage.commands) {
    const result = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    if (result.status !== 0) {
      process.stdout.write(`${result.stdout}${result.stderr}${result.error?.message ?? ''}\n`);
      process.stdout.write(`✖ ${stage.name} failed: ${stage.advice}\n`);
      return false;
    }
  }
  process.stdout.write(`✔ ${stage.name} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`);
  return true;
}

/** Format, lint and types, cheapest first. */
export const checks: readonly Stage[] = [
  {
    name: 'format',
    commands: [['node_modules/oxfmt/bin/oxfmt', '--check', '.']],
    advice: '`npm run format` puts it right',
  },
  {
    name: 'lint',
    commands: [
      ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--report-unused-disable-directives', '.'],
    ],
    advice: 'see above; an exception needs a comment that says why',
  },
  {
    name: 'types',
    commands: [
      ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
      ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.pure.json'],
      ['node_modules/typescript/bin/tsc', '-p', 'src/cli/page/browser/tsconfig.json'],
    ],
    advice: 'see above; tsconfig.pure.json lets the pure folders see neither Node nor the DOM',
  },
];

/** Runs stages until one fails. Returns whether all passed. */
export function runStages(stages: readonly Stage[]): boolean {
  return stages.every((stage) => runStage(stage));
}
