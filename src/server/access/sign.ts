import { createHash, createHmac } from 'node:crypto';

/** A key to sign with. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/**
 * The headers that sign a request by Signature Version 4, for the service `ec2`. `now` is in milliseconds. For Crenel's own client;
 * the server checks by code of its own (`sigv4.ts`).
 */
export function signedHeaders(
  url: URL,
  credentials: Credentials,
  {
    method,
    region,
    now,
    body = '',
  }: { readonly method: 'GET' | 'POST'; readonly region: string; readonly now: number; readonly body?: string },
): Readonly<Record<string, string>> {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/ec2/aws4_request`;
  const token = credentials.sessionToken;
  const headers: readonly (readonly [string, string])[] = [
    ['host', url.host],
    ['x-amz-date', time],
    ...(token === undefined ? [] : [['x-amz-security-token', token] as const]),
  ];
  const names = headers.map(([name]) => name).join(';');
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .join('&');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = [method, url.pathname, query, lines, names, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, 'ec2', 'aws4_request'].reduce<Buffer>(
    (previous, part) => hmac(previous, part),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );
  const signature = hmac(key, text).toString('hex');
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    ...Object.fromEntries(headers.filter(([name]) => name !== 'host')),
  };
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
