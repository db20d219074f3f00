import { type Address, parseAddress } from '../../core/net/address.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';

/** Where a server would listen, and how it is protected. */
export type Exposure = {
  readonly host: string;
  readonly hasTls: boolean;
  /** Whether requests must be signed by a known access key. */
  readonly hasCredentials: boolean;
  /** Whether somebody asked for `--insecure-no-tls` by name. */
  readonly insecureNoTls: boolean;
};

/**
 * Whether a server may listen there: on loopback always; beyond it only where requests must be signed, and over TLS unless somebody gave
 * that up by name. Nothing gives up credentials beyond loopback.
 */
export function mayListen({ host, hasTls, hasCredentials, insecureNoTls }: Exposure): Result<void> {
  if (isLoopback(host)) return ok(undefined);
  const where = `${JSON.stringify(host)} can be reached from other machines`;
  if (!hasCredentials) return fail(`${where}: a server without credentials listens on 127.0.0.1 or ::1 only`);
  if (!hasTls && !insecureNoTls)
    return fail(
      `${where}, and requests would cross the network readable: give --tls, or a TLS certificate and key, or --insecure-no-tls`,
    );
  return ok(undefined);
}

/** Whether a host is this machine for certain: 127.0.0.0/8, ::1, or the name `localhost`, which `listenAddress` never looks up. */
export function isLoopback(host: string): boolean {
  const address = parseAddress(listenAddress(host));
  return address.ok && isLoopbackAddress(address.value);
}

/** The address to listen on for a host: `localhost` is 127.0.0.1, whatever a resolver says of it; anything else stays as it is. */
export function listenAddress(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}

function isLoopbackAddress({ family, w0, w1, w2, w3 }: Address): boolean {
  return family === 'ipv4' ? w0 >>> 24 === 127 : w0 === 0 && w1 === 0 && w2 === 0 && w3 === 1;
}
