import { ok, type Result } from '../core/net/result.ts';
import { worldOf } from '../core/model/world.ts';
import type { HostView } from '../core/policy/host-view.ts';
import { type AgentLog, wiringOf } from './agent.ts';
import type { Attaching } from './attaching.ts';
import { Enforcer } from './enforcer.ts';
import type { Kernel, KernelFault } from './kernel.ts';
import type { KeptRules } from './kept-rules.ts';
import type { NftProgram } from './nft-program.ts';
import { isObject } from '../server/sync/shape.ts';

/**
 * What came of it. `there`: rules are in force already, so that nothing was done; `none`: nothing was kept; `restored`: what was kept is in force
 * again; `closed`: it cannot be, so everything at the devices is refused; `open`: it cannot be, and nothing is enforced.
 */
export type Restored = 'there' | 'none' | 'restored' | 'closed' | 'open';

export type RestoreSetup = {
  readonly program: NftProgram;
  readonly kernel: Kernel;
  readonly attaching: Attaching;
  readonly kept: KeptRules;
  readonly log: AgentLog;
};

/**
 * Puts in force what was in force last, where nothing is: after a start of the machine, before anybody was asked. Rules that are there are newer than
 * what was kept, or the same, and stay. Where nothing can be read of what was kept, instances behind devices get nothing through; a machine that is the
 * instance itself would be cut off from its server for good, so there it is only said.
 */
export async function restoreRules(setup: RestoreSetup): Promise<Result<Restored, KernelFault>> {
  const { program, attaching, kept, log } = setup;
  const isThere = await hasRules(program);
  if (!isThere.ok) return isThere;
  if (isThere.value) return ok('there');
  const view = kept.read();
  if (view.ok && view.value === undefined) return ok('none');
  const fault = view.ok && view.value !== undefined ? await put(setup, view.value) : view.ok ? undefined : view.error;
  if (fault === undefined) {
    log('info', `the rules that were in force last are again, from ${kept.path}, until the server speaks`);
    return ok('restored');
  }
  if (attaching.mode === 'host') {
    log('error', `nothing is enforced until the server speaks, for what was kept cannot be used: ${fault}`);
    return ok('open');
  }
  log(
    'error',
    `everything at the devices is refused until the server speaks, for what was kept cannot be used: ${fault}`,
  );
  const closed = await put(setup, UNKNOWN);
  if (closed === undefined) return ok('closed');
  log('error', `not even that can be enforced: ${closed}`);
  return ok('open');
}

/** A view that knows no interface: at the devices of those that are not known everything is refused. */
const UNKNOWN: HostView = { revision: 0, world: worldOf({}), members: new Map() };

/** Why a view cannot be enforced; undefined when it is. */
async function put({ kernel, attaching }: RestoreSetup, view: HostView): Promise<string | undefined> {
  const wiring = wiringOf(attaching, view, undefined);
  const done = await new Enforcer(kernel, wiring).enforce(view);
  return done.ok ? undefined : done.error.message;
}

/** Whether packets meet any rules of ours. */
async function hasRules(program: NftProgram): Promise<Result<boolean, KernelFault>> {
  const listed = await program.list(['list', 'chains', 'inet']);
  if (!listed.ok) return listed;
  if (listed.value === '') return ok(false);
  return ok(chainsIn(listed.value).some((chain) => chain['table'] === 'crenel' && chain['hook'] !== undefined));
}

function chainsIn(listed: string): readonly Readonly<Record<string, unknown>>[] {
  const document: unknown = JSON.parse(listed);
  const items = isObject(document) && Array.isArray(document['nftables']) ? document['nftables'] : [];
  return items.flatMap((item: unknown) => (isObject(item) && isObject(item['chain']) ? [item['chain']] : []));
}
