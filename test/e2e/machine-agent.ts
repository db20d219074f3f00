// A machine that is its own instance, in a namespace, with an agent that reaches a real server through the rules that it enforces.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ec2 from '@aws-sdk/client-ec2';
import { elementTexts } from '../../src/nft/render.ts';
import { Namespace, type Ran } from '../kernel/namespace.ts';
import { Talker } from '../kernel/talker.ts';
import { MAIN, type Server, startServer } from './server-process.ts';

/** The machine's address, and that of everybody else. */
export const OWN = '10.77.1.10';
export const AROUND = '10.77.1.20';
/** Where the server is reached on the machine's loopback, and where that leads. */
const [NEAR, FAR] = [4700, 4701] as const;
export const CONFIRM_SECONDS = 3;
/** Longer than anything here takes: whoever waits so long waits for what will not come. */
const PATIENCE_MS = 180_000;

export type RunningAgent = ChildProcess & { readonly said: () => string };

export class MachineAgent {
  readonly machine: Namespace;
  readonly around: Namespace;
  /** Speaks from the machine and from around it; both listen at port 22. */
  inside!: Talker;
  outside!: Talker;
  server!: Server;
  client!: ec2.EC2Client;
  groupId = '';
  instanceId = '';
  readonly state: string;
  readonly #relays: ChildProcess[] = [];
  readonly #agents: RunningAgent[] = [];
  /** Stands before nft, and kills the agent where it is told to. */
  readonly #programs: string;

  private constructor(name: string) {
    this.machine = new Namespace(`${name}-m`);
    this.around = new Namespace(`${name}-a`);
    this.state = mkdtempSync(join(tmpdir(), 'crenel-trial-'));
    this.#programs = mkdtempSync(join(tmpdir(), 'crenel-nft-'));
  }

  /** A server, an instance in one group that only lets everything out, and the machine that it is. */
  static async start(name: string): Promise<MachineAgent> {
    const one = new MachineAgent(name);
    one.#wireUp();
    one.server = await startServer('--memory', '--anonymous');
    const url = new URL(one.server.url);
    await one.#relay([one.around.name, AROUND, FAR], ['-', url.hostname, Number(url.port)]);
    await one.#relay([one.machine.name, '127.0.0.1', NEAR], [one.machine.name, AROUND, FAR]);
    [one.inside, one.outside] = [new Talker(one.machine), new Talker(one.around)];
    for (const talker of [one.inside, one.outside]) for (const port of [22, 443]) await talker.listen(port);
    const credentials = { accessKeyId: 'anything', secretAccessKey: 'anything' };
    one.client = new ec2.EC2Client({ endpoint: one.server.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
    await one.#makeInstance();
    one.#standBefore();
    return one;
  }

  #wireUp(): void {
    batch(
      this.machine,
      'link set lo up',
      `link add eth0 address 02:00:00:00:00:01 type veth peer name w0 netns ${this.around.name}`,
      `addr add ${OWN}/24 dev eth0`,
      'link set eth0 up',
    );
    batch(this.around, 'link set lo up', `addr add ${AROUND}/24 dev w0`, 'link set w0 up');
  }

  async #relay(from: readonly [string, string, number], to: readonly [string, string, number]): Promise<void> {
    const script = fileURLToPath(new URL('relay.py', import.meta.url));
    const relay = spawn('python3', [script, ...[...from, ...to].map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#relays.push(relay);
    await once(relay.stdout, 'data');
  }

  async #makeInstance(): Promise<void> {
    const { Vpc } = await this.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.77.0.0/16' }));
    const { Subnet } = await this.client.send(
      new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.77.1.0/24' }),
    );
    const { GroupId } = await this.client.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: 'machine', Description: 'machine', VpcId: Vpc?.VpcId }),
    );
    this.groupId = GroupId ?? '';
    const { Instances } = await this.client.send(
      new ec2.RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: Subnet?.SubnetId,
        PrivateIpAddress: OWN,
        SecurityGroupIds: [this.groupId],
      }),
    );
    this.instanceId = Instances?.[0]?.InstanceId ?? '';
    assert.notEqual(this.instanceId, '');
  }

  #standBefore(): void {
    const script = `#!/bin/sh
n=$(( $(cat "$0.count") + 1 ))
echo $n > "$0.count"
read -r pid when at < "$0.kill"
if [ "$when" = before ] && [ "$at" = $n ] && [ "$pid" = $PPID ]; then kill -9 $PPID; exit 1; fi
PATH="\${PATH#*:}" nft "$@"
code=$?
if [ "$when" = after ] && [ "$at" = $n ] && [ "$pid" = $PPID ]; then kill -9 $PPID; fi
exit $code
`;
    writeFileSync(join(this.#programs, 'nft'), script);
    chmodSync(join(this.#programs, 'nft'), 0o755);
    this.killAt(undefined);
  }

  /** From now on nobody new comes to the server; whoever is connected stays. */
  bar(): void {
    const rule = `ct state new tcp dport ${FAR} reject with tcp reset`;
    const table = `table ip hop { chain in { type filter hook input priority 0; ${rule}; }; }`;
    must(this.around.run('nft', ['-f', '-'], `${table}\n`));
  }

  unbar(): void {
    must(this.around.run('nft', ['delete', 'table', 'ip', 'hop']));
  }

  /** From now on the agent is killed before or after its `at`-th run of nft; counting starts anew. */
  killAt(
    order: { readonly agent: RunningAgent; readonly when: 'before' | 'after'; readonly at: number } | undefined,
  ): void {
    writeFileSync(join(this.#programs, 'nft.count'), '0\n');
    const text = order === undefined ? '0 never 0' : `${order.agent.pid} ${order.when} ${order.at}`;
    writeFileSync(join(this.#programs, 'nft.kill'), `${text}\n`);
  }

  startAgent(confirmSeconds: number = CONFIRM_SECONDS): RunningAgent {
    const args = ['agent', '--host', 'm1', '--instance', this.instanceId, '--device', 'eth0'];
    const more = ['--endpoint', `http://127.0.0.1:${NEAR}`, '--state', this.state, '--confirm', String(confirmSeconds)];
    const child = spawn('ip', ['netns', 'exec', this.machine.name, process.execPath, MAIN, ...args, ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        ...this.server.env,
        NO_COLOR: '1',
        PATH: `${this.#programs}:${process.env['PATH'] ?? ''}`,
      },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const agent: RunningAgent = Object.assign(child, { said: () => said.replaceAll(/\s+/gu, ' ') });
    this.#agents.push(agent);
    return agent;
  }

  async endAgent(agent: RunningAgent, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (agent.exitCode !== null || agent.signalCode !== null) return;
    agent.kill(signal);
    await once(agent, 'close');
  }

  /** Our tables as text, without what packets put into it; empty when there is none. Equal rules have equal texts. */
  rules(): string {
    const { chains, sets, timeouts } = this.machine.listing();
    const texts = [...sets].map(([name, { head, content }]) => {
      const elements = content.kind === 'dynamic' ? [] : [...elementTexts(content)].flat().toSorted();
      return `${name} ${head} ${elements.join(', ')}`;
    });
    const more = [...chains].map(([name, { head, rules }]) => [name, head, ...rules].join('\n'));
    return [...texts, ...more, ...[...timeouts].map((one) => one.join(' '))].toSorted().join('\n');
  }

  /** Trials that were not ended. */
  onTrial(): readonly string[] {
    return readdirSync(join(this.state, 'trial')).filter((name) => name.endsWith('.nft'));
  }

  /** Opens or closes a port of the group. */
  async rule(
    direction: 'ingress' | 'egress',
    verb: 'add' | 'remove',
    { port, cidr }: { readonly port?: number; readonly cidr: string },
  ): Promise<void> {
    const ports = port === undefined ? { IpProtocol: '-1' } : { IpProtocol: 'tcp', FromPort: port, ToPort: port };
    const input = { GroupId: this.groupId, IpPermissions: [{ ...ports, IpRanges: [{ CidrIp: cidr }] }] };
    if (direction === 'ingress')
      await (verb === 'add'
        ? this.client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input))
        : this.client.send(new ec2.RevokeSecurityGroupIngressCommand(input)));
    else
      await (verb === 'add'
        ? this.client.send(new ec2.AuthorizeSecurityGroupEgressCommand(input))
        : this.client.send(new ec2.RevokeSecurityGroupEgressCommand(input)));
  }

  /** What the server says of the host. */
  async host(): Promise<Readonly<Record<string, unknown>>> {
    const answer = await fetch(`${this.server.url}/crenel/v1/hosts`);
    const { hosts, revision } = (await answer.json()) as { hosts: Record<string, unknown>[]; revision: number };
    return { ...hosts.find(({ host }) => host === 'm1'), newest: revision };
  }

  /** Waits until something holds; what agents said is told where it never does. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (performance.now() < endMs) {
      if (await holds()) return;
      await sleep(50);
    }
    const said = this.#agents.map((agent) => agent.said()).join('\n---\n');
    throw new Error(`${what} never came: ${JSON.stringify(await this.host())}\n${said}\n${this.server.log()}`);
  }

  /** Until the host enforces the newest revision. */
  async enforced(): Promise<void> {
    await this.until('the newest revision', async () => {
      const { condition, enforcedRevision, newest } = await this.host();
      return condition === 'enforcing' && enforcedRevision === newest;
    });
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) await this.endAgent(agent, 'SIGKILL');
    for (const one of [this.inside, this.outside]) one.close();
    for (const relay of this.#relays) relay.kill();
    await this.server.stop();
    this.machine.close();
    this.around.close();
    for (const folder of [this.state, this.#programs]) rmSync(folder, { recursive: true, force: true });
  }
}

function batch(space: Namespace, ...lines: readonly string[]): void {
  must(space.run('ip', ['-batch', '-'], lines.join('\n')));
}

/** Nothing that a test sets up may fail in silence. */
function must({ status, stderr }: Ran): void {
  if (status !== 0) throw new Error(stderr);
}
