import { type Address, parseAddress } from '../../core/net/address.ts';
import {
  ascii,
  bitString,
  type Der,
  explicit,
  implicit,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
  TRUE,
  utf8String,
} from './der.ts';

/** What a certificate is for. There is no other kind. */
export type CertificateUse =
  /** To sign the others. */
  | { readonly kind: 'authority' }
  /** A server that is called by these DNS names and addresses. */
  | { readonly kind: 'server'; readonly names: readonly string[] }
  /** A host, by a URI that says which. */
  | { readonly kind: 'host'; readonly uri: string };

/** What a certificate says. Names are ASCII; times are milliseconds since 1970, and count in whole seconds. */
export type CertificateFields = {
  /** Bytes of a number that no other certificate of the issuer has; at most 20, of which the first bit is not set. */
  readonly serial: Uint8Array;
  readonly issuer: string;
  readonly subject: string;
  readonly validFrom: number;
  readonly validTo: number;
  /** The key of whom it is for, as the DER of a SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** What names that key, and the issuer's. */
  readonly keyId: Uint8Array;
  readonly issuerKeyId: Uint8Array;
  readonly use: CertificateUse;
};

/** ECDSA with SHA-256 (RFC 5758 3.2): keys of P-256 sign all certificates. */
const SIGNED_WITH: Der = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const COMMON_NAME: Der = objectIdentifier('2.5.4.3');
/** Version 3, which has extensions, is written as 2. */
const VERSION_3: Der = explicit(0, integer(Uint8Array.of(2)));

/** What the issuer has to sign: the TBSCertificate of RFC 5280 4.1. */
export function bytesToSign(fields: CertificateFields): Der {
  const { serial, issuer, subject, validFrom, validTo, publicKey } = fields;
  return sequence(
    VERSION_3,
    integer(serial),
    SIGNED_WITH,
    nameOf(issuer),
    sequence(time(validFrom), time(validTo)),
    nameOf(subject),
    publicKey,
    explicit(3, sequence(...extensionsOf(fields))),
  );
}

/** The certificate, from what was signed and the signature (DER of an ECDSA signature). */
export function certificateOf(toSign: Der, signature: Uint8Array): Der {
  return sequence(toSign, SIGNED_WITH, bitString(signature));
}

/** Whether a certificate can name a server so: an address, or a DNS name, perhaps with a wildcard as its first label. */
export function isCertificateName(name: string): boolean {
  return (
    parseAddress(name).ok ||
    (name.length <= 253 && /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]{0,61}$/i.test(name))
  );
}

function nameOf(commonName: string): Der {
  return sequence(setOf(sequence(COMMON_NAME, utf8String(commonName))));
}

/** Numbers of bits of KeyUsage (RFC 5280 4.2.1.3). */
const KEY_USE = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;
/** What an end may be, so that no certificate of a host ever speaks for a server (RFC 5280 4.2.1.12). */
const PURPOSE = { server: '1.3.6.1.5.5.7.3.1', host: '1.3.6.1.5.5.7.3.2' } as const;

function extensionsOf({ use, keyId, issuerKeyId }: CertificateFields): readonly Der[] {
  const isAuthority = use.kind === 'authority';
  const keyUse = isAuthority ? [KEY_USE.keyCertSign, KEY_USE.crlSign] : [KEY_USE.digitalSignature];
  return [
    // An authority signs ends alone: no authority may stand below it.
    critical('2.5.29.19', isAuthority ? sequence(TRUE, integer(Uint8Array.of(0))) : sequence()),
    critical('2.5.29.15', namedBits(keyUse)),
    extension('2.5.29.14', octetString(keyId)),
    extension('2.5.29.35', sequence(implicit(0, issuerKeyId))),
    ...(use.kind === 'authority'
      ? []
      : [
          extension('2.5.29.37', sequence(objectIdentifier(PURPOSE[use.kind]))),
          extension('2.5.29.17', sequence(...(use.kind === 'server' ? use.names.map(generalName) : [uri(use.uri)]))),
        ]),
  ];
}

function extension(id: string, value: Der): Der {
  return sequence(objectIdentifier(id), octetString(value));
}

/** Whoever does not know a critical extension must refuse the certificate. */
function critical(id: string, value: Der): Der {
  return sequence(objectIdentifier(id), TRUE, octetString(value));
}

/** One of the alternative names (RFC 5280 4.2.1.6): an address by its bytes, else a DNS name. */
function generalName(name: string): Der {
  const address = parseAddress(name);
  return address.ok ? implicit(7, addressBytes(address.value)) : implicit(2, ascii(name));
}

function uri(text: string): Der {
  return implicit(6, ascii(text));
}

function addressBytes({ family, w0, w1, w2, w3 }: Address): Uint8Array {
  const words = family === 'ipv4' ? [w0] : [w0, w1, w2, w3];
  return Uint8Array.from(words.flatMap((word) => [24, 16, 8, 0].map((bits) => Math.floor(word / 2 ** bits) % 256)));
}
