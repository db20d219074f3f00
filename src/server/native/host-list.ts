import type { HostEntry } from '../enrolment/register.ts';
import type { HostCondition, HostDocument } from '../sync/hosts.ts';
import type { Holds } from '../sync/messages.ts';

/** How a host was let in. Times are ISO 8601. */
export type EnrolmentDocument = {
  readonly holds: Holds;
  /** The newest certificate. */
  readonly certificate?: { readonly serial: string; readonly validTo: string };
  /** Until when a token for it may be used. */
  readonly invitedUntil?: string;
  readonly removedAt?: string;
};

/**
 * What is told of a host, by its agent and by the register. `invited`: a token is out and was not used; `removed`: it is not believed any more,
 * and what it enforces is what it heard last.
 */
export type ListedHost = Partial<Omit<HostDocument, 'host' | 'condition'>> & {
  readonly host: string;
  readonly condition: HostCondition | 'invited' | 'removed';
  readonly enrolment?: EnrolmentDocument;
};

/** The hosts that were heard of and those of the register, each once, by name. */
export function listedHosts(heard: readonly HostDocument[], entries: readonly HostEntry[]): readonly ListedHost[] {
  const documents = new Map(heard.map((one) => [one.host, one]));
  const enrolled = new Map(entries.map((one) => [one.host, one]));
  return [...new Set([...documents.keys(), ...enrolled.keys()])]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((host) => {
      const [document, entry] = [documents.get(host), enrolled.get(host)];
      return {
        ...document,
        host,
        condition: conditionOf(document, entry),
        ...(entry === undefined ? {} : { enrolment: enrolmentOf(entry) }),
      };
    });
}

/** Whether the host was ever there, so that what it heard may be in force. One that was invited alone was not. */
export function everCame({ heardAt, enrolment }: Pick<ListedHost, 'heardAt' | 'enrolment'>): boolean {
  return heardAt !== undefined || enrolment?.certificate !== undefined;
}

function conditionOf(document: HostDocument | undefined, entry: HostEntry | undefined): ListedHost['condition'] {
  const isLive = document !== undefined && document.condition !== 'gone';
  if (entry?.removedAt !== undefined && !isLive) return entry.invitation === undefined ? 'removed' : 'invited';
  return document?.condition ?? (entry?.certificates.length === 0 ? 'invited' : 'gone');
}

function enrolmentOf({ holds, certificates, invitation, removedAt }: HostEntry): EnrolmentDocument {
  const newest = certificates.at(-1);
  const isOpen = invitation !== undefined && invitation.usedBy === undefined;
  return {
    holds: isOpen && certificates.length === 0 ? invitation.holds : holds,
    ...(newest === undefined
      ? {}
      : { certificate: { serial: newest.serial, validTo: new Date(newest.validTo).toISOString() } }),
    ...(isOpen ? { invitedUntil: new Date(invitation.expiresAt).toISOString() } : {}),
    ...(removedAt === undefined ? {} : { removedAt: new Date(removedAt).toISOString() }),
  };
}
