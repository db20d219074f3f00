import { release } from 'node:os';
import { fail, ok, type Result } from '../core/net/result.ts';
import { fullName } from '../nft/render.ts';
import { TURN } from '../nft/turn.ts';
import type { KernelFault } from './kernel.ts';
import { type NotRun, type Ran, runProgram } from './run-program.ts';

/** The `nft` program in one network namespace. */
export type NftProgram = {
  /** Applies lines as one transaction: all or none. */
  readonly apply: (lines: Iterable<string>) => Promise<Result<void, KernelFault>>;
  /** Has nft and the kernel look at lines as one transaction, and changes nothing. */
  readonly check: (lines: Iterable<string>) => Promise<Result<void, KernelFault>>;
  /** What a listing command prints; empty when the table is not there. */
  readonly list: (args: readonly string[]) => Promise<Result<string, KernelFault>>;
};

export type NftOptions = {
  /** A named namespace (`ip netns`) to work in; the process's own when absent. */
  readonly namespace?: string;
  /** The program; `nft` by default. */
  readonly program?: string;
};

/** The command line of `nft` with arguments. */
export function nftCommand({ namespace, program = 'nft' }: NftOptions, args: readonly string[]): readonly string[] {
  return namespace === undefined ? [program, ...args] : ['ip', 'netns', 'exec', namespace, program, ...args];
}

/** Runs `nft`, which is found on the PATH. Lines reach it by its input, never by a shell. */
export function nftProgram(options: NftOptions = {}): NftProgram {
  const command = (args: readonly string[]): readonly string[] => nftCommand(options, args);
  return {
    apply: async (lines) => {
      const ran = await runProgram(command(['-f', '-']), lines);
      return ran.ok && ran.value.code === 0 ? ok(undefined) : fault(ran);
    },
    check: async (lines) => {
      const ran = await runProgram(command(['--check', '-f', '-']), lines);
      return ran.ok && ran.value.code === 0 ? ok(undefined) : fault(ran);
    },
    list: async (args) => {
      const ran = await runProgram(command(['-j', '-n', ...args]));
      if (ran.ok && ran.value.code === 0) return ok(ran.value.stdout);
      if (ran.ok && ran.value.stderr.includes('No such file or directory')) return ok('');
      return fault(ran);
    },
  };
}

/** Texts of the kernel's refusals that no second try will change. */
const CANNOT: readonly (readonly [RegExp, (kernel: string) => string])[] = [
  [
    /Operation not permitted|you must be root/u,
    () => 'the process may not change the firewall: it needs CAP_NET_ADMIN',
  ],
  [
    /Operation not supported|Protocol not supported/u,
    (kernel) => `this kernel (Linux ${kernel}) lacks what the rules need of nftables`,
  ],
];

function fault(ran: Result<Ran, NotRun>): Result<never, KernelFault> {
  if (!ran.ok) return fail({ kind: ran.error.isMissing ? 'cannot' : 'failed', message: ran.error.message });
  const { code, stderr } = ran.value;
  const known = CANNOT.find(([pattern]) => pattern.test(stderr));
  if (known !== undefined) return fail({ kind: 'cannot', message: known[1](release()) });
  if (stderr.includes(`${fullName(TURN.name)} {`))
    return fail({ kind: 'failed', message: 'another program changed the rules at the same time: they are read anew' });
  const said = stderr.split('\n').slice(0, 3).join(' ').slice(0, MAX_SAID);
  return fail({ kind: 'failed', message: `nft ended with ${code ?? 'a signal'}: ${said}` });
}

/** nft repeats its input where it is wrong, which may be long. */
const MAX_SAID = 500;
