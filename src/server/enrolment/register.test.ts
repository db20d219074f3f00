import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asId } from '../../core/model/ids.ts';
import { expectOk } from '../../core/net/result.ts';
import type { Holds } from '../sync/messages.ts';
import {
  allowed,
  believed,
  type HostEntry,
  hostKey,
  invited,
  letIn,
  registerWith,
  removed,
  renewed,
  seenWith,
  whyNotLetIn,
} from './register.ts';
import { registerOf, registerText } from './register-text.ts';

const NAME = { accountId: '111122223333', region: 'eu-west-1', host: 'rack-7' };
const digest = (number: number): string => number.toString(16).padStart(64, '0');
const holds = (number: number): Holds => ({ enis: [asId(`eni-${number}`)], instances: [] });

type Step =
  | { readonly act: 'invite' | 'allow' | 'remove' | 'wait' }
  /** `back`: 0 is the newest token or certificate, 1 the one before. */
  | { readonly act: 'enrol'; readonly back: number; readonly key: number }
  | { readonly act: 'come' | 'renew'; readonly back: number };

/** What must hold of a host, told from the steps alone. */
class Model {
  now = 0;
  tokens = 0;
  certificates = 0;
  /** The token that may still be used, for how long, and by whose key it was. */
  open: { token: number; until: number; key?: number; holds: number } | undefined;
  /** Those that are believed; `from` is the one that it renews. */
  good: { number: number; until: number }[] = [];
  mayHold: number | undefined;
}

const LIFE = 100;

test('a token works once and for its time, for one key; of certificates only the given, newest ones are good', () => {
  const small = fc.nat(2);
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constantFrom<Step>({ act: 'invite' }, { act: 'invite' }, { act: 'allow' }, { act: 'remove' }, { act: 'wait' }),
    fc.record({ act: fc.constant('enrol' as const), back: small, key: fc.nat(1) }),
    fc.record({ act: fc.constantFrom('come' as const, 'renew' as const), back: small }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const model = new Model();
      let entry: HostEntry | undefined;
      for (const one of steps) {
        entry = perform(model, entry, one);
        for (let number = 1; number <= model.certificates; number += 1) {
          const isGood = model.good.some((good) => good.number === number && good.until > model.now);
          assert.equal(believed(entry, digest(number), model.now).ok, isGood, `certificate ${number} after ${one.act}`);
        }
        if (model.mayHold !== undefined) assert.deepEqual(entry?.holds, holds(model.mayHold));
        if (entry !== undefined) roundTrips(entry, model.now);
      }
    }),
    { numRuns: 2000 },
  );
});

function roundTrips(entry: HostEntry, now: number): void {
  const register = expectOk(registerWith(new Map(), entry, now));
  assert.deepEqual(expectOk(registerOf(registerText(register))), register);
}

function perform(model: Model, entry: HostEntry | undefined, step: Step): HostEntry | undefined {
  switch (step.act) {
    case 'wait':
      model.now += LIFE / 2;
      return entry;
    case 'invite':
      model.tokens += 1;
      model.open = { token: model.tokens, until: model.now + LIFE, holds: model.tokens };
      return invited(entry, NAME, {
        tokenHash: digest(model.tokens),
        expiresAt: model.now + LIFE,
        holds: holds(model.tokens),
      });
    case 'allow':
      if (entry === undefined) return entry;
      model.mayHold = 1000;
      // It holds for who comes in later, too.
      if (model.open !== undefined) model.open.holds = 1000;
      return allowed(entry, holds(1000));
    case 'remove':
      if (entry === undefined) return entry;
      Object.assign(model, { open: undefined, good: [] });
      return removed(entry, model.now);
    case 'enrol':
      return enrolled(model, entry, step);
    case 'come':
    case 'renew':
      return shown(model, entry, step);
  }
}

function enrolled(
  model: Model,
  entry: HostEntry | undefined,
  { back, key }: Extract<Step, { act: 'enrol' }>,
): HostEntry | undefined {
  const token = model.tokens - back;
  if (token < 1 || entry?.invitation?.tokenHash !== digest(token)) {
    assert.notEqual(model.open?.token, token);
    return entry;
  }
  const { open } = model;
  const mayCome = open?.token === token && open.until > model.now && (open.key === undefined || open.key === key);
  const why = whyNotLetIn(entry, { keyHash: digest(key), now: model.now });
  assert.equal(why === undefined, mayCome, why);
  if (!mayCome) return entry;
  model.certificates += 1;
  const number = model.certificates;
  Object.assign(model, { good: [{ number, until: model.now + LIFE }], open: { ...open, key }, mayHold: open.holds });
  return letIn(entry, digest(key), certificate(number, model.now));
}

function shown(
  model: Model,
  entry: HostEntry | undefined,
  { act, back }: Extract<Step, { act: 'come' | 'renew' }>,
): HostEntry | undefined {
  const came = Math.max(0, model.certificates - back);
  const fingerprint = digest(came);
  const known = believed(entry, fingerprint, model.now);
  if (!known.ok) return entry;
  const seen = seenWith(known.value, fingerprint);
  const isNewest = model.good.at(-1)?.number === came;
  if (isNewest) {
    model.good = model.good.slice(-1);
    // Once it came with what it got for the token, nobody may come with the token again.
    if (model.open?.key !== undefined) model.open = undefined;
  }
  assert.equal(seenWith(seen, fingerprint), seen, 'the second time nothing changes');
  if (act === 'come') return seen;
  model.certificates += 1;
  const next = { number: model.certificates, until: model.now + LIFE };
  model.good = [...model.good.filter(({ number }) => number === came), next];
  return renewed(seen, fingerprint, certificate(next.number, model.now));
}

function certificate(number: number, now: number): HostEntry['certificates'][number] {
  return { fingerprint: digest(number), serial: number.toString(16), validTo: now + LIFE };
}

test('what nobody needs is forgotten after thirty days, and nothing else is', () => {
  const month = 30 * 86_400_000 + 1;
  const out = invited(undefined, NAME, { tokenHash: digest(1), expiresAt: 1000, holds: holds(1) });
  const inside = { ...letIn(out, digest(2), { ...certificate(3, 0), validTo: 1 }), host: 'in' };
  const gone = removed({ ...inside, host: 'gone' }, 0);
  const register = new Map([out, inside, gone].map((one) => [hostKey(one), one]));
  const other = { ...inside, host: 'other' };
  const names = (now: number): readonly string[] =>
    [...expectOk(registerWith(register, other, now)).values()].map(({ host }) => host);
  assert.deepEqual(names(1000), ['rack-7', 'in', 'gone', 'other']);
  assert.deepEqual(names(1000 + month), ['in', 'other']);
});

const text = (hosts: string, version = 1): string => `{"version":${version},"hosts":[${hosts}]}`;

test('a register that is no register is refused with the place', () => {
  const entry = letIn(
    invited(undefined, NAME, { tokenHash: digest(1), expiresAt: 1, holds: holds(1) }),
    digest(2),
    certificate(3, 0),
  );
  const line = JSON.stringify(entry);
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /no JSON/],
    [text(line, 2), /hosts\.version/],
    [text(`${line},${line}`), /twice/],
    [text(line.replace('rack-7', 'rack 7')), /hosts\.hosts\[0\]\.host/],
    [text(line.replace(digest(3), 'xyz')), /certificates\[0\]\.fingerprint must be 64/],
    [text(line.replace('111122223333', '1')), /accountId must be 12 digits/],
    [text(line.replace('"serial"', '"cereal"')), /serial/],
  ];
  for (const [given, message] of wrong) {
    const read = registerOf(given);
    assert.match(read.ok ? 'read' : read.error, message);
  }
});
