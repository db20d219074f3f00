import { fail, ok, type Result } from '../core/net/result.ts';
import { isMac } from '../nft/wiring.ts';
import { ListItems } from './list-items.ts';

/** A device of a network namespace, as `ip` tells of it. */
export type Link = {
  readonly name: string;
  /** Its number, which it keeps when it gets another name. */
  readonly index: number;
  /** What it is, as `veth` or `macvlan`; empty for what needs no word. */
  readonly kind: string;
  /** The device that it is a part of, and of what kind that is: `bridge`, `vrf`, `bond`. */
  readonly master?: { readonly name: string; readonly kind: string };
  /** The device of the same namespace that it stands on or is tied to. */
  readonly over?: string;
  /** Whether an XDP program has packets before anybody else. */
  readonly hasProgram: boolean;
};

/** Reads what `ip -j -d link show` prints, piece by piece. What did not change since an earlier look is the same object. */
export class LinkReader {
  readonly #items = new ListItems();
  readonly #before: readonly Link[];
  readonly #links: Link[] = [];

  constructor(before: readonly Link[] = []) {
    this.#before = before;
  }

  take(piece: string): void {
    for (const item of this.#items.take(piece)) {
      for (const link of linkOf(objectOf(item))) {
        const old = this.#before[this.#links.length];
        this.#links.push(old !== undefined && isSame(old, link) ? old : link);
      }
    }
  }

  /** The devices; an error says what the text is not. */
  end(): Result<readonly Link[]> {
    if (!this.#items.end().ok) return fail('ip printed no list of devices');
    const isAsBefore =
      this.#links.length === this.#before.length && this.#links.every((one, at) => one === this.#before[at]);
    return ok(isAsBefore ? this.#before : this.#links);
  }
}

function isSame(a: Link, b: Link): boolean {
  return (
    a.name === b.name &&
    a.index === b.index &&
    a.kind === b.kind &&
    a.master?.name === b.master?.name &&
    a.master?.kind === b.master?.kind &&
    a.over === b.over &&
    a.hasProgram === b.hasProgram
  );
}

function linkOf(item: Json): readonly Link[] {
  const { ifname: name, ifindex: index, master, link, xdp } = item;
  if (typeof name !== 'string' || typeof index !== 'number') return [];
  const info = objectOf(item['linkinfo']);
  return [
    {
      name,
      index,
      kind: textOf(info['info_kind']),
      ...(typeof master === 'string' ? { master: { name: master, kind: textOf(info['info_slave_kind']) } } : {}),
      ...(typeof link === 'string' ? { over: link } : {}),
      hasProgram: xdp !== undefined,
    },
  ];
}

/** The hardware address of the only device that `ip -j link show dev` prints; undefined where it has none, as a tunnel. */
export function macIn(text: string): string | undefined {
  const [mac = ''] = (listIn(text) ?? []).map(({ address }) => textOf(address));
  return isMac(mac) ? mac : undefined;
}

/** Reads of what `tc -j qdisc show` prints, piece by piece, the devices with a place for filters of what comes in. */
export class FilteredDevices {
  readonly devices: string[] = [];
  readonly #items = new ListItems();

  take(piece: string): void {
    for (const item of this.#items.take(piece)) {
      const { kind, dev } = objectOf(item);
      if (kind === 'clsact' || kind === 'ingress') this.devices.push(textOf(dev));
    }
  }
}

/** Whether filters, as `tc -j filter show` has them, may lead packets elsewhere: by a program, or by an action that redirects. */
export function mayRedirect(text: string): boolean {
  return (listIn(text) ?? []).some((filter) => {
    const actions = objectOf(filter['options'])['actions'];
    const kinds = Array.isArray(actions) ? actions.map((action) => textOf(objectOf(action)['kind'])) : [];
    return filter['kind'] === 'bpf' || kinds.some((kind) => kind === 'mirred' || kind === 'bpf');
  });
}

/** Devices with the flowtables that have them, of `nft -j list flowtables`. */
export function flowtablesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of nftItems(text)) {
    const { family, table, name, dev } = objectOf(item['flowtable']);
    for (const device of devicesOf(dev)) found.set(device, `${textOf(family)} ${textOf(table)} ${textOf(name)}`);
  }
  return found;
}

/** The tables that have a chain at some device, of `nft -j list chains netdev`. */
export function netdevTables(text: string): readonly string[] {
  const chains = nftItems(text).map((item) => objectOf(item['chain']));
  return [...new Set(chains.filter(({ hook }) => hook !== undefined).map(({ table }) => textOf(table)))];
}

/**
 * Devices where a table of the family `netdev`, as `nft -j list table` has it, may hand packets on to other devices. nft does not always print at
 * which devices a chain is: then it may be at any.
 */
export function handingDevices(text: string): readonly string[] | 'any' {
  const items = nftItems(text);
  const hands = items.some((item) => {
    const steps = objectOf(item['rule'])['expr'];
    return Array.isArray(steps) && steps.some((step) => 'fwd' in objectOf(step) || 'dup' in objectOf(step));
  });
  if (!hands) return [];
  const bases = items.map((item) => objectOf(item['chain'])).filter(({ hook }) => hook !== undefined);
  const found = bases.map(({ dev }) => devicesOf(dev));
  return found.some((devices) => devices.length === 0) ? 'any' : found.flat();
}

type Json = { readonly [key: string]: unknown };

function nftItems(text: string): readonly Json[] {
  const document = objectOf(parsed(text));
  return Array.isArray(document['nftables']) ? document['nftables'].map(objectOf) : [];
}

function listIn(text: string): readonly Json[] | undefined {
  const document = parsed(text);
  return Array.isArray(document) ? document.map(objectOf) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function devicesOf(dev: unknown): readonly string[] {
  return (Array.isArray(dev) ? dev : [dev]).filter((one): one is string => typeof one === 'string');
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
