import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fail, ok, type Result } from '../core/net/result.ts';

/** Why the kernel could not be asked or changed. `cannot`: nothing can be enforced here at all, whatever is tried. */
export type NftFault = { readonly kind: 'cannot' | 'failed'; readonly message: string };

/** The `nft` program in one network namespace. */
export type NftProgram = {
  /** Applies lines as one transaction: all or none. */
  readonly apply: (lines: Iterable<string>) => Promise<Result<void, NftFault>>;
  /** What a listing command prints; empty when the table is not there. */
  readonly list: (args: readonly string[]) => Promise<Result<string, NftFault>>;
};

export type NftOptions = {
  /** A named namespace (`ip netns`) to work in; the process's own when absent. */
  readonly namespace?: string;
  /** The program; `nft` by default. */
  readonly program?: string;
};

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs `nft`, which is found on the PATH. Lines reach it by its input, never by a shell. */
export function nftProgram(options: NftOptions = {}): NftProgram {
  const { namespace, program = 'nft' } = options;
  const command = (args: readonly string[]): readonly string[] =>
    namespace === undefined ? [program, ...args] : ['ip', 'netns', 'exec', namespace, program, ...args];
  return {
    apply: async (lines) => {
      const ran = await run(command(['-f', '-']), lines);
      return ran.ok && ran.value.code === 0 ? ok(undefined) : fault(ran);
    },
    list: async (args) => {
      const ran = await run(command(['-j', '-n', ...args]), []);
      if (ran.ok && ran.value.code === 0) return ok(ran.value.stdout);
      if (ran.ok && ran.value.stderr.includes('No such file or directory')) return ok('');
      return fault(ran);
    },
  };
}

/** Texts of the kernel's refusals that no second try will change. */
const CANNOT: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted|you must be root/u, 'the process may not change the firewall: it needs CAP_NET_ADMIN'],
  [/Operation not supported|Protocol not supported/u, 'this kernel lacks what the rules need of nftables'],
];

function fault(ran: Result<Ran, NftFault>): Result<never, NftFault> {
  if (!ran.ok) return ran;
  const { code, stderr } = ran.value;
  const known = CANNOT.find(([pattern]) => pattern.test(stderr));
  if (known !== undefined) return fail({ kind: 'cannot', message: known[1] });
  const said = stderr.split('\n').slice(0, 3).join(' ').slice(0, MAX_SAID);
  return fail({ kind: 'failed', message: `nft ended with ${code ?? 'a signal'}: ${said}` });
}

/** nft repeats its input where it is wrong, which may be long. */
const MAX_SAID = 500;
/** A listing of a million elements is some tens of megabytes. */
const MAX_OUTPUT = 1 << 29;

async function run(command: readonly string[], lines: Iterable<string>): Promise<Result<Ran, NftFault>> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  const stdout: string[] = [];
  const stderr: string[] = [];
  let length = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    length += text.length;
    if (length <= MAX_OUTPUT) stdout.push(text);
    else child.kill();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_SAID) stderr.push(text);
  });
  // A program that ends early closes the pipe: what it said of it counts, not the pipe.
  child.stdin.on('error', () => undefined);
  Readable.from(inPieces(lines)).pipe(child.stdin);
  try {
    const ended: readonly unknown[] = await once(child, 'close');
    const [code] = ended;
    return ok({ code: typeof code === 'number' ? code : null, stdout: stdout.join(''), stderr: stderr.join('') });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const message = isMissing
      ? `the program ${program} is not installed`
      : `${program} cannot be run: ${String(error)}`;
    return fail({ kind: isMissing ? 'cannot' : 'failed', message });
  }
}

/** Lines in pieces that a pipe takes at once. */
function* inPieces(lines: Iterable<string>): Generator<string, void, undefined> {
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const PIECE = 65_536;
