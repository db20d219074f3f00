// Network namespaces of a test's own, and what may stand in the way of having any.
import { spawnSync } from 'node:child_process';
import { expectOk } from '../../src/core/net/result.ts';
import { type Listing, parseListing } from '../../src/nft/listing.ts';
import { TABLE_FAMILIES, TABLES } from '../../src/nft/tables.ts';

/** Why kernel tests cannot run here; undefined when they can. */
export function whyNoKernel(programs: readonly string[] = ['nft', 'ip']): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: rules are loaded into network namespaces';
  const missing = programs.find((program) => spawnSync('which', [program]).status !== 0);
  if (missing !== undefined) return `needs the program ${missing}`;
  return spawnSync('unshare', ['-n', 'true']).status === 0 ? undefined : 'needs to make network namespaces';
}

export type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** A namespace that lives until it is closed; what it is named after is free to choose. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = `crlt-${name}-${process.pid}`;
    spawnSync('ip', ['netns', 'add', this.name]);
  }

  run(program: string, args: readonly string[], input = ''): Ran {
    const ran = spawnSync('ip', ['netns', 'exec', this.name, program, ...args], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    return { status: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** What nft reads of our tables; nothing of one that is not there. */
  listing(): Listing {
    const lists = TABLE_FAMILIES.map((family) =>
      this.run('nft', ['-j', '-n', 'list', 'table', ...TABLES[family].split(' ')]),
    );
    return expectOk(parseListing(...lists.map(({ stdout }) => stdout))).listing;
  }

  close(): void {
    spawnSync('ip', ['netns', 'del', this.name]);
  }
}
