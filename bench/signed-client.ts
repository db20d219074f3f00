// A client that loads a server with requests which were signed before the clock runs, so that its own work weighs little.
import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

export type Target = {
  readonly port: number;
  readonly keyId: string;
  readonly secret: string;
  readonly region: string;
};
export type Signed = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** A POST of a form, signed as the AWS CLI signs. */
export function signedForm({ port, keyId, secret, region }: Target, form: string): Signed {
  const body = `Version=2016-11-15&${form}`;
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/ec2/aws4_request`;
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  const names = 'content-type;host;x-amz-date';
  const canonical = [
    'POST',
    '/',
    '',
    `content-type:${type}`,
    `host:127.0.0.1:${port}`,
    `x-amz-date:${time}`,
    '',
    names,
    hash(body),
  ];
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical.join('\n'))].join('\n');
  const key = scope.split('/').reduce<Buffer>((previous, part) => mac(previous, part), Buffer.from(`AWS4${secret}`));
  const signature = mac(key, text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { body, headers: { 'content-type': type, 'x-amz-date': time, authorization } };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Sends requests from so many clients, each one after another on a connection of its own; gives the seconds and how many failed. */
export async function load(
  port: number,
  clients: number,
  requests: readonly Signed[],
): Promise<{ readonly seconds: number; readonly failed: number; readonly bytes: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let [next, failed, bytes] = [0, 0, 0];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let one = requests[next]; one !== undefined; one = requests[next]) {
        next += 1;
        const answer = await send(port, agent, one);
        bytes += answer.bytes;
        if (answer.status !== 200) failed += 1;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return { seconds, failed, bytes };
}

async function send(
  port: number,
  agent: Agent,
  { headers, body }: Signed,
): Promise<{ readonly status: number; readonly bytes: number }> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, bytes }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
