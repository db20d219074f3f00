// A router with rules in one namespace, and all that hangs on it in another, where frames are made and caught: nothing answers by itself.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatAddress, ipv4 } from '../../src/core/net/address.ts';
import { BESIDE } from '../nft/legs.ts';
import { frameBytes, type FrameOf, numberOf, trailer } from './frame.ts';
import { Namespace, type Ran } from './namespace.ts';

/** So many frames are sent before waiting for the last: a processor's queue of the kernel's holds 1,000 and drops the rest. */
const AT_ONCE = 400;
export const ROUTER_MAC = '02:aa:00:00:00:01';
const ANY_MAC = '02:bb:00:00:00:01';
/** Between these two devices nothing is filtered: the last frame of a batch goes there. */
const [LAST_FROM, LAST_TO] = BESIDE;
const LAST_ADDRESS = ipv4(0xc612_0001);

/** A frame that leaves the instance side of one device and is routed to another. */
export type Sent = Omit<FrameOf, 'number' | 'sourceMac' | 'targetMac'> & {
  readonly from: string;
  readonly to: string;
  readonly sourceMac?: string;
};

/** A frame that came out of the router at a device. */
export type Caught = { readonly device: string; readonly bytes: Buffer };

export class Wire {
  readonly router: Namespace;
  readonly #outer: Namespace;
  readonly #frames: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  readonly #tables: ReadonlyMap<string, number>;
  #number = 0;

  /** `devices`: the names on the router's side. */
  constructor(name: string, devices: readonly string[]) {
    this.router = new Namespace(`${name}-r`);
    this.#outer = new Namespace(`${name}-w`);
    const all = [...devices, LAST_FROM, LAST_TO];
    this.#tables = new Map(all.map((device, index) => [device, 100 + index]));
    const rules = all.map((device) => `rule add iif ${device} lookup ${this.#tables.get(device) ?? 0}`).join('\n');
    must(this.#outer.run('ip', ['-batch', '-'], all.map((device) => this.#pair(device)).join('\n')));
    must(this.router.run('ip', ['-batch', '-'], all.map(routerSide).join('\n')));
    must(this.router.run('ip', ['-batch', '-'], rules));
    must(this.router.run('ip', ['-6', '-batch', '-'], rules));
    const sysctls = [
      'net.ipv4.ip_forward=1',
      'net.ipv6.conf.all.forwarding=1',
      'net.ipv4.conf.all.rp_filter=0',
      'net.ipv4.conf.all.send_redirects=0',
      'net.netfilter.nf_conntrack_tcp_be_liberal=1',
      ...all.flatMap((device) => [
        `net.ipv4.conf.${device}.rp_filter=0`,
        `net.ipv4.conf.${device}.send_redirects=0`,
        `net.ipv6.conf.${device}.accept_dad=0`,
      ]),
    ];
    must(this.router.run('sysctl', ['-q', '-w', ...sysctls]));
    const script = fileURLToPath(new URL('frames.py', import.meta.url));
    const names = all.map((device) => `w${device}`);
    this.#frames = spawn('ip', ['netns', 'exec', this.#outer.name, 'python3', script, ...names], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#frames.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  #pair(device: string): string {
    return [
      `link add w${device} type veth peer name ${device} netns ${this.router.name}`,
      `link set w${device} up`,
    ].join('\n');
  }

  /** Sends frames in order; gives for each the devices on which it came out. */
  async send(frames: readonly Sent[]): Promise<readonly (readonly string[])[]> {
    this.#route(frames);
    const seen: (readonly string[])[] = [];
    for (let at = 0; at < frames.length; at += AT_ONCE)
      seen.push(...(await this.#sendSome(frames.slice(at, at + AT_ONCE))));
    return seen;
  }

  async #sendSome(frames: readonly Sent[]): Promise<readonly (readonly string[])[]> {
    const first = this.#number;
    this.#number += frames.length + 1;
    const bytes = frames.map((one, index): readonly [string, string] => [
      `w${one.from}`,
      frameBytes({
        ...one,
        number: first + index,
        sourceMac: one.sourceMac ?? ANY_MAC,
        targetMac: ROUTER_MAC,
      }).toString('hex'),
    ]);
    const got = await this.#exchange(bytes, first + frames.length);
    const seen: string[][] = frames.map(() => []);
    for (const [device, hex] of got) {
      const number = numberOf(hex);
      // An error of the router quotes the packet: it goes back, and is none of ours.
      if (number !== undefined) seen[number - first]?.push(device.slice(1));
    }
    return seen;
  }

  /** Sends bytes as they are from the instance side of devices; gives all that came out anywhere, as hexadecimal digits. */
  async sendBytes(frames: readonly { readonly from: string; readonly bytes: Buffer }[]): Promise<readonly Caught[]> {
    this.#route([]);
    const last = this.#number;
    this.#number += 1;
    const got = await this.#exchange(
      frames.map(({ from, bytes }) => [`w${from}`, bytes.toString('hex')]),
      last,
    );
    return got.map(([device, hex]) => ({ device: device.slice(1), bytes: Buffer.from(hex, 'hex') }));
  }

  /** Sends frames and a last one that has this number; gives what came out until that did. */
  async #exchange(
    send: readonly (readonly [string, string])[],
    last: number,
  ): Promise<readonly (readonly [string, string])[]> {
    const end = frameBytes({
      number: last,
      sourceMac: ANY_MAC,
      targetMac: ROUTER_MAC,
      source: ipv4(0xc612_0002),
      destination: LAST_ADDRESS,
      transport: { kind: 'protocol', protocol: 253 },
    });
    const batch = { send: [...send, [`w${LAST_FROM}`, end.toString('hex')]], last: trailer(last).toString('hex') };
    this.#frames.stdin.write(`${JSON.stringify(batch)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the sender of frames ended');
    const { got, isOver } = JSON.parse(answer.value) as { got: [string, string][]; isOver: boolean };
    if (!isOver) throw new Error('the last frame did not come through');
    return got;
  }

  /** Each destination leads to its device, for packets from where they come. */
  lead(ways: readonly Pick<Sent, 'from' | 'to' | 'destination'>[]): void {
    this.#route(ways);
  }

  #route(frames: readonly Pick<Sent, 'from' | 'to' | 'destination'>[]): void {
    const ends = [...frames, { from: LAST_FROM, to: LAST_TO, destination: LAST_ADDRESS }];
    const lines = new Set(
      ends.flatMap(({ from, to, destination }) => {
        const text = formatAddress(destination);
        return [
          `route replace ${text} dev ${to} table ${this.#tables.get(from) ?? 0}`,
          `neigh replace ${text} lladdr ${ANY_MAC} dev ${to} nud permanent`,
        ];
      }),
    );
    must(this.router.run('ip', ['-batch', '-'], [...lines].join('\n')));
  }

  /** Forgets all connections. */
  forget(): void {
    this.router.run('conntrack', ['-F']);
  }

  close(): void {
    this.#lines.close();
    this.#frames.kill();
    this.router.close();
    this.#outer.close();
  }
}

function routerSide(device: string): string {
  return [`link set ${device} address ${ROUTER_MAC}`, `link set ${device} up`].join('\n');
}

/** Nothing that a test sets up may fail in silence. */
function must({ status, stderr }: Ran): void {
  if (status !== 0) throw new Error(stderr);
}
