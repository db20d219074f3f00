// Key pairs through AWS's client, checked with Node's own cryptography.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import * as ec2 from '@aws-sdk/client-ec2';
import { recordsOf } from '../../src/server/control/estate.ts';
import { MemoryStore } from '../../src/server/store/memory.ts';
import { refusedWith, type TestApi, testApi } from './api-client.ts';

async function emptyApi(): Promise<TestApi> {
  return await testApi({ store: new MemoryStore() });
}

async function make(
  { client }: TestApi,
  KeyName: string,
  more: Partial<ec2.CreateKeyPairRequest> = {},
): Promise<ec2.CreateKeyPairCommandOutput> {
  return await client.send(new ec2.CreateKeyPairCommand({ KeyName, ...more }));
}

async function bring(api: TestApi, KeyName: string, text: string): Promise<ec2.ImportKeyPairCommandOutput> {
  return await api.client.send(new ec2.ImportKeyPairCommand({ KeyName, PublicKeyMaterial: Buffer.from(text) }));
}

async function keysOf(api: TestApi, input: ec2.DescribeKeyPairsRequest = {}): Promise<readonly ec2.KeyPairInfo[]> {
  return (await api.client.send(new ec2.DescribeKeyPairsCommand(input))).KeyPairs ?? assert.fail();
}

function sized(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A line of OpenSSH from a modulus and an exponent as bytes. */
function rsaLine(modulus: Uint8Array, exponent: Uint8Array = Buffer.from([1, 0, 1])): string {
  const blob = Buffer.concat([sized(Buffer.from('ssh-rsa')), sized(exponent), sized(modulus)]);
  return `ssh-rsa ${blob.toString('base64')} me@here`;
}

/** A modulus of so many bytes as SSH writes it. */
function positive(length: number): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.alloc(length, 0xc3)]);
}

function colons(digest: Buffer): string {
  return digest.toString('hex').match(/../g)?.join(':') ?? '';
}

describe('making keys', () => {
  test('an RSA key is given out once, under the SHA-1 of its PKCS#8', async () => {
    const api = await emptyApi();
    const made = await make(api, 'ops', {
      TagSpecifications: [{ ResourceType: 'key-pair', Tags: [{ Key: 'team', Value: 'ops' }] }],
    });
    assert.match(made.KeyMaterial ?? '', /^-----BEGIN RSA PRIVATE KEY-----\n[^]*\n-----END RSA PRIVATE KEY-----$/);
    assert.match(made.KeyPairId ?? '', /^key-0[0-9a-f]{16}$/);
    const key = createPrivateKey(made.KeyMaterial ?? '');
    assert.equal(key.asymmetricKeyDetails?.modulusLength, 2048);
    const der = key.export({ type: 'pkcs8', format: 'der' });
    assert.equal(made.KeyFingerprint, colons(createHash('sha1').update(der).digest()));
    const [shown] = await keysOf(api, { KeyNames: ['ops'], IncludePublicKey: true });
    assert.equal(shown?.KeyType, 'rsa');
    assert.deepEqual(shown.Tags, [{ Key: 'team', Value: 'ops' }]);
    assert.equal(shown.CreateTime?.toISOString(), '2026-01-01T00:00:00.000Z');
    const { n = '' } = createPublicKey(key).export({ format: 'jwk' });
    const line = rsaLine(Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]));
    assert.equal(shown.PublicKey, line.replace('me@here', 'ops'));
    const [plain] = await keysOf(api);
    assert.equal(plain?.PublicKey, undefined);
    assert.doesNotMatch(JSON.stringify([...recordsOf(api.estate(), 'keyPairs')]), /PRIVATE/);
  });

  test('an ED25519 key comes in OpenSSH’s file, under the SHA-256 of its public key', async () => {
    const api = await emptyApi();
    const made = await make(api, 'ops', { KeyType: 'ed25519' });
    const lines = (made.KeyMaterial ?? '').split('\n');
    assert.equal(lines[0], '-----BEGIN OPENSSH PRIVATE KEY-----');
    assert.equal(lines.at(-1), '-----END OPENSSH PRIVATE KEY-----');
    const file = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    const [shown] = await keysOf(api, { KeyPairIds: [made.KeyPairId ?? ''], IncludePublicKey: true });
    const [type, blob = '', comment] = (shown?.PublicKey ?? '').split(' ');
    assert.deepEqual([type, comment, shown?.KeyType], ['ssh-ed25519', 'ops', 'ed25519']);
    const publicKey = Buffer.from(blob, 'base64');
    assert.equal(made.KeyFingerprint, createHash('sha256').update(publicKey).digest('base64'));
    // The file: magic, cipher, KDF and its options, one key, the public key, then what is secret: a multiple of eight bytes.
    const head = Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      sized(Buffer.from('none')),
      sized(Buffer.from('none')),
      sized(Buffer.alloc(0)),
      Buffer.from([0, 0, 0, 1]),
      sized(publicKey),
    ]);
    assert.deepEqual(file.subarray(0, head.length), head);
    const secret = file.subarray(head.length + 4);
    assert.equal(file.readUInt32BE(head.length), secret.length);
    assert.equal(secret.length % 8, 0);
    assert.deepEqual(secret.subarray(0, 4), secret.subarray(4, 8));
    // The seed gives the public point again.
    const at = 8 + publicKey.length + 4;
    const seed = secret.subarray(at, at + 32);
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const { x = '' } = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({
      format: 'jwk',
    });
    assert.deepEqual(Buffer.from(x, 'base64url'), publicKey.subarray(-32));
    assert.deepEqual(secret.subarray(at + 32, at + 64), publicKey.subarray(-32));
  });

  test('what is refused changes nothing', async () => {
    const api = await emptyApi();
    await make(api, 'ops', { KeyType: 'ed25519' });
    const before = api.estate();
    await refusedWith(make(api, 'ops'), 'InvalidKeyPair.Duplicate', "The keypair 'ops' already exists.");
    await refusedWith(make(api, 'x', { KeyFormat: 'ppk' }), 'UnsupportedOperation', /ppk/);
    await refusedWith(make(api, 'x', { KeyType: 'dsa' as ec2.KeyType }), 'InvalidParameterValue', /KeyType/);
    for (const name of [' x', 'x ', 'é', 'x'.repeat(256), 'a\nb'])
      await refusedWith(make(api, name), 'InvalidParameterValue', /KeyName/);
    await refusedWith(make(api, ''), 'MissingParameter');
    await refusedWith(
      make(api, 'x', { TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] }),
      'InvalidParameterValue',
      /taggable/,
    );
    await refusedWith(make(api, 'x', { DryRun: true }), 'DryRunOperation');
    assert.equal(api.estate(), before);
  });
});

describe('bringing keys', () => {
  test('an RSA key has the MD5 of its DER as fingerprint', async () => {
    const api = await emptyApi();
    for (const bits of [1024, 2048, 4096]) {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
      const { n = '' } = publicKey.export({ format: 'jwk' });
      const line = rsaLine(Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]));
      const brought = await bring(api, `k${bits}`, `${line}\n`);
      const der = publicKey.export({ type: 'spki', format: 'der' });
      assert.equal(brought.KeyFingerprint, colons(createHash('md5').update(der).digest()));
    }
  });

  test('an ED25519 key has OpenSSH’s fingerprint', async () => {
    const api = await emptyApi();
    const blob = Buffer.concat([sized(Buffer.from('ssh-ed25519')), sized(Buffer.alloc(32, 7))]);
    const brought = await bring(api, 'k', `ssh-ed25519 ${blob.toString('base64')}`);
    assert.equal(brought.KeyFingerprint, createHash('sha256').update(blob).digest('base64'));
    await refusedWith(bring(api, 'k', `ssh-ed25519 ${blob.toString('base64')}`), 'InvalidKeyPair.Duplicate');
  });

  test('what is no key to every reader is refused', async () => {
    const api = await emptyApi();
    const good = positive(256);
    await bring(api, 'good', rsaLine(good));
    const blob = rsaLine(good).split(' ')[1] ?? '';
    const point = sized(Buffer.alloc(32));
    const line = (type: string, ...parts: readonly Uint8Array[]): string =>
      `${type} ${Buffer.concat([sized(Buffer.from(type)), ...parts]).toString('base64')}`;
    for (const text of [
      '',
      'ssh-rsa',
      'ssh-rsa !!!!',
      blob,
      `ssh-ed25519 ${blob}`,
      `ssh-rsa ${blob.slice(0, -4)}`,
      `ssh-rsa ${blob}\nssh-rsa ${blob}`,
      line('ssh-dss', point),
      line('ssh-ed25519'),
      line('ssh-ed25519', sized(Buffer.alloc(31))),
      line('ssh-ed25519', point, point),
      line('ssh-ed25519', point, Buffer.from([1])),
      rsaLine(Buffer.alloc(256, 0xc3)),
      rsaLine(Buffer.concat([Buffer.from([0]), good])),
      rsaLine(good, Buffer.alloc(0)),
      'x'.repeat(5000),
    ])
      await refusedWith(bring(api, 'k', text), 'InvalidKey.Format', /OpenSSH public key format/);
    await refusedWith(bring(api, 'k', rsaLine(positive(100))), 'InvalidKey.Format', /800 bits/);
  });
});

describe('finding and deleting keys', () => {
  test('by name, id, filter and tag', async () => {
    const api = await emptyApi();
    const one = await make(api, 'one', { KeyType: 'ed25519' });
    await make(api, 'two', { KeyType: 'ed25519' });
    const names = async (input: ec2.DescribeKeyPairsRequest): Promise<readonly unknown[]> =>
      (await keysOf(api, input)).map(({ KeyName }) => KeyName);
    assert.deepEqual(await names({}), ['one', 'two']);
    const filters: readonly (readonly [string, string | undefined])[] = [
      ['key-name', 'on*'],
      ['key-pair-id', one.KeyPairId],
      ['fingerprint', one.KeyFingerprint],
    ];
    for (const [Name, value = ''] of filters)
      assert.deepEqual(await names({ Filters: [{ Name, Values: [value] }] }), ['one']);
    await refusedWith(
      keysOf(api, { KeyNames: ['none'] }),
      'InvalidKeyPair.NotFound',
      "The key pair 'none' does not exist",
    );
    await refusedWith(keysOf(api, { KeyPairIds: ['key-01'] }), 'InvalidKeyPair.NotFound');
    await refusedWith(keysOf(api, { Filters: [{ Name: 'x', Values: [] }] }), 'InvalidParameterValue');
    await api.client.send(
      new ec2.CreateTagsCommand({ Resources: [one.KeyPairId ?? ''], Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    assert.deepEqual(await names({ Filters: [{ Name: 'tag:a', Values: ['b'] }] }), ['one']);
  });

  test('deleting is no error when there is nothing to delete', async () => {
    const api = await emptyApi();
    const made = await make(api, 'one', { KeyType: 'ed25519' });
    const remove = async (input: ec2.DeleteKeyPairRequest): Promise<ec2.DeleteKeyPairCommandOutput> =>
      await api.client.send(new ec2.DeleteKeyPairCommand(input));
    await refusedWith(remove({ KeyName: 'two', KeyPairId: made.KeyPairId }), 'InvalidKeyPair.NotFound');
    await refusedWith(remove({}), 'MissingParameter');
    const gone = await remove({ KeyName: 'one' });
    assert.deepEqual([gone.Return, gone.KeyPairId], [true, made.KeyPairId]);
    assert.deepEqual(await keysOf(api), []);
    assert.equal((await remove({ KeyName: 'one' })).KeyPairId, undefined);
  });
});
