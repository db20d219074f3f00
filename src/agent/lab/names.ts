import { hashText } from '../../nft/names.ts';

/** The start of every name that the lab gives: what bears it may be removed. */
export const PREFIX = 'crl-';

/** The namespace that is the internet. */
export const INTERNET_NAMESPACE = 'crl-net';

export type NamespaceKind = 'router' | 'gateway' | 'instance';

const LETTERS: Readonly<Record<NamespaceKind, string>> = { router: 'r', gateway: 'g', instance: 'i' };

/** The namespace of a VPC's router, a gateway or an instance: with the id itself where that is harmless, so that people find it. */
export function namespaceName(kind: NamespaceKind, id: string): string {
  return `${PREFIX}${LETTERS[kind]}-${/^[a-z]{1,8}-[0-9a-f]{4,40}$/u.test(id) ? id : hashText(id)}`;
}

/** A device name of a letter and ten digits; the kernel takes 15 characters. */
export function deviceName(letter: string, id: string): string {
  return `${letter}${hashText(id).slice(0, 10)}`;
}

/** The hardware address of an interface: locally administered, the same every time. */
export function macOf(id: string): string {
  const digits = hashText(`mac ${id}`).slice(0, 10);
  return ['02', ...(digits.match(/../gu) ?? [])].join(':');
}

/** The number of a routing table, past those that the kernel keeps. */
export function tableNumber(id: string): number {
  return 10_000 + (Number.parseInt(hashText(`table ${id}`).slice(0, 8), 16) % 1_000_000_000);
}
