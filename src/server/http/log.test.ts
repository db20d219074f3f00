import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogFields, openLog } from './log.ts';
import { LOG_LEVELS } from './log-levels.ts';

function logged(fields: LogFields, text = 'text'): string {
  const lines: string[] = [];
  const log = openLog({ write: (line) => lines.push(line) }, 'debug');
  log.info(fields, text);
  log.flush();
  assert.equal(lines.length, 1);
  return lines[0] ?? '';
}

test('fields of secret names are redacted at any depth', () => {
  for (const name of [
    'authorization',
    'Authorization',
    'X-Amz-Signature',
    'x-amz-security-token',
    'sessionToken',
    'secretAccessKey',
    'SecretAccessKey',
    'password',
    'UserData',
    'user_data',
    'keyMaterial',
    'KeyMaterial',
    'privateKey',
    'cookie',
    'credentials',
  ]) {
    assert.ok(!logged({ [name]: 'hunter2' }).includes('hunter2'), name);
    assert.ok(!logged({ a: [{ b: { [name]: { deep: 'hunter2' } } }] }).includes('hunter2'), name);
  }
});

test('secrets inside of text are redacted', () => {
  for (const text of [
    'AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=hunter2',
    'GET /?X-Amz-Signature=hunter2&a=b',
    'https://h/?X-Amz-Security-Token=hunter2',
    '{"SecretAccessKey": "hunter2"}',
    'UserData=hunter2&x=y',
    'password: hunter2',
    'crenel agent --enrol=crenel-enrol:1:rack-7:hunter2:hunter2',
    'Bearer hunter2',
    '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
    '-----BEGIN EC PRIVATE KEY-----\nhunter2',
  ]) {
    assert.ok(!logged({ a: text }).includes('hunter2'), text);
    assert.ok(!logged({}, text).includes('hunter2'), text);
  }
});

test('what names things without proving anything stays', () => {
  const fields = { accessKeyId: 'AKIDEXAMPLE', action: 'CreateVpc', heldBy: ['eni-1'], count: 3, isDone: true };
  const line = JSON.parse(logged(fields, 'done')) as Record<string, unknown>;
  const { time, ...rest } = line;
  assert.deepEqual(rest, { level: 'info', ...fields, msg: 'done' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
});

test('lines are bounded and stay one line', () => {
  const deep = { a: { a: { a: { a: { a: { a: { a: 'deep' } } } } } } };
  const line = logged({ long: 'x'.repeat(5000), many: Array(500).fill('y'), deep }, 'two\nlines');
  assert.ok(line.length < 3000);
  assert.equal(line.split('\n').length, 2);
  assert.ok(!line.includes('deep"}'));
});

test('levels below the one asked for are not written', () => {
  for (const [index, level] of LOG_LEVELS.entries()) {
    const lines: string[] = [];
    const log = openLog({ write: (line) => lines.push(line) }, level);
    for (const write of [log.debug, log.info, log.warn, log.error]) {
      write({}, 'x');
      log.flush();
    }
    assert.equal(lines.length, 4 - index);
  }
});

test('lines are written once per turn of the event loop, errors at once and after what came before', async () => {
  const writes: string[] = [];
  const log = openLog({ write: (lines) => writes.push(lines) }, 'info');
  log.info({}, 'one');
  log.info({}, 'two');
  assert.equal(writes.length, 0);
  await new Promise(setImmediate);
  assert.equal(writes.length, 1);
  log.info({}, 'three');
  log.error({}, 'four');
  assert.equal(writes.length, 2);
  await new Promise(setImmediate);
  assert.deepEqual(
    writes.flatMap((lines) => lines.match(/(?<="msg":")\w+/g) ?? []),
    ['one', 'two', 'three', 'four'],
  );
});
