// Terraform with AWS's own provider: what it makes it finds again, after making, changing and importing, and it leaves nothing behind.
// CRENEL_TERRAFORM_MIRROR names a folder with an unpacked mirror of the provider; without it, or without terraform, the test is skipped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from './server-process.ts';

const CONFIGURATION = fileURLToPath(new URL('terraform/main.tf', import.meta.url));

type Workspace = { readonly folder: string; readonly endpoint: string; readonly config: string };

/** Runs terraform; gives its exit status and what it printed. */
function terraform(
  { folder, endpoint, config }: Workspace,
  ...args: readonly string[]
): { readonly status: number | null; readonly text: string } {
  const run = spawnSync('terraform', [...args, '-no-color'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 240_000,
    env: {
      ...process.env,
      TF_CLI_CONFIG_FILE: config,
      TF_VAR_endpoint: endpoint,
      TF_IN_AUTOMATION: '1',
      CHECKPOINT_DISABLE: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

function succeeds(workspace: Workspace, ...args: readonly string[]): void {
  const { status, text } = terraform(workspace, ...args);
  assert.equal(status, 0, `terraform ${args.join(' ')}:\n${text.slice(-4000)}`);
}

/** Demands that there is nothing to do: with -detailed-exitcode, a plan that is empty ends with 0 and another with 2. */
function isSettled(workspace: Workspace, ...args: readonly string[]): void {
  const { status, text } = terraform(workspace, 'plan', '-detailed-exitcode', '-input=false', ...args);
  assert.equal(status, 0, `a plan that should be empty:\n${text}`);
}

function workspaceIn(folder: string, name: string, mirror: string, endpoint: string): Workspace {
  const own = join(folder, name);
  mkdirSync(own);
  copyFileSync(CONFIGURATION, join(own, 'main.tf'));
  const config = join(own, 'cli.tfrc');
  writeFileSync(
    config,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`,
  );
  const workspace = { folder: own, endpoint, config };
  succeeds(workspace, 'init', '-input=false');
  return workspace;
}

/** Ids under which some resources are imported into a state of their own. */
const IMPORTED = [
  'aws_vpc.main',
  'aws_subnet.public',
  'aws_subnet.private',
  'aws_internet_gateway.main',
  'aws_eip.nat',
  'aws_nat_gateway.main',
  'aws_ec2_managed_prefix_list.offices',
  'aws_security_group.bare',
  'aws_network_acl.standalone',
];

test(
  'terraform applies, changes, imports and destroys every type of resource, with an empty plan after each step',
  { timeout: 600_000 },
  async (t) => {
    const mirror = process.env['CRENEL_TERRAFORM_MIRROR'];
    if (mirror === undefined || !existsSync(mirror))
      return t.skip('set CRENEL_TERRAFORM_MIRROR to a mirror of the AWS provider');
    if (spawnSync('terraform', ['version']).status !== 0) return t.skip('terraform is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'crenel-terraform-'));
    const server = await startServer('--memory', '--anonymous');
    try {
      const workspace = workspaceIn(folder, 'main', mirror, server.url);
      succeeds(workspace, 'apply', '-auto-approve', '-input=false');
      isSettled(workspace);
      succeeds(workspace, 'apply', '-auto-approve', '-input=false', '-var=changed=true');
      isSettled(workspace, '-var=changed=true');
      const other = workspaceIn(folder, 'imported', mirror, server.url);
      const shown = JSON.parse(terraform(workspace, 'show', '-json').text) as Shown;
      for (const address of IMPORTED) {
        const id =
          shown.values.root_module.resources.find((one) => one.address === address)?.values.id ?? assert.fail(address);
        succeeds(other, 'import', '-input=false', '-var=changed=true', address, id);
      }
      const targets = IMPORTED.map((address) => `-target=${address}`);
      const { text } = terraform(other, 'plan', '-input=false', '-var=changed=true', '-refresh=true', ...targets);
      assert.doesNotMatch(text, new RegExp(`# (?:${IMPORTED.join('|')}) (?:will|must) be`), text);
      succeeds(workspace, 'destroy', '-auto-approve', '-input=false', '-var=changed=true');
      const left = await (await fetch(`${server.url}/?Action=DescribeVpcs&Version=2016-11-15`)).text();
      assert.doesNotMatch(left, /<vpcId>/);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true });
    }
    return undefined;
  },
);

type Shown = {
  readonly values: {
    readonly root_module: {
      readonly resources: readonly { readonly address: string; readonly values: { readonly id?: string } }[];
    };
  };
};
