import { fail, ok, type Result } from '../core/net/result.ts';
import { devicesWithPrograms } from './attached-programs.ts';
import { detoursOf, type Surroundings } from './detours.ts';
import {
  FilteredDevices,
  flowtablesOf,
  handingDevices,
  type Link,
  LinkReader,
  macIn,
  mayRedirect,
  netdevTables,
} from './links.ts';
import type { NftProgram } from './nft-program.ts';
import { readProgram, runProgram } from './run-program.ts';

/** The devices that are there. */
export type Devices = {
  readonly links: readonly Link[];
  /** How packets of a device that rules are for get past them. Without a word of a device there is nothing known against it. */
  readonly detours: ReadonlyMap<string, readonly string[]>;
  /** What could not be looked at. */
  readonly unknown: readonly string[];
};

/** Where to look, and for which devices. */
export type Looking = {
  /** The process's own when absent. */
  readonly namespace?: string | undefined;
  readonly program: NftProgram;
  readonly mode: 'tap' | 'host';
  /** The devices of interfaces. */
  readonly devices: readonly string[];
};

/** Looks: at links and settings alone, which is quick, or at everything. */
export type Look = (at: 'links' | 'everything') => Promise<Result<Devices>>;

/**
 * Looks at the devices of a network namespace, and at all that may lead packets of some of them past their rules. A quick look has the rest
 * from the last look at everything. Where all is as it was the same devices are given again.
 */
export function looker(looking: Looking): Look {
  let beside: Beside | undefined;
  let last: { readonly around: Surroundings; readonly devices: Devices } | undefined;
  return async (at) => {
    const links = await readLinks(looking.namespace, last?.around.links ?? []);
    if (!links.ok) return links;
    if (at === 'everything' || beside === undefined) beside = await readBeside(looking, links.value);
    const ownWays = looking.mode === 'host' ? NO_WAYS : await readOwnWays(looking);
    const { unknown, ...ways } = beside;
    const around: Surroundings = { links: links.value, ownWays, ...ways };
    if (last !== undefined && isSame(last.around, around) && last.devices.unknown.join('\n') === unknown.join('\n'))
      return ok(last.devices);
    const detours = detoursOf(looking.devices, around, looking.mode);
    last = { around, devices: { links: links.value, detours, unknown } };
    return ok(last.devices);
  };
}

function isSame(a: Surroundings, b: Surroundings): boolean {
  return a.links === b.links && WAYS_PAST.every((ways) => sameTexts(a[ways], b[ways]));
}

const WAYS_PAST = ['redirects', 'flowtables', 'ownWays'] as const;

function sameTexts(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, text]) => b.get(key) === text);
}

/** The hardware address that a device has now. The files of /sys may be those of another namespace than the one to enforce in. */
export async function readMac(namespace: string | undefined, device: string): Promise<Result<string>> {
  const ran = await runProgram(within(namespace, ['ip', '-j', 'link', 'show', 'dev', device]));
  if (!ran.ok) return fail(`device ${device} cannot be read: ${ran.error.message}`);
  if (ran.value.code !== 0) return fail(`there is no device ${device}: ${ran.value.stderr.trim()}`);
  const mac = macIn(ran.value.stdout);
  return mac === undefined ? fail(`device ${device} has no hardware address, by which rules would know it`) : ok(mac);
}

async function readLinks(namespace: string | undefined, before: readonly Link[]): Promise<Result<readonly Link[]>> {
  const where = `the devices of ${namespace === undefined ? 'this machine' : `namespace ${namespace}`}`;
  const reader = new LinkReader(before);
  const ran = await readProgram(within(namespace, ['ip', '-j', '-d', 'link', 'show']), (piece) => reader.take(piece));
  if (!ran.ok) return fail(`${where} cannot be read: ${ran.error.message}`);
  const links = ran.value.code === 0 ? reader.end() : fail(ran.value.stderr.trim() || 'ip cannot list them');
  return links.ok ? links : fail(`${where} cannot be read: ${links.error}`);
}

const NO_WAYS: ReadonlyMap<string, string> = new Map();

/** What leads packets elsewhere that takes some time to find, and what could not be looked at. */
type Beside = Omit<Surroundings, 'links' | 'ownWays'> & { readonly unknown: readonly string[] };

async function readBeside(looking: Looking, links: readonly Link[]): Promise<Beside> {
  const unknown: string[] = [];
  if (looking.mode === 'host') return { redirects: new Map(), flowtables: new Map(), unknown };
  return {
    redirects: new Map([...(await readPrograms(looking, links, unknown)), ...(await readRedirects(looking, unknown))]),
    flowtables: await readFlowtables(looking, unknown),
    unknown,
  };
}

async function readPrograms(
  { namespace, devices }: Looking,
  links: readonly Link[],
  unknown: string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Set(devices);
  const own = links.filter(({ name }) => names.has(name));
  const asked = await devicesWithPrograms(
    own.map(({ index }) => index),
    (command) => within(namespace, command),
  );
  if (!asked.ok) unknown.push(`whether BPF programs of tcx lead packets past the rules is not known: ${asked.error}`);
  const found = own.filter(({ index }) => asked.ok && asked.value.has(index));
  return new Map(found.map(({ name }) => [name, 'BPF programs of tcx'] as const));
}

async function readRedirects(
  { namespace, program, devices }: Looking,
  unknown: string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const own = new Set(devices);
  const filtered = new FilteredDevices();
  const places = await readProgram(within(namespace, ['tc', '-j', 'qdisc', 'show']), (piece) => filtered.take(piece));
  if (!places.ok)
    unknown.push(`whether filters of tc lead packets past the rules is not known: ${places.error.message}`);
  for (const device of filtered.devices.filter((one) => own.has(one))) {
    const filters = await runProgram(within(namespace, ['tc', '-j', 'filter', 'show', 'dev', device, 'ingress']));
    if (filters.ok && mayRedirect(filters.value.stdout)) found.set(device, 'filters of tc');
  }
  // Not the tables: to list those, nft reads the elements of all sets first.
  const chains = await program.list(['list', 'chains', 'netdev']);
  for (const table of chains.ok ? netdevTables(chains.value) : []) {
    const listed = await program.list(['list', 'table', 'netdev', table]);
    const handing = listed.ok ? handingDevices(listed.value) : [];
    for (const device of handing === 'any' ? devices : handing) found.set(device, `rules of the table netdev ${table}`);
  }
  return found;
}

async function readFlowtables({ program }: Looking, unknown: string[]): Promise<ReadonlyMap<string, string>> {
  const listed = await program.list(['list', 'flowtables']);
  if (listed.ok) return flowtablesOf(listed.value);
  unknown.push(`whether flowtables lead packets past the rules is not known: ${listed.error.message}`);
  return new Map();
}

/** Settings that let packets name their own way, where both those of all devices and of the one are on. */
const WAYS: readonly (readonly [family: string, setting: string])[] = [
  ['ipv4', 'accept_source_route'],
  ['ipv6', 'seg6_enabled'],
  ['ipv6', 'rpl_seg_enabled'],
];
/** So many files are read by one program. */
const FILES_AT_ONCE = 1000;

async function readOwnWays({ namespace, devices }: Looking): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const pathOf = (device: string, [family, setting]: (typeof WAYS)[number]): string =>
    `/proc/sys/net/${family}/conf/${device}/${setting}`;
  const on = await readSwitches(
    namespace,
    WAYS.map((way) => pathOf('all', way)),
  );
  for (const way of WAYS.filter((one) => on.has(pathOf('all', one)))) {
    const switches = await readSwitches(
      namespace,
      devices.map((device) => pathOf(device, way)),
    );
    for (const device of devices)
      if (switches.has(pathOf(device, way))) found.set(device, `net.${way[0]}.conf.all.${way[1]}`);
  }
  return found;
}

/** Which of these files hold a number above 0. Those that are not there do not. */
async function readSwitches(namespace: string | undefined, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let at = 0; at < paths.length; at += FILES_AT_ONCE) {
    const some = paths.slice(at, at + FILES_AT_ONCE);
    const ran = await runProgram(within(namespace, ['grep', '-s', '-l', '^[1-9]', ...some]));
    if (ran.ok) for (const path of ran.value.stdout.split('\n')) if (path !== '') found.add(path);
  }
  return found;
}

function within(namespace: string | undefined, command: readonly string[]): readonly string[] {
  return namespace === undefined ? command : ['ip', 'netns', 'exec', namespace, ...command];
}
