// The API in this process behind AWS's own client: everything but sockets and signatures is real.
import assert from 'node:assert/strict';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expectOk, ok } from '../../src/core/net/result.ts';
import { violations } from '../../src/core/model/invariants.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/model/limits.ts';
import { KEY_MAKER } from '../../src/server/access/key-maker.ts';
import { Control } from '../../src/server/control/control.ts';
import type { Realm } from '../../src/server/control/env.ts';
import type { Estate } from '../../src/server/control/estate.ts';
import { ACTIONS } from '../../src/server/ec2/actions/registry.ts';
import { Api } from '../../src/server/ec2/api.ts';
import type { HttpAnswer } from '../../src/server/http/exchange.ts';
import type { Store } from '../../src/server/store/store.ts';

export const REALM: Realm = { accountId: '111122223333', region: 'eu-west-1' };

/** An API and clients for it. Chance is a counter, time stands still until it is moved, and every change must leave a sound world. */
export type TestApi = {
  readonly client: EC2Client;
  readonly control: Control;
  /** What a request in the form of the wire is answered. */
  readonly send: (form: string, method?: 'GET' | 'POST') => Promise<HttpAnswer>;
  readonly estate: () => Estate;
  readonly advance: (milliseconds: number) => void;
};

export async function testApi(setup: { readonly store: Store; readonly limits?: Partial<Limits> }): Promise<TestApi> {
  const control = expectOk(await Control.open(setup.store, setImmediate));
  const limits = { ...DEFAULT_LIMITS, ...setup.limits };
  let now = Date.UTC(2026, 0, 1);
  let count = 0;
  const api = new Api({
    control,
    limits,
    actions: ACTIONS,
    authenticate: () =>
      ok({
        ...REALM,
        arn: `arn:aws:iam::${REALM.accountId}:root`,
        userId: REALM.accountId,
        service: 'ec2',
        mayDo: () => ok(undefined),
      }),
    now: () => now,
    keys: KEY_MAKER,
    randomHex: (bytes) => {
      count += 1;
      // Spread by a prime, so that ids do not sort by age and tests cannot lean on that.
      return ((BigInt(count) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn)
        .toString(16)
        .padStart(16, '0')
        .repeat(Math.ceil(bytes / 8))
        .slice(0, bytes * 2);
    },
  });
  const send = async (form: string, method: 'GET' | 'POST' = 'POST'): Promise<HttpAnswer> => {
    const answer = await api.handle({
      method,
      path: '/',
      query: method === 'GET' ? form : '',
      headers: new Map(),
      body: new TextEncoder().encode(method === 'GET' ? '' : form),
      remoteAddress: '127.0.0.1',
      isSecure: false,
    });
    assert.deepEqual(violations(control.estate(REALM).world, limits), [], `an unsound world after ${form}`);
    return answer;
  };
  return {
    client: clientOf(send),
    control,
    send,
    estate: () => control.estate(REALM),
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}

function clientOf(send: (form: string) => Promise<HttpAnswer>): EC2Client {
  return new EC2Client({
    region: REALM.region,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: {
      handle: async ({ body }: { readonly body?: unknown }) => {
        const answer = await send(typeof body === 'string' ? body : '');
        return {
          response: {
            statusCode: answer.status,
            headers: { ...answer.headers },
            body: typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body,
          },
        };
      },
    },
  });
}

/** Asserts that a call fails with an error of AWS's: its code, and its text where that is given. */
export async function refusedWith(
  call: Promise<unknown>,
  code: string | RegExp,
  message?: RegExp | string,
): Promise<void> {
  await assert.rejects(call, (error: Error) => {
    if (typeof code === 'string') assert.equal(error.name, code, error.message);
    else assert.match(error.name, code, error.message);
    if (typeof message === 'string') assert.equal(error.message, message);
    else if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}
