import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CLIENT, SERVER } from './dataplane-host.ts';

/** The namespaces of a lane, by which rules are loaded. */
export type Namespaces = { readonly client: string; readonly router: string; readonly server: string };

/** What to time: `guards` times nothing, it fails when a lane lets through what no rule opens. */
export type Timed = {
  readonly mode: 'stream' | 'exchange' | 'connect' | 'guards';
  readonly family: 4 | 6;
  readonly count: number;
  readonly rounds: number;
};

/**
 * Ways from a client over a router to a server, each in namespaces of its own and with rules of its own. They stand side by side: nothing is
 * loaded while something is timed, and all take turns within milliseconds.
 */
export class Lanes<Name extends string> {
  readonly #made: string[] = [];
  readonly #lanes: readonly Name[];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  /** Throws when rules cannot be loaded; what was made by then is gone. */
  constructor(lanes: Readonly<Record<Name, (namespaces: Namespaces) => void>>) {
    this.#lanes = Object.keys(lanes) as Name[];
    try {
      const all = this.#lanes.map((name, index) => {
        const namespaces = this.#make(index);
        lanes[name](namespaces);
        return namespaces;
      });
      const script = fileURLToPath(new URL('dataplane.py', import.meta.url));
      const pairs = all.map(({ client, server }) => `${client},${server}`);
      this.#child = spawn('python3', [script, ...pairs], { stdio: ['pipe', 'pipe', 'inherit'] });
      this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    } catch (error) {
      this.#unmake();
      throw error;
    }
  }

  /** Nanoseconds per operation, by lane and round. */
  async time<Some extends Name>(
    what: Timed,
    names: readonly Some[],
  ): Promise<Readonly<Record<Some, readonly number[]>>> {
    const lanes = names.map((name) => this.#lanes.indexOf(name));
    this.#child.stdin.write(`${JSON.stringify({ ...what, lanes })}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the program that sends packets ended');
    // Our own program wrote it: a list for each lane.
    const times = JSON.parse(answer.value) as readonly (readonly number[])[];
    return Object.fromEntries(names.map((name, at) => [name, times[at] ?? []])) as Record<Some, readonly number[]>;
  }

  /** Takes the namespaces away. */
  close(): void {
    this.#child.kill();
    this.#unmake();
  }

  #unmake(): void {
    for (const name of this.#made) spawnSync('ip', ['netns', 'del', name]);
  }

  #make(index: number): Namespaces {
    const own = (role: string): string => `crlb-${process.pid}-${index}-${role}`;
    const namespaces = { client: own('client'), router: own('router'), server: own('server') };
    for (const name of Object.values(namespaces)) {
      run('ip', ['netns', 'add', name]);
      this.#made.push(name);
    }
    const { router } = namespaces;
    for (const [name, { device, mac, subnet, ...end }] of [
      [namespaces.client, CLIENT],
      [namespaces.server, SERVER],
    ] as const) {
      run('ip', ['link', 'add', device, 'netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
      run('ip', ['-n', router, 'link', 'set', device, 'up']);
      run('ip', ['-n', name, 'link', 'set', 'eth0', 'address', mac, 'up']);
      for (const [gateway, address, length] of [
        [`10.0.${subnet}.1`, end.ipv4, 24],
        [`fd00:0:0:${subnet}::1`, end.ipv6, 64],
      ] as const) {
        run('ip', ['-n', router, 'addr', 'add', `${gateway}/${length}`, 'dev', device, 'nodad']);
        run('ip', ['-n', name, 'addr', 'add', `${address}/${length}`, 'dev', 'eth0', 'nodad']);
        run('ip', ['-n', name, 'route', 'add', 'default', 'via', gateway]);
      }
    }
    const forwarding = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
    run('ip', ['netns', 'exec', router, 'sysctl', '-qw', ...forwarding]);
    return namespaces;
  }
}

/** Runs a program in a namespace; throws with what it said when it fails. */
export function runIn(namespace: string, program: readonly string[], input: string): void {
  run('ip', ['netns', 'exec', namespace, ...program], input);
}

function run(program: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(0, 500)}`);
}
