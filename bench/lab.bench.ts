// Claim: a lab of 200 instances, with their groups enforced, costs no more than thirty times as many bare namespaces with a cable each. Needs root.
import { spawnSync } from 'node:child_process';
import { Lab, whyNoLab } from '../src/agent/lab/lab.ts';
import { LAB_LOCK } from '../src/agent/lab/register.ts';
import { takeLock } from '../src/agent/lock.ts';
import type { World } from '../src/core/model/world.ts';
import { expectOk } from '../src/core/net/result.ts';
import { compactWorld } from '../test/compact.ts';
import { quantile, report } from './harness.ts';

const INSTANCES = 200;
const ROUNDS = 3;

/** Records by name. */
function named<T>(count: number, of: (index: number) => readonly [name: string, record: T]): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => of(index)));
}

function instanceId(index: number): string {
  return `i-${(index + 1).toString(16).padStart(17, '0')}`;
}

/** Ten groups in a ring, four subnets, both families. */
function worldOfMany(): World {
  return compactWorld({
    vpcs: { V: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] } },
    subnets: named(4, (n) => [`S${n}`, { vpc: 'V', cidrs: [`10.0.${n}.0/24`, `2001:db8:1:${n}::/64`] }]),
    groups: named(10, (n) => {
      const ingress = [`tcp/443 group:G${(n + 1) % 10}`, 'tcp/22 10.0.0.0/24', 'icmp 0.0.0.0/0', 'icmpv6 ::/0'];
      return [`G${n}`, { vpc: 'V', ingress }];
    }),
    enis: named(INSTANCES, (n) => {
      const addresses = [`10.0.${n % 4}.${10 + Math.floor(n / 4)}`, `2001:db8:1:${n % 4}::${(n + 16).toString(16)}`];
      return [`e${n}`, { subnet: `S${n % 4}`, addresses, groups: [`G${n % 10}`], instance: instanceId(n), device: 0 }];
    }),
    instances: named(INSTANCES, (n) => [instanceId(n), {}]),
  });
}

async function labSeconds(): Promise<number> {
  const lab = new Lab();
  const start = performance.now();
  expectOk(await lab.build(worldOfMany()));
  const seconds = (performance.now() - start) / 1000;
  if (lab.plan?.instances.size !== INSTANCES) throw new Error('the lab is not whole');
  for (const { commands } of expectOk(await lab.verify()).values())
    if (commands.length > 0) throw new Error('the lab does not enforce what it should');
  expectOk(await lab.close());
  return seconds;
}

/** Namespaces with nothing but one end of a cable each, by one run of `ip`. */
function bareSeconds(): number {
  const names = Array.from({ length: INSTANCES }, (_, index) => `crlbench-${index}`);
  const start = performance.now();
  ip(names.map((name, index) => `netns add ${name}\nlink add crlb${index} type veth peer name eth0 netns ${name}`));
  const seconds = (performance.now() - start) / 1000;
  ip(names.map((name) => `netns delete ${name}`));
  return seconds;
}

function ip(lines: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', ['-batch', '-'], { input: lines.join('\n'), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

// Nobody else begins a lab meanwhile.
const whyNot = whyNoLab() ?? ((await takeLock(LAB_LOCK)) === undefined ? 'a lab is up on this machine' : undefined);
if (whyNot === undefined) {
  const rounds: (readonly [lab: number, bare: number])[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push([await labSeconds(), bareSeconds()]);
  const median = (of: (round: readonly [number, number]) => number): number => quantile(rounds.map(of), 0.5);
  report('lab', [
    {
      claim: `a lab of ${INSTANCES} instances against as many bare namespaces with a cable each`,
      unit: '×',
      target: { atMost: 30 },
      measured: median(([lab, bare]) => lab / bare),
      details: { 'lab s': median(([lab]) => lab), 'bare s': median(([, bare]) => bare) },
    },
  ]);
} else process.stdout.write(`lab: skipped: ${whyNot}\n`);
