import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fail, ok, type Result } from '../core/net/result.ts';
import { type Message, messagesOf } from '../nft/wire/byte-reader.ts';
import { LOW_FIRST } from '../nft/wire/byte-writer.ts';

/**
 * Node has no netlink sockets, and perl or python3 is on nearly every Linux: whichever is there opens one and passes bytes on, as they are, between it
 * and two pipes. A piece is four bytes of length, as this machine has numbers, and as many bytes; a length of zero and a number tell of a fault
 * of the socket. What passes is none of the program's business. Buffers are what a whole ruleset in one message takes; 32 and 33 are
 * SO_SNDBUFFORCE and SO_RCVBUFFORCE, 270 and 10 SOL_NETLINK and NETLINK_CAP_ACK.
 */
const PERL = `
use strict;
$^F = 2;
socket(my $s, 16, 3, 12) or die "no netlink socket: $!\\n";
setsockopt($s, 1, 32, pack('i', 1 << 28));
setsockopt($s, 1, 33, pack('i', 1 << 23));
setsockopt($s, 270, 10, pack('i', 1));
bind($s, pack('SSLL', 16, 0, 0, 0)) or die "no netlink address: $!\\n";
sub out { my $b = shift; while (length $b) { my $n = syswrite(STDOUT, $b); exit unless $n; substr($b, 0, $n) = ''; } }
my ($in, $both) = ('', '');
vec($both, 0, 1) = 1;
vec($both, fileno $s, 1) = 1;
while (1) {
  select(my $ready = $both, undef, undef, undef);
  if (vec($ready, fileno $s, 1)) {
    my $piece;
    out(defined recv($s, $piece, 1 << 18, 0) ? pack('L', length $piece) . $piece : pack('LL', 0, $! + 0));
  }
  next unless vec($ready, 0, 1);
  exit unless sysread(STDIN, $in, 1 << 18, length $in);
  while (length $in >= 4 && length $in >= 4 + unpack('L', $in)) {
    my $piece = substr($in, 0, 4 + unpack('L', $in), '');
    out(pack('LL', 0, $! + 0)) unless send($s, substr($piece, 4), 0, pack('SSLL', 16, 0, 0, 0));
  }
}
`;

const PYTHON = `
import os, select, socket, struct
s = socket.socket(16, 3, 12)
for level, name, value in ((1, 32, 1 << 28), (1, 33, 1 << 23), (270, 10, 1)):
    try: s.setsockopt(level, name, value)
    except OSError: pass
s.bind((0, 0))
def out(b):
    b = memoryview(b)
    while len(b): b = b[os.write(1, b):]
held = bytearray()
while True:
    ready = select.select([0, s], [], [])[0]
    if s in ready:
        try:
            piece = s.recv(1 << 18)
            out(struct.pack('=I', len(piece)) + piece)
        except OSError as e: out(struct.pack('=II', 0, e.errno))
    if 0 not in ready: continue
    got = os.read(0, 1 << 18)
    if not got: break
    held += got
    while len(held) >= 4 and len(held) >= 4 + struct.unpack_from('=I', held)[0]:
        end = 4 + struct.unpack_from('=I', held)[0]
        piece = bytes(held[4:end])
        del held[:end]
        try: s.sendto(piece, (0, 0))
        except OSError as e: out(struct.pack('=II', 0, e.errno))
`;

/** The programs that can pass bytes on, in the order in which they are tried: how small they are. */
export const RELAYS: readonly (readonly string[])[] = [
  ['perl', '-e', PERL],
  ['python3', '-I', '-S', '-c', PYTHON],
];

export type NetlinkOptions = {
  /** A named namespace (`ip netns`) to work in; the process's own when absent. */
  readonly namespace?: string;
  /** The programs to try. */
  readonly relays?: readonly (readonly string[])[];
};

const LENGTH_BYTES = 4;
/** What a program says before it ends is kept up to so many characters. */
const MAX_SAID = 500;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
/** What takes the answer to the question that was asked: true when it is whole. */
type Take = (message: Message) => boolean;

/**
 * A conversation with nftables in the kernel. Questions are asked one after another; a fault of the socket or of the program between ends the
 * conversation, for what was done by then is not known.
 */
export class Netlink {
  readonly #child: Child;
  #held: Buffer = Buffer.alloc(0);
  #asking: { readonly take: Take; readonly answer: (result: Result<void>) => void } | undefined;
  #fault: string | undefined;
  #said = '';

  private constructor(child: Child) {
    this.#child = child;
    child.stdout.on('data', (piece: Buffer) => this.#hear(piece));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.#said.length < MAX_SAID) this.#said += text;
    });
    child.stdin.on('error', () => undefined);
    // An idle conversation keeps no process from ending.
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) hold(pipe, false);
    child.once('error', (error) => this.#end(`the program that speaks netlink cannot be run: ${error.message}`));
    child.once('close', () => this.#end(`the program that speaks netlink ended: ${this.#said.split('\n')[0] ?? ''}`));
  }

  /** Starts the first program that is there. Fails when none is; whether the kernel answers shows with the first question. */
  static start({ namespace, relays = RELAYS }: NetlinkOptions = {}): Result<Netlink> {
    const relay = relays.find(isInstalled);
    if (relay === undefined) return fail(`none of ${relays.map(([name]) => name).join(' and ')} is installed`);
    return ok(new Netlink(started(relay, namespace)));
  }

  /** Why nothing can be asked any more; undefined while something can. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Sends messages, which the kernel gets piece by piece, and hands over those that come, until `take` has seen the last one of the answer. One question
   * at a time.
   */
  async ask(pieces: readonly (readonly Uint8Array[])[], take: Take): Promise<Result<void>> {
    if (this.#fault !== undefined) return fail(this.#fault);
    if (this.#asking !== undefined) throw new Error('the kernel was asked while it was answering');
    const { promise, resolve } = Promise.withResolvers<Result<void>>();
    this.#asking = { take, answer: resolve };
    hold(this.#child.stdout, true);
    const { stdin } = this.#child;
    for (const parts of pieces) {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      const length = Buffer.alloc(LENGTH_BYTES);
      if (LOW_FIRST) length.writeUInt32LE(bytes);
      else length.writeUInt32BE(bytes);
      for (const part of [length, ...parts]) stdin.write(part);
    }
    return await promise;
  }

  /** Ends the conversation. */
  close(): void {
    this.#end('the conversation was closed');
  }

  #end(why: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = why;
    this.#child.stdin.destroy();
    this.#child.kill();
    this.#answer(fail(why));
  }

  #answer(result: Result<void>): void {
    const asking = this.#asking;
    this.#asking = undefined;
    hold(this.#child.stdout, false);
    asking?.answer(result);
  }

  #hear(piece: Buffer): void {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      const end = LENGTH_BYTES + (length === 0 ? LENGTH_BYTES : length);
      if (this.#held.length < end) return;
      const body = this.#held.subarray(LENGTH_BYTES, end);
      this.#held = this.#held.subarray(end);
      if (length === 0) this.#end(`netlink failed with ${hostWord(body)}`);
      else
        for (const message of messagesOf(body)) if (this.#asking?.take(message) === true) this.#answer(ok(undefined));
    }
  }

  #nextLength(): number | undefined {
    return this.#held.length < LENGTH_BYTES ? undefined : hostWord(this.#held);
  }
}

/** Whether a pipe to a program keeps this process from ending. */
function hold(pipe: Readable | Writable, isHeld: boolean): void {
  if (!(pipe instanceof Socket)) return;
  if (isHeld) pipe.ref();
  else pipe.unref();
}

function hostWord(bytes: Buffer): number {
  return LOW_FIRST ? bytes.readUInt32LE() : bytes.readUInt32BE();
}

/** A running program. Its surroundings are empty: nothing in them is to change what it does. */
function started(relay: readonly string[], namespace: string | undefined): Child {
  const command = namespace === undefined ? relay : ['ip', 'netns', 'exec', namespace, ...relay];
  const [program = '', ...args] = command;
  const { PATH, HOME } = process.env;
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH, HOME, LC_ALL: 'C' } });
}

function isInstalled([program = '']: readonly string[]): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
