import type {
  CreateKeyPairRequest,
  DescribeKeyPairsRequest,
  ImportKeyPairRequest,
  KeyPairInfo,
} from '@aws-sdk/client-ec2';
import { ok, type Result } from '../../../core/net/result.ts';
import type { KeyPair } from '../../control/details/instance-detail.ts';
import { createKeyPair, deleteKeyPair, importKeyPair, keyPairNamed, keyPairOf } from '../../control/keys/key-pairs.ts';
import { invalidParameter, missingParameter, type Refusal, unsupported } from '../../control/refusal.ts';
import { filterItems } from '../filters.ts';
import type { Actions, Call } from '../operations.ts';
import { tagsFor, tagShapes } from '../tags.ts';

export const keyPairActions: Actions = {
  CreateKeyPair: create,
  ImportKeyPair: importPublic,
  DeleteKeyPair: ({ KeyName: name, KeyPairId: id }, { draft }) => {
    const gone = deleteKeyPair(draft, { name, id });
    if (!gone.ok) return gone;
    return ok({ Return: true, ...(gone.value === undefined ? {} : { KeyPairId: gone.value.id }) });
  },
  DescribeKeyPairs: describe,
};

function create(input: CreateKeyPairRequest, { draft, env }: Call): Result<object, Refusal> {
  // The types are the SDK's; what comes over the wire is any text.
  const format: string = input.KeyFormat ?? 'pem';
  if (format === 'ppk') return unsupported('the key format ppk');
  if (format !== 'pem') return invalidParameter('KeyFormat', format, 'Use pem.');
  const type: string = input.KeyType ?? 'rsa';
  if (type !== 'rsa' && type !== 'ed25519') return invalidParameter('KeyType', type, 'Use rsa or ed25519.');
  const tags = tagsFor('key-pair', input.TagSpecifications);
  if (!tags.ok) return tags;
  const made = createKeyPair(draft, { name: input.KeyName ?? '', type, tags: tags.value }, env);
  if (!made.ok) return made;
  const { pair, privateKey } = made.value;
  return ok({ ...bornShape(pair), KeyMaterial: privateKey });
}

function importPublic(input: ImportKeyPairRequest, { draft, env }: Call): Result<object, Refusal> {
  const { PublicKeyMaterial: material } = input;
  if (material === undefined) return missingParameter('PublicKeyMaterial');
  const tags = tagsFor('key-pair', input.TagSpecifications);
  if (!tags.ok) return tags;
  const pair = importKeyPair(draft, { name: input.KeyName ?? '', material, tags: tags.value }, env);
  return pair.ok ? ok(bornShape(pair.value)) : pair;
}

/** A key pair in the answer to the call that made it. */
function bornShape({ id, name, fingerprint, tags }: KeyPair): object {
  return { KeyPairId: id, KeyName: name, KeyFingerprint: fingerprint, Tags: tagShapes(tags) };
}

function describe(input: DescribeKeyPairsRequest, { draft }: Call): Result<object, Refusal> {
  const chosen = new Map<string, KeyPair>();
  for (const found of [
    ...(input.KeyNames ?? []).map((name) => keyPairNamed(draft, name)),
    ...(input.KeyPairIds ?? []).map((id) => keyPairOf(draft, id)),
  ]) {
    if (!found.ok) return found;
    chosen.set(found.value.id, found.value);
  }
  const kept = filterItems(chosen.size === 0 ? [...draft.list('keyPairs')] : [...chosen.values()], input.Filters, {
    view: {
      fingerprint: ({ fingerprint }) => [fingerprint],
      'key-name': ({ name }) => [name],
      'key-pair-id': ({ id }) => [id],
    },
    tagsOf: ({ tags }) => tags,
  });
  if (!kept.ok) return kept;
  const sorted = kept.value.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return ok({ KeyPairs: sorted.map((pair) => keyShape(pair, input.IncludePublicKey === true)) });
}

function keyShape(pair: KeyPair, withPublic: boolean): KeyPairInfo {
  const { id, name, fingerprint, type, publicKey, createTime, tags } = pair;
  return {
    KeyPairId: id,
    KeyName: name,
    KeyFingerprint: fingerprint,
    KeyType: type,
    CreateTime: new Date(createTime),
    ...(withPublic ? { PublicKey: publicKey } : {}),
    Tags: tagShapes(tags),
  };
}
