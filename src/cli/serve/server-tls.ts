import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { type Address, parseAddress } from '../../core/net/address.ts';
import { fail, ok, type Result } from '../../core/net/result.ts';
import {
  type Authority,
  authorityOf,
  fingerprintOf,
  issue,
  newAuthorityText,
  newKeyPair,
  privatePem,
} from '../../server/enrolment/authority.ts';
import { isCertificateName } from '../../server/enrolment/certificate.ts';
import { readSecretFile, writeSecretFile } from '../../server/enrolment/secret-file.ts';
import { listenAddress } from '../../server/http/may-listen.ts';
import type { TlsIdentity } from '../../server/http/tls.ts';
import type { Settings } from './settings.ts';

/** How a server speaks TLS. */
export type ServerTls = {
  readonly identity: TlsIdentity;
  /** Gives hosts their certificates. */
  readonly authority: Authority;
  /** SHA-256 of the certificate that vouches for the server, where it is known which that is. */
  readonly anchor: string | undefined;
  /** That certificate in a file, for clients; only where it is the server's own authority and there is a folder. */
  readonly caPath: string | undefined;
  /** Makes the certificate of the server anew when most of its life is over; absent where somebody else gives it out. */
  readonly renewal: { readonly afterMs: number; readonly renew: () => TlsIdentity } | undefined;
};

/** How long a certificate of a server is good, and when the next one takes its place, in milliseconds. */
const SERVER_MS = { life: 90 * 86_400_000, renew: 60 * 86_400_000 } as const;

/** Opens what TLS needs, and makes what is not there: the authority, once for a folder. Undefined without TLS. */
export function openTls(
  { tls, folder, host }: Pick<Settings, 'tls' | 'folder' | 'host'>,
  now: () => number,
): Result<ServerTls | undefined> {
  if (tls === undefined) return ok(undefined);
  const authority = openAuthority(folder, now());
  if (!authority.ok) return authority;
  if ('certPath' in tls) {
    const identity = readIdentity(tls);
    if (!identity.ok) return identity;
    const [value, anchor] = [identity.value, rootOf(identity.value.cert)];
    return ok({ identity: value, authority: authority.value, anchor, caPath: undefined, renewal: undefined });
  }
  const names = [...new Set([...tls.names, ...ownNames(host)])];
  const renew = (): TlsIdentity => ownIdentity(authority.value, names, now());
  const caPath = folder === undefined ? ok(undefined) : publish(join(folder, 'ca.pem'), authority.value.certificate);
  if (!caPath.ok) return caPath;
  return ok({
    identity: renew(),
    authority: authority.value,
    anchor: authority.value.fingerprint,
    caPath: caPath.value,
    renewal: { afterMs: SERVER_MS.renew, renew },
  });
}

/** The authority of a folder; without a folder, one that lasts as long as the process. */
function openAuthority(folder: string | undefined, now: number): Result<Authority> {
  const path = folder === undefined ? undefined : join(folder, 'authority.pem');
  const text = path === undefined ? ok(undefined) : readSecretFile(path);
  if (!text.ok) return text;
  const given = text.value ?? newAuthorityText(now);
  if (text.value === undefined && path !== undefined) {
    const written = writeSecretFile(path, given);
    if (!written.ok) return written;
  }
  const authority = authorityOf(given, now);
  return authority.ok ? authority : fail(`${path ?? 'the authority'}: ${authority.error}`);
}

/** Clients get the certificate of the authority after the server's own: hosts that enrol look for it there. */
function ownIdentity(authority: Authority, names: readonly string[], now: number): TlsIdentity {
  const { privateKey, publicKey } = newKeyPair();
  const use = { kind: 'server', names } as const;
  const { certificate } = issue(authority, { subject: 'Crenel server', publicKey, use, now, lifeMs: SERVER_MS.life });
  return { cert: certificate + authority.certificate, key: privatePem(privateKey) };
}

/** By what names a server that listens there is surely called: its machine's name and addresses. */
function ownNames(host: string): readonly string[] {
  const listening = parseAddress(listenAddress(host));
  const isAny = listening.ok && isUnspecified(listening.value);
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ scopeid = 0 }) => scopeid === 0)
    .map(({ address }) => address);
  return ['localhost', '127.0.0.1', '::1', hostname(), ...(isAny ? addresses : [host])].filter(isCertificateName);
}

/** Whether an address stands for all of a machine: 0.0.0.0 or ::. */
function isUnspecified({ w0, w1, w2, w3 }: Address): boolean {
  return w0 === 0 && w1 === 0 && w2 === 0 && w3 === 0;
}

function readIdentity(paths: { readonly certPath: string; readonly keyPath: string }): Result<TlsIdentity> {
  try {
    return ok({ cert: readFileSync(paths.certPath, 'utf8'), key: readFileSync(paths.keyPath, 'utf8') });
  } catch (error) {
    return fail(`cannot read the TLS certificate or key: ${reasonOf(error)}`);
  }
}

/**
 * SHA-256 of the certificate in a chain that vouches for itself. Most chains leave it out, for clients have it: then hosts know the server as
 * other clients do.
 */
function rootOf(chain: string): string | undefined {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    const certificates = blocks.map((pem) => new X509Certificate(pem));
    const root = certificates.find((one) => one.checkIssued(one) && one.verify(one.publicKey));
    return root === undefined ? undefined : fingerprintOf(root);
  } catch {
    // What is wrong with it is said where the server begins to listen.
    return undefined;
  }
}

function publish(path: string, certificate: string): Result<string> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, certificate);
    return ok(path);
  } catch (error) {
    return fail(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
