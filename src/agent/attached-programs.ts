import { fail, ok, type Result } from '../core/net/result.ts';
import { runProgram } from './run-program.ts';

/** The number of the system call `bpf` (asm/unistd.h), by what Node calls the processor. */
const SYSCALLS: Readonly<Record<string, number>> = {
  arm: 386,
  arm64: 280,
  ia32: 357,
  loong64: 280,
  ppc64: 361,
  riscv64: 280,
  s390x: 351,
  x64: 321,
};

/**
 * What is attached to a device by tcx (Linux 6.6 and newer) neither ip nor tc tells; only the system call does, which Node has not: perl or python3 asks
 * for each number of a device that comes, how many programs have its incoming packets first, and prints that or the error, negative. 16 is
 * BPF_PROG_QUERY, 46 BPF_TCX_INGRESS, and the count stands in the seventh of sixteen words (linux/bpf.h).
 */
const PERL = `
use strict;
my $number = shift() + 0;
while (<STDIN>) {
  my $asked = pack('L16', $_ + 0, 46, (0) x 14);
  my $failed = syscall($number, 16, $asked, 64) != 0;
  print $_ + 0, ' ', $failed ? -($! + 0) : unpack('x24 L', $asked), "\\n";
}
`;

const PYTHON = `
import ctypes, struct, sys
call = ctypes.CDLL(None, use_errno=True).syscall
for line in sys.stdin:
    asked = ctypes.create_string_buffer(struct.pack('=16I', int(line), 46, *[0] * 14), 64)
    failed = call(int(sys.argv[1]), 16, asked, 64) != 0
    print(int(line), -ctypes.get_errno() if failed else struct.unpack_from('=I', asked, 24)[0])
`;

/** The programs that can ask, in the order in which they are tried. */
export const ASKERS: readonly (readonly string[])[] = [
  ['perl', '-e', PERL],
  ['python3', '-I', '-S', '-c', PYTHON],
];

/** Nothing was ever attached to the device; it has gone; this kernel has no such place to attach to. */
const NOTHING_THERE: ReadonlySet<number> = new Set([-2, -19, -22]);

/** Which of these devices, by their numbers, hand incoming packets to BPF programs of tcx. An error says why that is not known. */
export async function devicesWithPrograms(
  indexes: readonly number[],
  within: (command: readonly string[]) => readonly string[],
  askers: readonly (readonly string[])[] = ASKERS,
): Promise<Result<ReadonlySet<number>>> {
  const call = SYSCALLS[process.arch];
  if (call === undefined) return fail(`the number of the system call is not known on ${process.arch}`);
  if (indexes.length === 0) return ok(new Set());
  for (const asker of askers) {
    const ran = await runProgram(within([...asker, String(call)]), indexes.map(String));
    if (ran.ok && ran.value.code === 0) return answersIn(ran.value.stdout, indexes);
  }
  return fail('neither perl nor python3 can ask the kernel');
}

/** Reads a line for each device: its number, and how many programs there are, or an error. */
function answersIn(text: string, indexes: readonly number[]): Result<ReadonlySet<number>> {
  const left = new Set(indexes);
  const withPrograms = new Set<number>();
  for (const [, index, answer] of text.matchAll(/^(\d+) (-?\d+)$/gmu)) {
    const [device, count] = [Number(index), Number(answer)];
    if (!left.delete(device)) continue;
    if (count > 0) withPrograms.add(device);
    else if (count !== 0 && !NOTHING_THERE.has(count)) return fail(`the kernel answers with error ${-count}`);
  }
  return left.size === 0 ? ok(withPrograms) : fail('the kernel was not asked about all of them');
}
