import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { fail, ok, type Result } from '../core/net/result.ts';
import { fingerprintOf, newKeyPair, privatePem } from '../server/enrolment/authority.ts';
import { decodeCertificate, ENROLMENT_VERSION } from '../server/enrolment/messages.ts';
import { provenKey, sha256, shortDigest } from '../server/enrolment/proof.ts';
import { readToken } from '../server/enrolment/token.ts';
import { listenAddress } from '../server/http/may-listen.ts';
import { type HostIdentity, type HostState, isOf, writeState } from './identity.ts';
import { ask, type ServerLink } from './server-link.ts';

/** How long to wait for a server, in milliseconds. */
const ANSWER_MS = 20_000;
/** The longest chain of certificates that is looked through. */
const MOST_LINKS = 10;

export type Enrolling = {
  readonly token: string;
  readonly endpoint: URL;
  /** Where the state of this host is kept, and what is there by now. */
  readonly folder: string;
  readonly state: HostState;
  /** Certificates, as PEM, that vouch for the server where the token does not say which does. */
  readonly ca?: readonly string[];
};

/**
 * Becomes the host of a token: finds the server that the token means, makes a key, asks for a certificate, and keeps all of it before it is used.
 * The token is sent to nobody but that server. Messages hold neither token nor key.
 */
export async function enrol({ token, endpoint, folder, state, ca }: Enrolling): Promise<Result<HostIdentity>> {
  const read = readToken(token);
  if (!read.ok) return read;
  if (endpoint.protocol !== 'https:')
    return fail(`enrolment is over TLS alone, and ${endpoint.origin} does not speak it`);
  const { host } = read.value;
  const anchor = read.value.anchor === undefined ? ok(undefined) : await anchorOf(endpoint, read.value.anchor);
  if (!anchor.ok) return anchor;
  const tokenHash = sha256(token);
  const key = state.pending?.tokenHash === tokenHash ? state.pending.key : privatePem(newKeyPair().privateKey);
  const remembered = writeState(folder, { ...state, pending: { tokenHash, key } });
  if (!remembered.ok) return remembered;
  const vouching = anchor.value === undefined ? ca : [anchor.value];
  const link = { endpoint, region: '', ...(vouching === undefined ? {} : { ca: vouching }) };
  const certificate = await newCertificate(link, { host, key }, { purpose: 'enrol', word: tokenHash, token });
  if (!certificate.ok) return certificate;
  const identity = {
    host,
    endpoint: endpoint.origin,
    key,
    certificate: certificate.value,
    ...(anchor.value === undefined ? {} : { anchor: anchor.value }),
    tokenHash,
  };
  const kept = writeState(folder, { current: identity });
  return kept.ok ? ok(identity) : kept;
}

/** Asks for a certificate for a new key, by the one that a host has. It is kept before it is given back. */
export async function renew(
  link: Omit<ServerLink, 'identity'>,
  known: HostIdentity,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<Result<HostIdentity>> {
  const next = { ...known, key: privatePem(newKeyPair().privateKey) };
  const word = fingerprintOf(new X509Certificate(known.certificate));
  const certificate = await newCertificate(
    { ...link, identity: () => known },
    next,
    { purpose: 'renew', word },
    signal,
  );
  if (!certificate.ok) return certificate;
  const identity = { ...next, certificate: certificate.value };
  const kept = writeState(folder, { current: identity });
  return kept.ok ? ok(identity) : kept;
}

async function newCertificate(
  link: ServerLink,
  { key, host }: Pick<HostIdentity, 'key' | 'host'>,
  wanted:
    | { readonly purpose: 'enrol'; readonly word: string; readonly token: string }
    | { readonly purpose: 'renew'; readonly word: string },
  signal: AbortSignal = new AbortController().signal,
): Promise<Result<string>> {
  const privateKey = createPrivateKey(key);
  const proven = provenKey({ privateKey, publicKey: createPublicKey(privateKey) }, wanted);
  const token = wanted.purpose === 'enrol' ? { token: wanted.token } : {};
  const answered = await ask(
    link,
    {
      path: `/crenel/v1/agent/${wanted.purpose}`,
      body: JSON.stringify({ version: ENROLMENT_VERSION, ...token, ...proven }),
    },
    { signal, silentMs: ANSWER_MS },
  );
  if (!answered.ok) return answered;
  const answer = decodeCertificate(answered.value);
  if (!answer.ok) return fail(`${link.endpoint.origin} answers what is no certificate: ${answer.error}`);
  return answer.value.host === host && isOf(answer.value.certificate, key)
    ? ok(answer.value.certificate)
    : fail(`${link.endpoint.origin} answers with a certificate that is not for this host and key`);
}

/**
 * The certificate that a token means, as PEM, from among those that a server shows. Nothing is said to the server yet, and it is not believed yet:
 * whoever it is, it is believed only when its own certificate follows from this one, which the next connection checks.
 */
async function anchorOf(endpoint: URL, wanted: string): Promise<Result<string>> {
  const name = endpoint.hostname.replaceAll(/^\[|\]$/g, '');
  const { promise, resolve } = Promise.withResolvers<Result<string>>();
  const socket = connect({
    host: listenAddress(name),
    port: endpoint.port === '' ? 443 : Number(endpoint.port),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: false,
    timeout: ANSWER_MS,
  });
  socket.once('secureConnect', () => {
    const found = inChain(socket.getPeerX509Certificate(), wanted);
    resolve(found === undefined ? fail(notMeant(endpoint)) : ok(found.toString()));
  });
  socket.once('timeout', () => resolve(fail(`nothing was heard of ${endpoint.origin}`)));
  socket.on('error', (error: Error) => resolve(fail(`cannot reach ${endpoint.origin}: ${error.message}`)));
  socket.once('close', () => resolve(fail(`${endpoint.origin} closed the connection`)));
  const anchor = await promise;
  socket.destroy();
  return anchor;
}

function inChain(first: X509Certificate | undefined, wanted: string): X509Certificate | undefined {
  let certificate = first;
  for (let link = 0; link < MOST_LINKS && certificate !== undefined; link += 1) {
    if (shortDigest(fingerprintOf(certificate)) === wanted) return certificate;
    certificate = certificate.issuerCertificate;
  }
  return undefined;
}

function notMeant(endpoint: URL): string {
  return `${endpoint.origin} is not the server that the token is of: it shows no certificate that the token names, so the token was not sent`;
}
