import type { KeyObject } from 'node:crypto';
import { fail, ok, type Result } from '../../core/net/result.ts';
import type { Caller } from '../access/caller.ts';
import type { ClientCertificate } from '../http/exchange.ts';
import type { Holds } from '../sync/messages.ts';
import { type Authority, issue } from './authority.ts';
import { hostArn, hostCaller } from './host-caller.ts';
import {
  ENROLMENT_VERSION,
  type EnrolmentFault,
  type EnrolRequest,
  type NewCertificate,
  type RenewRequest,
} from './messages.ts';
import { newSecret, readProvenKey, sha256, shortDigest } from './proof.ts';
import {
  allowed,
  believed,
  type HostCertificate,
  type HostEntry,
  hostKey,
  invited,
  letIn,
  type Register,
  registerWith,
  removed,
  renewed,
  seenWith,
  whyNotLetIn,
} from './register.ts';
import { registerText } from './register-text.ts';
import { tokenText } from './token.ts';

export type EnrolmentSetup = {
  /** Absent where the server does not speak TLS: hosts could not prove who they are. */
  readonly authority?: Authority;
  /** SHA-256 of the certificate by which hosts believe the server, as hexadecimal digits; absent where they must know it by themselves. */
  readonly anchor?: string;
  readonly register: Register;
  /** Keeps the text of the register, so that it outlives the process, before it returns. */
  readonly save: (text: string) => Result<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

type Realm = Pick<HostEntry, 'accountId' | 'region'>;

/** A certificate of a host is good for thirty days. */
const HOST_MS = 30 * 86_400_000;
const NO_TLS: EnrolmentFault = {
  status: 409,
  message: 'this server does not speak TLS, so no host could prove who it is: start it with --tls',
};

/** The hosts that were let in. What changes is on disk before anybody hears of it; what could not be written did not happen. */
export class Enrolment {
  readonly #setup: EnrolmentSetup;
  #register: Register;
  #byFingerprint: ReadonlyMap<string, string> = new Map();
  #byToken: ReadonlyMap<string, string> = new Map();

  constructor(setup: EnrolmentSetup) {
    this.#setup = setup;
    this.#register = setup.register;
    this.#index();
  }

  /** The realms of hosts, each as often as it has some. */
  realms(): readonly Realm[] {
    return [...this.#register.values()].map(({ accountId, region }) => ({ accountId, region }));
  }

  /** The hosts of a realm. */
  list({ accountId, region }: Realm): readonly HostEntry[] {
    return [...this.#register.values()].filter((one) => one.accountId === accountId && one.region === region);
  }

  /** Makes a token for a host, good for so long; what the host has until then stays. */
  invite(
    realm: Realm,
    wanted: { readonly host: string; readonly holds: Holds; readonly lifeMs: number },
  ): Result<{ readonly token: string; readonly expiresAt: number; readonly isPinned: boolean }, EnrolmentFault> {
    const { authority, anchor, now } = this.#setup;
    if (authority === undefined) return fail(NO_TLS);
    const { host, holds, lifeMs } = wanted;
    const token = tokenText({
      host,
      anchor: anchor === undefined ? undefined : shortDigest(anchor),
      secret: newSecret(),
    });
    const expiresAt = now() + lifeMs;
    const name = { ...realm, host };
    const entry = invited(this.#register.get(hostKey(name)), name, { tokenHash: sha256(token), expiresAt, holds });
    const kept = this.#keep(entry);
    return kept.ok ? ok({ token, expiresAt, isPinned: anchor !== undefined }) : kept;
  }

  /** Gives whoever has a token, and a key, the certificate of the token's host. */
  enrol({ token, ...proven }: EnrolRequest): Result<NewCertificate, EnrolmentFault> {
    if (this.#setup.authority === undefined) return fail(NO_TLS);
    const tokenHash = sha256(token);
    const entry = this.#register.get(this.#byToken.get(tokenHash) ?? '');
    if (entry === undefined)
      return fail({
        status: 403,
        message: 'no such token is out: it was replaced by a newer one, or its host removed',
      });
    const key = readProvenKey(proven, { purpose: 'enrol', word: tokenHash });
    if (!key.ok) return fail({ status: 400, message: key.error });
    const keyHash = sha256(proven.publicKey);
    const why = whyNotLetIn(entry, { keyHash, now: this.#setup.now() });
    if (why !== undefined) return fail({ status: 403, message: why });
    return this.#certify(entry, key.value, (issued) => letIn(entry, keyHash, issued));
  }

  /** Gives a host that came with a certificate the next one. */
  renew(shown: ClientCertificate, { publicKey, proof }: RenewRequest): Result<NewCertificate, EnrolmentFault> {
    const entry = this.#believe(shown);
    if (!entry.ok) return entry;
    const key = readProvenKey({ publicKey, proof }, { purpose: 'renew', word: shown.fingerprint });
    if (!key.ok) return fail({ status: 400, message: key.error });
    return this.#certify(entry.value, key.value, (issued) => renewed(entry.value, shown.fingerprint, issued));
  }

  /** Says what a host may hold from now on. */
  allow(realm: Realm, host: string, holds: Holds): Result<HostEntry, EnrolmentFault> {
    const entry = this.#known(realm, host);
    return entry.ok ? this.#keep(allowed(entry.value, holds)) : entry;
  }

  /** Believes a host no more. */
  remove(realm: Realm, host: string): Result<HostEntry, EnrolmentFault> {
    const entry = this.#known(realm, host);
    return entry.ok ? this.#keep(removed(entry.value, this.#setup.now())) : entry;
  }

  /** Who came with a certificate, if it is believed. */
  callerOf(shown: ClientCertificate): Result<Caller, EnrolmentFault> {
    const entry = this.#believe(shown);
    if (!entry.ok) return entry;
    const certificate = entry.value.certificates.find(({ fingerprint }) => fingerprint === shown.fingerprint);
    return certificate === undefined
      ? fail({ status: 401, message: 'this certificate is not believed' })
      : ok(hostCaller(entry.value, certificate));
  }

  #believe({ fingerprint, fault }: ClientCertificate): Result<HostEntry, EnrolmentFault> {
    const known = this.#register.get(this.#byFingerprint.get(fingerprint) ?? '');
    const entry = believed(known, fingerprint, this.#setup.now());
    if (!entry.ok) return fail({ status: 401, message: entry.error });
    if (fault !== undefined) return fail({ status: 401, message: `the certificate is not believed: ${fault}` });
    const seen = seenWith(entry.value, fingerprint);
    if (seen === entry.value) return entry;
    // Where it cannot be written, the older certificate stays good beside this one until it can.
    const kept = this.#keep(seen);
    return kept.ok ? kept : entry;
  }

  #known(realm: Realm, host: string): Result<HostEntry, EnrolmentFault> {
    const entry = this.#register.get(hostKey({ ...realm, host }));
    if (entry === undefined)
      return fail({
        status: 404,
        message: `no host ${host} was let in or invited here; one that signs by an access key is kept out by taking its key away`,
      });
    // One that was removed and is invited again can be uninvited: its token is out.
    return entry.removedAt === undefined || entry.invitation !== undefined
      ? ok(entry)
      : fail({ status: 404, message: `the host ${host} was removed at ${new Date(entry.removedAt).toISOString()}` });
  }

  #certify(
    entry: HostEntry,
    publicKey: KeyObject,
    change: (issued: HostCertificate) => HostEntry,
  ): Result<NewCertificate, EnrolmentFault> {
    const { authority, now } = this.#setup;
    if (authority === undefined) return fail(NO_TLS);
    const { host, accountId, region } = entry;
    const use = { kind: 'host', uri: hostArn(entry) } as const;
    const issued = issue(authority, { subject: host, publicKey, use, now: now(), lifeMs: HOST_MS });
    const { certificate, fingerprint, serial, validTo } = issued;
    const kept = this.#keep(change({ fingerprint, serial, validTo }));
    return kept.ok ? ok({ answer: { version: ENROLMENT_VERSION, host, certificate }, accountId, region }) : kept;
  }

  #keep(entry: HostEntry): Result<HostEntry, EnrolmentFault> {
    const register = registerWith(this.#register, entry, this.#setup.now());
    if (!register.ok) return fail({ status: 409, message: register.error });
    const saved = this.#setup.save(registerText(register.value));
    if (!saved.ok)
      return fail({ status: 500, message: 'the server cannot write its list of hosts: nothing was changed' });
    this.#register = register.value;
    this.#index();
    return ok(entry);
  }

  #index(): void {
    const entries = [...this.#register];
    this.#byFingerprint = new Map(
      entries.flatMap(([key, { certificates }]) => certificates.map(({ fingerprint }) => [fingerprint, key] as const)),
    );
    this.#byToken = new Map(
      entries.flatMap(([key, { invitation }]) =>
        invitation === undefined ? [] : [[invitation.tokenHash, key] as const],
      ),
    );
  }
}
