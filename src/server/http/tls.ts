import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { fail, ok, type Result } from '../../core/net/result.ts';

/** A certificate, with its chain after it, and its private key, as PEM text. */
export type TlsIdentity = { readonly cert: string; readonly key: string };

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
