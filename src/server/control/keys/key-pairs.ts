import { ok, type Result } from '../../../core/net/result.ts';
import type { Tags } from '../../../core/model/tag.ts';
import type { KeyPair } from '../details/instance-detail.ts';
import type { Draft } from '../draft.ts';
import { type Env, type KeyType, newId, nowText } from '../env.ts';
import { missingParameter, type Refusal } from '../refusal.ts';
import { keyIdNotFound, keyNameInvalid, keyNameTaken, keyNotFound } from './key-refusals.ts';
import { openSshLine, parsePublicKey } from './public-key.ts';

/** A key pair that was just made; the private key is nowhere else. */
export type MadeKeyPair = { readonly pair: KeyPair; readonly privateKey: string };

/** Makes a key and keeps its public half (API CreateKeyPair). */
export function createKeyPair(
  draft: Draft,
  asked: { readonly name: string; readonly type: KeyType; readonly tags: Tags },
  env: Env,
): Result<MadeKeyPair, Refusal> {
  const name = freeName(draft, asked.name);
  if (!name.ok) return name;
  const made = env.keys.newKeyPair(asked.type);
  const key = { type: asked.type, blob: made.publicKey, fingerprint: made.fingerprint };
  const pair = keep(draft, { name: name.value, key, tags: asked.tags }, env);
  return ok({ pair, privateKey: made.privateKey });
}

/** Keeps a public key that a client made (API ImportKeyPair). */
export function importKeyPair(
  draft: Draft,
  asked: { readonly name: string; readonly material: Uint8Array; readonly tags: Tags },
  env: Env,
): Result<KeyPair, Refusal> {
  const name = freeName(draft, asked.name);
  if (!name.ok) return name;
  const key = parsePublicKey(asked.material, env.keys);
  return key.ok ? ok(keep(draft, { name: name.value, key: key.value, tags: asked.tags }, env)) : key;
}

function keep(
  draft: Draft,
  { name, key, tags }: { readonly name: string; readonly key: Key; readonly tags: Tags },
  env: Env,
): KeyPair {
  const pair: KeyPair = {
    id: newId(env, 'key'),
    name,
    fingerprint: key.fingerprint,
    type: key.type,
    publicKey: openSshLine(key.type, key.blob, name),
    createTime: nowText(env),
    tags,
  };
  draft.put('keyPairs', pair);
  return pair;
}

type Key = { readonly type: KeyType; readonly blob: Uint8Array; readonly fingerprint: string };

/** Up to 255 ASCII characters without blanks at the ends (API CreateKeyPair), and no other's name. */
function freeName(draft: Draft, name: string): Result<string, Refusal> {
  if (name === '') return missingParameter('KeyName');
  if (!/^[!-~](?:[ -~]{0,253}[!-~])?$/.test(name)) return keyNameInvalid(name);
  return keyPairNamed(draft, name).ok ? keyNameTaken(name) : ok(name);
}

/** The key pair of a name. */
export function keyPairNamed(draft: Draft, name: string): Result<KeyPair, Refusal> {
  for (const pair of draft.list('keyPairs')) if (pair.name === name) return ok(pair);
  return keyNotFound(name);
}

/** The key pair of an id. */
export function keyPairOf(draft: Draft, id: string): Result<KeyPair, Refusal> {
  const pair = draft.get('keyPairs', id);
  return pair === undefined ? keyIdNotFound(id) : ok(pair);
}

/** Deletes a key pair by id or name; a name that nobody has is no error, as on AWS [L]. Instances launched with it keep its name. */
export function deleteKeyPair(
  draft: Draft,
  { name, id }: { readonly name: string | undefined; readonly id: string | undefined },
): Result<KeyPair | undefined, Refusal> {
  if (name === undefined && id === undefined) return missingParameter('KeyName');
  const found = id === undefined ? keyPairNamed(draft, name ?? '') : keyPairOf(draft, id);
  if (!found.ok) return id === undefined ? ok(undefined) : found;
  if (name !== undefined && found.value.name !== name) return keyNotFound(name);
  draft.remove('keyPairs', found.value.id);
  return ok(found.value);
}
