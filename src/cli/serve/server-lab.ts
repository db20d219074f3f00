import { fail, ok, type Result } from '../../core/net/result.ts';
import { whyNoLab } from '../../agent/lab/lab.ts';
import { LabFollower, type LabHearer } from '../../agent/lab/lab-follower.ts';
import type { Control } from '../../server/control/control.ts';
import type { Realm } from '../../server/control/env.ts';
import type { Log } from '../../server/http/log.ts';
import type { AgentApi } from '../../server/native/agent-api.ts';
import type { Settings } from './settings.ts';

/** What the list of hosts calls the server's own lab. */
const LAB_HOST = 'lab';

type LabParts = {
  readonly control: Control;
  readonly agents: AgentApi;
  readonly log: Log;
  /** How often the kernel is looked after and counters are read, in milliseconds; 30 seconds when absent. */
  readonly lookMs?: number;
};

/**
 * Lets the instances of the first account and region run as namespaces of this machine, and tells of the lab as of any other host; gives what
 * ends it.
 */
export async function startLab(
  { withLab, accountId, region }: Pick<Settings, 'withLab' | 'accountId' | 'region'>,
  { control, agents, log, lookMs }: LabParts,
): Promise<Result<(() => Promise<void>) | undefined>> {
  if (!withLab) return ok(undefined);
  const why = whyNoLab();
  if (why !== undefined) return fail(why);
  const realm: Realm = { accountId, region };
  const newest = (): ReturnType<ConstructorParameters<typeof LabFollower>[0]> => ({
    world: control.estate(realm).world,
    revision: control.revision,
  });
  const follower = new LabFollower(
    newest,
    {
      built: ({ instances, milliseconds }) => log.info({ instances, milliseconds }, 'the lab is built'),
      failed: (message) => log.error({ message }, 'the lab is not what it should be'),
      warned: (message) => log.warn({ message }, 'the lab differs from AWS'),
      repaired: (vpcId, changes) => log.warn({ vpcId, changes }, 'somebody changed the rules of the lab: repaired'),
    },
    { ...(lookMs === undefined ? {} : { lookMs }), hearer: hearerOf(agents, realm) },
  );
  const started = await follower.start();
  if (!started.ok) return started;
  const unsubscribe = control.subscribe(() => follower.changed());
  // What was changed while the lab was built.
  follower.changed();
  return ok(async () => {
    unsubscribe();
    await follower.close();
  });
}

function hearerOf(agents: AgentApi, realm: Realm): LabHearer {
  return {
    state: ({ revision, enis, problem, drift }) =>
      agents.own(realm, {
        host: LAB_HOST,
        holds: { enis, instances: [] },
        enforced: revision,
        ...(problem === undefined ? {} : { problem }),
        ...(drift === undefined ? {} : { drift }),
      }),
    counters: (counters) => agents.count({ ...realm, host: LAB_HOST }, counters),
  };
}
