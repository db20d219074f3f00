import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { ClientCertificate } from './exchange.ts';

/** A certificate, with its chain after it, and its private key, as PEM text. */
export type TlsIdentity = { readonly cert: string; readonly key: string };

/**
 * What sockets of a server are made with. `clientAuthority`: the certificate that vouches for those of clients; they are asked for one, and may do
 * without.
 */
export function tlsOptions(
  { cert, key }: TlsIdentity,
  clientAuthority: string | undefined,
): SecureContextOptions & { readonly requestCert: boolean; readonly rejectUnauthorized: false } {
  const authority = clientAuthority === undefined ? {} : { ca: clientAuthority };
  // Whoever shows a certificate that is not vouched for gets an answer that says so, instead of a connection that breaks.
  return {
    cert,
    key,
    ...authority,
    minVersion: 'TLSv1.2',
    requestCert: clientAuthority !== undefined,
    rejectUnauthorized: false,
  };
}

/** What a client showed in the handshake; undefined when it showed nothing. */
export function shownBy(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  if (socket.authorized) return { fingerprint };
  // Node's types promise an Error; it is the code of OpenSSL, a word.
  return { fingerprint, fault: String(socket.authorizationError) };
}

/** Checks that certificate and key can be read and belong together, and says until when the certificate is good. Messages never hold either. */
export function checkTls({ cert, key }: TlsIdentity): Result<{ readonly validTo: Date }> {
  const certificate = attempt(() => new X509Certificate(cert));
  if (certificate === undefined) return fail('the TLS certificate is not an X.509 certificate in PEM');
  if (key.includes('ENCRYPTED')) return fail('the TLS key is encrypted: give it without a passphrase');
  const privateKey = attempt(() => createPrivateKey(key));
  if (privateKey === undefined) return fail('the TLS key is not a private key in PEM');
  if (attempt(() => certificate.publicKey.equals(createPublicKey(privateKey))) !== true)
    return fail('the TLS key is not the one of the certificate');
  if (attempt(() => createSecureContext({ cert, key, minVersion: 'TLSv1.2' })) === undefined)
    return fail('TLS does not take this certificate and key: the key may be too short, or the chain broken');
  return ok({ validTo: certificate.validToDate });
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
