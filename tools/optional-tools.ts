// Looks for programs that some tests compare against. They are never required: a test that lacks its program says that it is skipped.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function runApt(args: readonly string[]): boolean {
  const quick = ['-o', 'Acquire::http::Timeout=10', '-o', 'Acquire::https::Timeout=10', '-o', 'Acquire::Retries=0'];
  const result = spawnSync('apt-get', ['-qq', ...quick, '-o', 'DPkg::Lock::Timeout=30', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
    timeout: 180_000,
  });
  return result.status === 0;
}

/** Installs a Debian package where that is plainly possible: as root, on a machine with apt, and unless CRENEL_NO_APT is set. */
function tryApt(packageName: string): void {
  const allowed = process.getuid?.() === 0 && findOnPath('apt-get') !== undefined && !process.env['CRENEL_NO_APT'];
  if (!allowed) return;
  process.stdout.write(`  installing ${packageName} with apt-get (CRENEL_NO_APT=1 prevents this) …\n`);
  const install = ['install', '-y', '--no-install-recommends', packageName];
  if (!runApt(install) && runApt(['update'])) runApt(install);
}

function hasBoto3(): boolean {
  return spawnSync('python3', ['-c', 'import boto3'], { stdio: 'ignore' }).status === 0;
}

/** Real clients of the EC2 API, which its tests look for by themselves. */
function findClients(): void {
  if (findOnPath('aws') === undefined) tryApt('awscli');
  if (!hasBoto3()) tryApt('python3-boto3');
  const missing = [...(findOnPath('aws') === undefined ? ['aws'] : []), ...(hasBoto3() ? [] : ['boto3'])];
  process.stdout.write(
    missing.length === 0
      ? '✔ optional tools: aws, boto3\n'
      : `– optional tools: no ${missing.join(', no ')}, their tests are skipped\n`,
  );
}

/** What tests with the real kernel need, each with its Debian package; they run as root only. */
const KERNEL_TOOLS: readonly (readonly [program: string, packageName: string])[] = [
  ['nft', 'nftables'],
  ['ip', 'iproute2'],
  ['conntrack', 'conntrack'],
  ['sysctl', 'procps'],
  ['ping', 'iputils-ping'],
  ['python3', 'python3'],
];

function findKernelTools(): void {
  if (process.getuid?.() !== 0) {
    process.stdout.write('– kernel tests need root: they are skipped\n');
    return;
  }
  for (const [program, packageName] of KERNEL_TOOLS) if (findOnPath(program) === undefined) tryApt(packageName);
  const missing = KERNEL_TOOLS.filter(([program]) => findOnPath(program) === undefined).map(([program]) => program);
  process.stdout.write(
    missing.length === 0
      ? '✔ kernel tools: nft, ip, conntrack, sysctl, ping, python3\n'
      : `– kernel tools: no ${missing.join(', no ')}, kernel tests are skipped\n`,
  );
}

/** The environment for the tests: CRENEL_Z3 is the path of the Z3 solver where there is one. */
export function environmentWithTools(): NodeJS.ProcessEnv {
  findClients();
  findKernelTools();
  const given = process.env['CRENEL_Z3'];
  if (given !== undefined) return process.env;
  if (findOnPath('z3') === undefined) tryApt('z3');
  const z3 = findOnPath('z3');
  process.stdout.write(
    z3 === undefined ? '– optional tools: no z3, its tests are skipped\n' : `✔ optional tools: ${z3}\n`,
  );
  return z3 === undefined ? process.env : { ...process.env, CRENEL_Z3: z3 };
}
