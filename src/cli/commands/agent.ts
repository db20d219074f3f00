import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { tellUnable, whyUnable } from '../../agent/ability.ts';
import { Agent, type AgentLog } from '../../agent/agent.ts';
import { type Attaching, holdsOf } from '../../agent/attaching.ts';
import { interfaceDevices, whyAllPast } from '../../agent/device-news.ts';
import { type Look, looker, readMac } from '../../agent/devices.ts';
import { KeptRules } from '../../agent/kept-rules.ts';
import type { Kernel } from '../../agent/kernel.ts';
import { kernelOf } from '../../agent/kernel-choice.ts';
import { NftKernel } from '../../agent/nft-kernel.ts';
import { isNamespace } from '../../agent/namespaces.ts';
import { nftCommand, type NftProgram, nftProgram } from '../../agent/nft-program.ts';
import { readConnections } from '../../agent/open-connections.ts';
import { restoreRules } from '../../agent/restore.ts';
import type { Need } from '../../agent/self-check.ts';
import { takeLock } from '../../agent/lock.ts';
import { lockFolder, TrialFolder } from '../../agent/trial-folder.ts';
import { asId, type EniId } from '../../core/model/ids.ts';
import { parseAddress } from '../../core/net/address.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import { type Attachment, isDeviceName } from '../../nft/wiring.ts';
import { isLoopback } from '../../server/http/may-listen.ts';
import { SYNC_VERSION } from '../../server/sync/messages.ts';
import { readAttached } from '../attached.ts';
import type { CommandSetup } from '../command.ts';
import { type LinkOptions, openLink, type PlannedLink, planLink, TOKEN_VARIABLE } from '../agent-link.ts';
import { type Context, refuse } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { interrupted } from '../interrupted.ts';
import { printable } from '../terminal.ts';

/** The options of `crenel agent` as commander reads them. */
type AgentOptions = LinkOptions & {
  readonly attach?: readonly string[];
  readonly fabric?: readonly string[];
  readonly instance?: string;
  readonly device?: string;
  readonly ssh?: readonly string[];
  readonly confirm: string;
  readonly netns?: string;
  readonly nft?: boolean;
  readonly restore?: boolean;
};

/** `crenel agent`: the rules of a server on this host. */
export function addAgent(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('agent')
    .summary('enforces what a server says on the interfaces of this host, with nftables')
    .description(
      'Follows a server that `crenel serve` runs and keeps the rules of this host at what it says. Needs CAP_NET_ADMIN. When it stops, the rules stay.',
    )
    .option('--host <name>', 'what the server calls this host; its host name where no token or certificate says')
    .option(
      '--enrol <token>',
      `the token of \`crenel host add\`, a file with it, or - for standard input; also ${TOKEN_VARIABLE}`,
    )
    .option('--state <folder>', 'where the certificate, its key and rules on trial are kept; also STATE_DIRECTORY')
    .option(
      '--attach <eni=device/mac...>',
      'instances behind devices of this host: interface, device and hardware address of the guest, or @file with one of these on each line',
    )
    .option('--fabric <device...>', 'devices towards other hosts, behind which sources have been checked')
    .option('--instance <id>', 'this machine is the instance')
    .option('--device <device>', 'its primary interface')
    .option('--ssh <address...>', 'with --instance: rules that do not admit SSH from these addresses are refused whole')
    .option(
      '--confirm <seconds>',
      'with --instance: rules are taken back if the server is not reached by a new connection in that time',
      '10',
    )
    .option('--netns <name>', 'a named network namespace to enforce in')
    .option('--restore', 'put in force what was in force last, where nothing is, and end: for the start of a machine')
    .option('--nft', 'tell the kernel by the nft program alone, even where it can be told faster')
    .action(async (options: AgentOptions) => {
      finish(await agent(context(), options));
    });
}

async function agent(context: Context, options: AgentOptions): Promise<ExitStatus> {
  const plan = await planLink(context, options);
  if (!plan.ok) return refuse(context, EXIT.usage, plan.error);
  const ssh = sshNeeds(context, options);
  if (!ssh.ok) return refuse(context, EXIT.usage, ssh.error);
  const attaching = await attachingOf(context, options, { needs: ssh.value, folder: plan.value.folder });
  if (!attaching.ok) return refuse(context, EXIT.usage, attaching.error);
  const program = nftProgram(options.netns === undefined ? {} : { namespace: options.netns });
  // Whoever cannot enforce says so at once and ends: nobody is to believe that this host is guarded, and no token is spent on it.
  const log: AgentLog = (level, message) => void context.io.stderr.write(`${level.padEnd(5)} ${printable(message)}\n`);
  const { mode } = attaching.value;
  const look = looker({ namespace: options.netns, program, mode, devices: interfaceDevices(attaching.value) });
  const why =
    whyNoNamespace(options.netns) ??
    (await whyUnable(program, mode === 'tap' ? 'forward' : 'local')) ??
    (await whyPast(attaching.value, look));
  if (why !== undefined) {
    if (options.restore !== true) await sayUnable(context, { plan: plan.value, attaching: attaching.value, why, log });
    return refuse(context, EXIT.io, `this host cannot enforce anything: ${why}`);
  }
  if (attaching.value.mode === 'host') {
    const locked = await lockFolder(attaching.value.trial.folder.path);
    if (!locked.ok) return refuse(context, EXIT.io, locked.error);
  }
  // Two that keep the same tables would each take back what the other one did.
  if (options.restore !== true && (await takeLock(`rules-${options.netns ?? ''}`)) === undefined)
    return refuse(
      context,
      EXIT.io,
      'another agent enforces on this machine already: one agent holds all of its interfaces, with --attach for each; end the other one first',
    );
  const kernel =
    options.nft === true
      ? new NftKernel(program)
      : await kernelOf(program, { mode: attaching.value.mode, namespace: options.netns });
  return await onKernel(context, options, { plan: plan.value, attaching: attaching.value, program, kernel, look, log });
}

type Ready = {
  readonly plan: PlannedLink;
  readonly attaching: Attaching;
  readonly program: NftProgram;
  readonly kernel: Kernel;
  readonly look: Look;
  readonly log: AgentLog;
};

/** The rules of before come first, for neither the network nor the server may be there yet. */
async function onKernel(context: Context, options: AgentOptions, ready: Ready): Promise<ExitStatus> {
  const { plan, kernel, program, attaching, look, log } = ready;
  log('info', `rules reach the kernel by ${kernel.way}`);
  const { mode } = attaching;
  const kept = new KeptRules(plan.folder, { host: plan.host, mode, holds: holdsOf(attaching) });
  const restored = await restoreRules({ program, kernel, attaching, kept, log });
  if (!restored.ok) log('error', `it cannot be found out whether rules are in force: ${restored.error.message}`);
  if (options.restore === true) {
    kernel.close();
    if (restored.ok && restored.value === 'there') log('info', 'rules are in force: nothing was done');
    if (restored.ok && restored.value === 'none') log('info', `no rules of this host are kept in ${kept.path}`);
    return restored.ok && (restored.value === 'there' || restored.value === 'none' || restored.value === 'restored')
      ? EXIT.allowed
      : EXIT.io;
  }
  const trying = await withServerNeed(attaching, plan.endpoint);
  const opened = trying.ok ? await openLink(context, plan, log) : trying;
  if (!trying.ok || !opened.ok) {
    kernel.close();
    return refuse(context, EXIT.io, opened.ok ? '' : opened.error);
  }
  const { link, renewal } = opened.value;
  const connections = async (): ReturnType<typeof readConnections> => await readConnections(options.netns);
  const running = new Agent({
    link,
    host: plan.host,
    attaching: trying.value,
    kernel,
    connections,
    look,
    kept,
    log,
  });
  running.start();
  renewal?.start();
  await interrupted();
  await running.stop();
  await renewal?.stop();
  return EXIT.allowed;
}

function whyNoNamespace(name: string | undefined): string | undefined {
  if (name === undefined || isNamespace(name)) return undefined;
  return `there is no network namespace ${name}: \`ip netns list\` says which there are`;
}

/** Why no rule would see a packet. What cannot be looked at is told by the agent when it runs. */
async function whyPast(attaching: Attaching, look: Look): Promise<string | undefined> {
  const devices = await look('everything');
  return devices.ok ? whyAllPast(attaching, devices.value) : undefined;
}

type Unable = {
  readonly plan: PlannedLink;
  readonly attaching: Attaching;
  readonly why: string;
  readonly log: AgentLog;
};

/** Tells the server why this host enforces nothing, if it is known there. */
async function sayUnable(context: Context, { plan, attaching, why, log }: Unable): Promise<void> {
  if (plan.token !== undefined) return;
  const opened = await openLink(context, plan, log);
  const hello = { version: SYNC_VERSION, host: plan.host, mode: attaching.mode, holds: holdsOf(attaching) };
  const told = opened.ok ? await tellUnable(opened.value.link, hello, why) : opened;
  if (told.ok) log('info', 'the server knows why');
  else log('warn', `the server does not hear why: ${told.error}`);
}

/** SSH from the addresses that are given and from where this agent was started: rules must not cut that. */
function sshNeeds({ io }: Context, { ssh = [], instance }: AgentOptions): Result<readonly Need[]> {
  if (instance === undefined) return ok([]);
  const [started] = (io.env['SSH_CONNECTION'] ?? '').split(' ');
  const needs: Need[] = [];
  for (const text of new Set([...ssh, ...(started === undefined || started === '' ? [] : [started])])) {
    const peer = parseAddress(text);
    if (!peer.ok) return fail(`--ssh ${text}: ${peer.error}`);
    needs.push({ what: 'SSH', direction: 'ingress', peer: peer.value, port: 22 });
  }
  return ok(needs);
}

/** Nor must they cut the way to the server, unless it is this machine. Fails where its name has no address, as before the network is there. */
async function withServerNeed(attaching: Attaching, endpoint: URL): Promise<Result<Attaching>> {
  if (attaching.mode === 'tap') return ok(attaching);
  const host = endpoint.hostname.replaceAll(/^\[|\]$/gu, '');
  if (isLoopback(host)) return ok(attaching);
  try {
    const peer = parseAddress((await lookup(host)).address);
    const port = endpoint.port === '' ? 443 : Number(endpoint.port);
    if (!peer.ok) return peer;
    const need: Need = { what: 'its server', direction: 'egress', peer: peer.value, port };
    return ok({ ...attaching, needs: [...attaching.needs, need] });
  } catch {
    return fail(`the server ${host} has no address`);
  }
}

/** What rules must not cut, and where the host keeps what it must not forget. */
type Precaution = { readonly needs: readonly Need[]; readonly folder: string };

async function attachingOf({ io }: Context, options: AgentOptions, precaution: Precaution): Promise<Result<Attaching>> {
  const { attach = [], fabric = [], instance } = options;
  const strange = fabric.find((name) => !isDeviceName(name));
  if (strange !== undefined) return fail(`--fabric ${strange} is no device`);
  if (instance !== undefined)
    return attach.length > 0 || fabric.length > 0
      ? fail(`${attach.length > 0 ? '--attach' : '--fabric'} and --instance exclude each other`)
      : await asInstance(instance, options, precaution);
  const attached = await readAttached(io, attach);
  if (!attached.ok) return attached;
  if (attached.value.length === 0)
    return fail('say which interfaces are here: --attach eni-…=tap0/02:… or --instance i-… --device eth0');
  const enis = new Map<EniId, Attachment>();
  for (const { id, attachment } of attached.value) {
    if (attachment === undefined)
      return fail(`--attach ${id} does not say where it hangs: ${id}=tap0/02:00:00:00:00:01`);
    if (fabric.includes(attachment.device))
      return fail(
        `--attach ${id}=${attachment.device}/…: that device is of --fabric, too, behind which sources have been checked already`,
      );
    enis.set(asId(id), attachment);
  }
  const idle = options.device === undefined ? options.ssh && '--ssh' : '--device';
  if (idle !== undefined) return fail(`${idle} is for --instance: --attach names the device of each interface`);
  return ok({ mode: 'tap', enis, fabric: new Set(fabric) });
}

/** The machine itself is the instance. */
async function asInstance(
  instance: string,
  { device, confirm, netns }: AgentOptions,
  { needs, folder }: Precaution,
): Promise<Result<Attaching>> {
  if (!/^i-[0-9a-z]+$/u.test(instance)) return fail(`--instance ${instance} is no id of an instance, as i-0a1b`);
  if (device === undefined || !isDeviceName(device))
    return fail('--instance wants --device with the name of its primary interface');
  const mac = await readMac(netns, device);
  if (!mac.ok) return mac;
  const seconds = Number(confirm);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS)
    return fail(`--confirm ${confirm} is no number of seconds from 1 to ${MOST_SECONDS}`);
  const opened = TrialFolder.open(join(folder, 'trial'));
  if (!opened.ok) return fail(`${opened.error}; say with --state where rules on trial may be kept`);
  const nft = (args: readonly string[]): readonly string[] =>
    nftCommand(netns === undefined ? {} : { namespace: netns }, args);
  const attachment = { device, mac: mac.value };
  return ok({
    mode: 'host',
    instance: asId(instance),
    attachment,
    needs,
    trial: { folder: opened.value, seconds, nft },
  });
}

/** The longest that a machine may be cut off. */
const MOST_SECONDS = 600;
