import { fail, ok, type Result } from '../../core/net/result.ts';
import { type Policy, policyOf } from './policy.ts';
import type { Secret } from './signature.ts';

/** Whose key it is, and what it may do. */
export type Principal = {
  readonly accessKeyId: string;
  readonly accountId: string;
  readonly userName?: string;
  readonly arn: string;
  readonly userId: string;
  readonly policies: readonly Policy[];
};

type Key = { readonly secret: Secret; readonly principal: Principal };

/** The access keys of a server, by id. */
export type KeyRing = ReadonlyMap<string, Key>;

const MAX_KEYS = 10_000;

/**
 * Keys from the text of a file: `{ "keys": [ { "accessKeyId", "secretAccessKey", "sessionToken"?, "accountId", "userName"?, "policies" } ] }`, policies
 * in IAM's JSON. Fails on the first fault, with its place; what it says holds no secret.
 */
export function keyRingOf(text: string): Result<KeyRing> {
  const document = jsonOf(text);
  if (!isObject(document)) return fail('the keys must be a JSON object with a list called "keys"');
  const { keys } = document;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS)
    return fail(`"keys" must be a list of 1 to ${MAX_KEYS} access keys`);
  const ring = new Map<string, Key>();
  for (const [index, given] of (keys as readonly unknown[]).entries()) {
    const key = keyOf(given);
    if (!key.ok) return fail(`keys[${index}]: ${key.error}`);
    const { accessKeyId } = key.value.principal;
    if (ring.has(accessKeyId)) return fail(`keys[${index}]: the access key ${accessKeyId} is there twice`);
    ring.set(accessKeyId, key.value);
  }
  return ok(ring);
}

const MEMBERS = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'accountId', 'userName', 'policies'];

function keyOf(given: unknown): Result<Key> {
  if (!isObject(given)) return fail('an access key must be a JSON object');
  const stranger = Object.keys(given).find((name) => !MEMBERS.includes(name));
  if (stranger !== undefined) return fail(`'${stranger}' is not known: an access key has ${MEMBERS.join(', ')}`);
  const { accessKeyId, secretAccessKey, sessionToken, accountId, userName, policies } = given;
  if (typeof accessKeyId !== 'string' || !/^\w{16,128}$/.test(accessKeyId))
    return fail('accessKeyId must be 16 to 128 letters and digits');
  if (typeof secretAccessKey !== 'string' || secretAccessKey.length < 16 || secretAccessKey.length > 128)
    return fail('secretAccessKey must be 16 to 128 characters');
  if (sessionToken !== undefined && (typeof sessionToken !== 'string' || sessionToken === ''))
    return fail('sessionToken must be text');
  if (typeof accountId !== 'string' || !/^\d{12}$/.test(accountId)) return fail('accountId must be text of 12 digits');
  if (userName !== undefined && (typeof userName !== 'string' || !/^[\w+=,.@-]{1,64}$/.test(userName)))
    return fail('userName must be 1 to 64 letters, digits and +=,.@-_');
  if (!Array.isArray(policies)) return fail('policies must be a list of policy documents');
  const read: Policy[] = [];
  for (const [index, document] of (policies as readonly unknown[]).entries()) {
    const policy = policyOf(document);
    if (!policy.ok) return fail(`policies[${index}]: ${policy.error}`);
    read.push(policy.value);
  }
  return ok({
    secret: { secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    principal: principalOf({ accessKeyId, accountId, userName, policies: read }),
  });
}

function principalOf(given: {
  readonly accessKeyId: string;
  readonly accountId: string;
  readonly userName: string | undefined;
  readonly policies: readonly Policy[];
}): Principal {
  const { accessKeyId, accountId, userName, policies } = given;
  const base = { accessKeyId, accountId, policies };
  return userName === undefined
    ? { ...base, arn: `arn:aws:iam::${accountId}:root`, userId: accountId }
    : { ...base, userName, arn: `arn:aws:iam::${accountId}:user/${userName}`, userId: `AID${accessKeyId}` };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A new access key from 56 random bytes: an id of 16 characters after `AKIA`, a secret of 40 (240 bits). */
export function newAccessKey(random: Uint8Array): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return {
    accessKeyId: `AKIA${letters(random.subarray(0, 16), BASE32)}`,
    secretAccessKey: letters(random.subarray(16, 56), BASE64),
  };
}

function letters(bytes: Uint8Array, alphabet: string): string {
  return Array.from(bytes, (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
