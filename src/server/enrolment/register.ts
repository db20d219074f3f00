import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Holds } from '../sync/messages.ts';

/** A certificate that a host was given. Digests are lower-case hexadecimal digits; times are milliseconds since 1970. */
export type HostCertificate = { readonly fingerprint: string; readonly serial: string; readonly validTo: number };

/** A token that is out. It stays after its use or its end, so that whoever comes with it can be told what is wrong. */
export type Invitation = {
  /** SHA-256 of the token. */
  readonly tokenHash: string;
  readonly expiresAt: number;
  readonly holds: Holds;
  /** SHA-256 of the key that it was used for; whoever has that key may ask again, for answers get lost. */
  readonly usedBy?: string;
  /** Whether the certificate arrived: nobody may ask again. */
  readonly isSpent?: boolean;
};

/** A host of an account in a region: invited, let in, or removed. */
export type HostEntry = {
  readonly accountId: string;
  readonly region: string;
  readonly host: string;
  /** What it may hold. */
  readonly holds: Holds;
  /** Those that are believed, unless it was removed: one, or two while a renewed one was not used yet. */
  readonly certificates: readonly HostCertificate[];
  readonly invitation?: Invitation;
  readonly removedAt?: number;
};

/** All hosts, by `hostKey`. */
export type Register = ReadonlyMap<string, HostEntry>;

type HostName = Pick<HostEntry, 'accountId' | 'region' | 'host'>;

/** How many hosts there can be. */
export const MOST_HOSTS = 10_000;
/** How long what nobody needs is remembered: a host that was removed, a token that nobody used. */
const REMEMBER_MS = 30 * 86_400_000;

/** Where a host stands in the register. */
export function hostKey({ accountId, region, host }: HostName): string {
  return `${accountId}/${region}/${host}`;
}

/** The host with a token out. What it has until then stays as it is, for nobody may ever use the token; an older token is void. */
export function invited(
  known: HostEntry | undefined,
  name: HostName,
  invitation: Pick<Invitation, 'tokenHash' | 'expiresAt' | 'holds'>,
): HostEntry {
  const { accountId, region, host } = name;
  const before = known ?? { accountId, region, host, holds: { enis: [], instances: [] }, certificates: [] };
  return { ...before, invitation };
}

/** Why a token does not let a key in; undefined when it does. */
export function whyNotLetIn(
  { invitation }: HostEntry,
  { keyHash, now }: { readonly keyHash: string; readonly now: number },
): string | undefined {
  if (invitation === undefined) return 'the token is not known';
  if (invitation.expiresAt <= now)
    return `the token was good until ${new Date(invitation.expiresAt).toISOString()}: ask for another`;
  const isOthers = invitation.usedBy !== undefined && invitation.usedBy !== keyHash;
  return isOthers || invitation.isSpent === true ? 'the token was used: it works once, ask for another' : undefined;
}

/** The host after its token was used: this certificate is the only one, and it may hold what it was invited with. */
export function letIn(known: HostEntry, keyHash: string, certificate: HostCertificate): HostEntry {
  const { accountId, region, host, holds, invitation } = known;
  return {
    accountId,
    region,
    host,
    holds: invitation?.holds ?? holds,
    certificates: [certificate],
    ...(invitation === undefined ? {} : { invitation: { ...invitation, usedBy: keyHash } }),
  };
}

/** The host with a certificate beside the one that it came with, which stays until the new one is used: the answer may get lost. */
export function renewed(known: HostEntry, fingerprint: string, next: HostCertificate): HostEntry {
  return { ...known, certificates: [...known.certificates.filter((one) => one.fingerprint === fingerprint), next] };
}

/** The host after it came with a certificate: those before and beside it are over, and so is its token. The same when nothing changes. */
export function seenWith(known: HostEntry, fingerprint: string): HostEntry {
  const { certificates, invitation } = known;
  const isOutdated = invitation?.usedBy !== undefined && invitation.isSpent !== true;
  // The older of two may still come: its successor did not arrive yet.
  if (certificates.at(-1)?.fingerprint !== fingerprint || (certificates.length === 1 && !isOutdated)) return known;
  return {
    ...known,
    certificates: certificates.slice(-1),
    ...(isOutdated ? { invitation: { ...invitation, isSpent: true } } : {}),
  };
}

/** The host with other things that it may hold, also once a token that is out already lets it in. */
export function allowed(known: HostEntry, holds: Holds): HostEntry {
  const { invitation } = known;
  return { ...known, holds, ...(invitation === undefined ? {} : { invitation: { ...invitation, holds } }) };
}

/** The host as one that is not believed any more. Its certificates stay known, to say so to whoever comes with one. */
export function removed({ accountId, region, host, holds, certificates }: HostEntry, now: number): HostEntry {
  return { accountId, region, host, holds, certificates, removedAt: now };
}

/** The host that a certificate is of, if it is believed at this time; else why not. */
export function believed(entry: HostEntry | undefined, fingerprint: string, now: number): Result<HostEntry> {
  const certificate = entry?.certificates.find((one) => one.fingerprint === fingerprint);
  if (entry === undefined || certificate === undefined)
    return fail('this certificate is not, or no longer, that of a host here: enrol again with a new token');
  if (entry.removedAt !== undefined)
    return fail(
      `the host ${entry.host} was removed at ${new Date(entry.removedAt).toISOString()}; crenel host add lets it in again`,
    );
  return certificate.validTo > now
    ? ok(entry)
    : fail(
        `the certificate was good until ${new Date(certificate.validTo).toISOString()}: enrol again with a new token`,
      );
}

/** A register with one entry put in, and without those that nobody needs any more. Fails when it is full. */
export function registerWith(register: Register, entry: HostEntry, now: number): Result<Register> {
  const kept = new Map([...register].filter(([, one]) => isNeeded(one, now)));
  kept.set(hostKey(entry), entry);
  return kept.size > MOST_HOSTS ? fail(`there are ${MOST_HOSTS} hosts, which is the most: remove one first`) : ok(kept);
}

function isNeeded({ certificates, invitation, removedAt }: HostEntry, now: number): boolean {
  if (removedAt !== undefined) return removedAt > now - REMEMBER_MS || invitation !== undefined;
  return certificates.length > 0 || (invitation !== undefined && invitation.expiresAt > now - REMEMBER_MS);
}
