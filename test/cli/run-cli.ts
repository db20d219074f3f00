import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { fail, ok, type Result } from '../../src/core/net/result.ts';
import type { HitsDocument } from '../../src/server/native/hits.ts';
import type { World } from '../../src/core/model/world.ts';
import type { ExitStatus } from '../../src/cli/exit-status.ts';
import type { Io, LoadError } from '../../src/cli/io.ts';
import type { PlanWorlds } from '../../src/formats/terraform/plan.ts';
import { runCli } from '../../src/cli/program.ts';

/** What a run of the command line leaves behind. */
export type Run = { readonly status: ExitStatus; readonly stdout: string; readonly stderr: string };

/** The outside that a run sees. */
export type Outside = {
  readonly world?: World;
  /** Worlds by path, before `world`. */
  readonly worlds?: Readonly<Record<string, World>>;
  /** Plans by path. */
  readonly plans?: Readonly<Record<string, PlanWorlds>>;
  readonly findings?: readonly { readonly severity: 'note' | 'warning'; readonly message: string }[];
  readonly loadError?: LoadError;
  /** What a server with the world tells of hits; without it there is no server. */
  readonly hits?: Result<HitsDocument, LoadError>;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
};

/** Runs one command line in this process against a world in memory. The words are split at blanks. */
export async function run(words: string | readonly string[], outside: Outside): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): Io['stdout'] => ({
    write: (text) => {
      written[name] += text;
    },
    isTTY: outside.isTTY ?? false,
    columns: 80,
  });
  const { world, loadError, hits, findings = [] } = outside;
  const status = await runCli(typeof words === 'string' ? words.split(' ') : words, {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: outside.env ?? { CRENEL_WORLD: 'memory' },
    version: '1.2.3',
    examplePath: 'example',
    readWorld: (path) => {
      const found = outside.worlds?.[path] ?? world;
      const read = found === undefined ? fail(loadError ?? assert.fail('no world')) : ok({ world: found, findings });
      return Promise.resolve(read);
    },
    readWorlds: (path) => {
      const plan = outside.plans?.[path];
      if (plan !== undefined)
        return Promise.resolve(ok({ kind: 'terraform-plan' as const, before: plan.before, after: plan.after, plan }));
      if (world === undefined) return Promise.resolve(fail(loadError ?? assert.fail('no world')));
      const read = { world, findings };
      return Promise.resolve(ok({ kind: 'describe' as const, before: read, after: read }));
    },
    readServer: () => {
      const read = world === undefined || hits === undefined ? undefined : ok({ world, findings });
      return Promise.resolve(read ?? fail(loadError ?? { kind: 'absent', message: 'no server' }));
    },
    readHits: () => Promise.resolve(hits ?? ok(undefined)),
    readText: (path) => {
      const text = outside.files?.[path];
      const absent: LoadError = { kind: 'absent', message: `${path} does not exist` };
      return Promise.resolve(text === undefined ? fail(absent) : ok(text));
    },
    trust: () => ok(undefined),
  });
  return { status, ...written };
}

const GOLDEN = new URL('../golden/cli/', import.meta.url);

/** Compares text with a file of test/golden/cli; UPDATE_GOLDEN=1 writes it instead, for a person to read before it is committed. */
export function matchesGolden(name: string, text: string): void {
  const path = fileURLToPath(new URL(`${name}.txt`, GOLDEN));
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(path, text);
    return;
  }
  assert.equal(text, readFileSync(path, 'utf8'), `${name} differs from test/golden/cli/${name}.txt`);
}
