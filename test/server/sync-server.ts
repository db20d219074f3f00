// A server with agents in reach of tests: real sockets, real signatures, a store in memory.
import type { TestContext } from 'node:test';
import { expectOk, ok } from '../../src/core/net/result.ts';
import type { EstateKind, EstateRecords } from '../../src/server/control/estate.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { World } from '../../src/core/model/world.ts';
import type { Hello, Holds } from '../../src/server/sync/messages.ts';
import type { Caller } from '../../src/server/access/caller.ts';
import { keyRingOf } from '../../src/server/access/keys.ts';
import type { Credentials } from '../../src/server/access/sign.ts';
import { SignatureVerifier } from '../../src/server/access/sigv4.ts';
import { Control } from '../../src/server/control/control.ts';
import { Draft } from '../../src/server/control/draft.ts';
import type { Realm } from '../../src/server/control/env.ts';
import { authenticateBySignature } from '../../src/server/ec2/authenticate.ts';
import { AgentApi, type HostsDocument } from '../../src/server/native/agent-api.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { start } from './listener.ts';
import { firstWorld } from './sync-worlds.ts';
import { KINDS } from '../../src/core/model/records.ts';
import { listRecords } from '../../src/core/model/world.ts';

export const REALM: Realm = { accountId: '111122223333', region: 'eu-west-1' };
export const ADMIN: Credentials = { accessKeyId: 'AKIDADMIN0000000', secretAccessKey: 'the-secret-of-the-admin' };
/** May act for host-1, and hold eni-1 and i-1. */
export const AGENT: Credentials = { accessKeyId: 'AKIDAGENT0000000', secretAccessKey: 'the-secret-of-the-agent' };

const ARN = `arn:aws:ec2:eu-west-1:${REALM.accountId}`;
const KEYS = JSON.stringify({
  keys: [
    {
      ...ADMIN,
      accountId: REALM.accountId,
      policies: [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
    },
    {
      ...AGENT,
      accountId: REALM.accountId,
      userName: 'host-1',
      policies: [
        {
          Statement: {
            Effect: 'Allow',
            Action: 'crenel:Enforce',
            Resource: [
              `arn:aws:crenel:eu-west-1:${REALM.accountId}:host/host-1`,
              `${ARN}:network-interface/eni-1`,
              `${ARN}:instance/i-1`,
            ],
          },
        },
      ],
    },
  ],
});

export type TestServer = {
  readonly url: string;
  readonly port: number;
  readonly control: Control;
  readonly agents: AgentApi;
  readonly world: () => World;
  /** Commits a record; gives the revision. */
  readonly put: <K extends EstateKind>(kind: K, record: EstateRecords[K]) => Promise<number>;
  readonly advance: (ms: number) => void;
  /** What GET hosts answers. */
  readonly hosts: () => HostsDocument;
  /** Ends all connections, and listens no more. */
  readonly close: () => Promise<void>;
};

/** A control plane with the records of `firstWorld`. */
export async function testControl(): Promise<Control> {
  const control = expectOk(await Control.open(new MemoryStore(), setImmediate));
  await control.submit(REALM, (estate) => {
    const draft = new Draft(estate);
    for (const kind of KINDS) for (const record of listRecords(firstWorld(), kind)) draft.put(kind, record);
    return ok({ estate: draft.estate, value: undefined });
  });
  return control;
}

/** Serves agents from a control plane, until the test ends. */
export async function testServer(
  t: TestContext,
  { control, agents, port = 0 }: { control?: Control; agents?: AgentApi; port?: number } = {},
): Promise<TestServer> {
  const ring = expectOk(keyRingOf(KEYS));
  const verifier = new SignatureVerifier((id) => ring.get(id)?.secret);
  let ahead = 0;
  const ownControl = control ?? (await testControl());
  const own =
    agents ??
    new AgentApi({
      control: ownControl,
      authenticate: authenticateBySignature({
        keys: ring,
        verify: (request, nowSeconds) => verifier.verify(request, nowSeconds),
        now: Date.now,
      }),
      now: () => Date.now() + ahead,
      epoch: `epoch-${Math.random()}`,
    });
  const { listener, port: bound } = await start(t, {
    port,
    routes: [
      {
        name: 'agent',
        accepts: (method, path) => own.accepts(method, path),
        handle: async (request) => await Promise.resolve(own.handle(request)),
      },
    ],
  });
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    control: ownControl,
    agents: own,
    world: () => ({ ...ownControl.estate(REALM).world, revision: ownControl.revision }),
    put: async (kind, record) => {
      const done = await ownControl.submit(REALM, (estate) => {
        const draft = new Draft(estate);
        draft.put(kind, record);
        return ok({ estate: draft.estate, value: undefined });
      });
      return expectOk(done).revision;
    },
    advance: (ms) => {
      ahead += ms;
    },
    hosts: () => own.list(ADMIN_CALLER),
    close: async () => void (await listener.close(0)),
  };
}

const ADMIN_CALLER: Caller = {
  ...REALM,
  arn: `arn:aws:iam::${REALM.accountId}:root`,
  userId: REALM.accountId,
  service: 'ec2',
  mayDo: () => ok(undefined),
};

/** What a host holds, by ids. */
export const holding = (enis: readonly string[], instances: readonly string[] = []): Holds => ({
  enis: enis.map((id) => asId(id)),
  instances: instances.map((id) => asId(id)),
});

/** The hello of host-1. */
export const hello = (holds: Holds, more: Partial<Hello> = {}): Hello => ({
  version: 1,
  host: 'host-1',
  mode: 'tap',
  holds,
  ...more,
});
