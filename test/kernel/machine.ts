// A machine that is itself an instance, in a namespace with the rules in it, and the world around it in another: packets go in by its one
// interface and out of it, and what its rules let through is seen on the far side of all its hooks.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ipv4 } from '../../src/core/net/address.ts';
import { renderAll } from '../../src/nft/render.ts';
import type { Ruleset } from '../../src/nft/ruleset.ts';
import { frameBytes, type FrameOf, numberOf } from './frame.ts';
import { Namespace, type Ran } from './namespace.ts';

/** The machine's interface, and its hardware address. */
export const DEVICE = 'eth0';
export const MAC = '02:00:00:00:00:01';
const [BESIDE, AROUND] = ['beside0', '02:bb:00:00:00:01'];
/** Ethernet's own header. */
const FRAME_HEAD = 14;
/** What the machine sends by itself would be taken for an answer, so it sends nothing: only packets with this mark leave. */
const OURS = 0x77;

/** Whatever was there before is gone with its memory. */
const FRESH = ['add table inet crenel', 'delete table inet crenel'];

const JUDGE = `
table inet judge {
  chain seen { type filter hook input priority 1000; iifname { "${DEVICE}", "${BESIDE}" } log group 7; }
  chain quiet { type filter hook output priority -400; meta mark ${OURS} meta mark set 0 accept; drop; }
}
`;

/** A packet to the machine (`in`) or from it. */
export type Passing = Omit<FrameOf, 'number' | 'sourceMac' | 'targetMac'> & { readonly way: 'in' | 'out' };

export class Machine {
  readonly inside: Namespace;
  readonly #around: Namespace;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;
  #number = 0;

  constructor(name: string) {
    this.inside = new Namespace(`${name}-m`);
    this.#around = new Namespace(`${name}-a`);
    for (const device of [DEVICE, BESIDE])
      must(
        this.#around.run(
          'ip',
          ['-batch', '-'],
          `link add w${device} type veth peer name ${device} netns ${this.inside.name}\nlink set w${device} up`,
        ),
      );
    must(this.inside.run('ip', ['-batch', '-'], inside().join('\n')));
    must(this.inside.run('ip', ['-6', '-batch', '-'], inside6().join('\n')));
    const sysctls = ['all', DEVICE, BESIDE].flatMap((device) => [
      `net.ipv4.conf.${device}.rp_filter=0`,
      `net.ipv6.conf.${device}.accept_dad=0`,
    ]);
    must(this.inside.run('sysctl', ['-q', '-w', 'net.netfilter.nf_conntrack_tcp_be_liberal=1', ...sysctls]));
    must(this.inside.run('nft', ['-f', '-'], JUDGE));
    const script = fileURLToPath(new URL('machine.py', import.meta.url));
    this.#process = spawn('python3', [script, this.#around.name, this.inside.name], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** Puts rules in the place of all that was there, and forgets all connections. */
  async load(ruleset: Ruleset): Promise<void> {
    await this.apply([...FRESH, ...renderAll(ruleset)]);
    await this.#play({ forget: true }, []);
  }

  /** Runs nft with lines as one transaction; connections stay. */
  async apply(lines: readonly string[]): Promise<void> {
    await this.#play({ rules: `${lines.join('\n')}\n` }, []);
  }

  /** Sends packets in order, each when the one before has been judged; whether each got through. */
  async send(packets: readonly Passing[]): Promise<readonly boolean[]> {
    return await this.#play({}, packets);
  }

  async #play(before: { rules?: string; forget?: true }, packets: readonly Passing[]): Promise<readonly boolean[]> {
    const first = this.#number;
    this.#number += packets.length + 2;
    const bytes = packets.map((one, index) => [one.way, bytesOf(one, first + index)]);
    const last = [first + packets.length, first + packets.length + 1] as const;
    const ends = [bytesOf({ ...LAST, way: 'in' }, last[0]), bytesOf({ ...LAST, way: 'out' }, last[1])];
    this.#process.stdin.write(`${JSON.stringify({ ...before, send: bytes, last: ends })}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the sender of packets ended');
    const { got, isOver, error } = JSON.parse(answer.value) as { got: string[]; isOver: boolean; error: string };
    if (error !== '') throw new Error(`nft: ${error.slice(0, 1000)}`);
    if (!isOver) throw new Error('the last packet did not come through');
    const seen = new Set(got.map((hex) => numberOf(hex)));
    return packets.map((_, index) => seen.has(first + index));
  }

  close(): void {
    this.#lines.close();
    this.#process.kill();
    this.inside.close();
    this.#around.close();
  }
}

/** Goes by the device without rules. */
const LAST: Omit<Passing, 'way'> = {
  source: ipv4(0xc612_0001),
  destination: ipv4(0xc612_0002),
  transport: { kind: 'protocol', protocol: 253 },
};

function bytesOf(one: Passing, number: number): string {
  const frame = frameBytes({ ...one, number, sourceMac: AROUND, targetMac: MAC });
  return (one.way === 'in' ? frame : frame.subarray(FRAME_HEAD)).toString('hex');
}

/** Every address is the machine's own when a packet comes in, so that its rules alone decide; everything else is out by its interface. */
function inside(): readonly string[] {
  return [
    ...[DEVICE, BESIDE].flatMap((device) => [
      `link set ${device} address ${MAC}`,
      `link set ${device} up`,
      `rule add iif ${device} lookup 300`,
    ]),
    'link set lo up',
    'route add local 0.0.0.0/0 dev lo table 300',
    `neigh replace 192.0.0.8 lladdr ${AROUND} dev ${DEVICE} nud permanent`,
    `neigh replace 192.0.0.8 lladdr ${AROUND} dev ${BESIDE} nud permanent`,
    `route add default via 192.0.0.8 dev ${DEVICE} onlink`,
    `route add 198.18.0.2/32 via 192.0.0.8 dev ${BESIDE} onlink`,
  ];
}

function inside6(): readonly string[] {
  return [
    ...[DEVICE, BESIDE].map((device) => `rule add iif ${device} lookup 300`),
    'route add local ::/0 dev lo table 300',
    'addr add 100::8/128 dev lo',
    `addr add fe80::10/64 dev ${DEVICE} nodad`,
    `neigh replace fe80::8 lladdr ${AROUND} dev ${DEVICE} nud permanent`,
    `route add default via fe80::8 dev ${DEVICE}`,
  ];
}

/** Nothing that a test sets up may fail in silence. */
function must({ status, stderr }: Ran): void {
  if (status !== 0) throw new Error(stderr);
}
