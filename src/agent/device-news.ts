import type { Result } from '../core/net/result.ts';
import type { Attaching } from './attaching.ts';
import type { Devices } from './devices.ts';

/** What keeps rules from being enforced at devices, and what else people should know of them. */
export type News = { readonly trouble: string | undefined; readonly warnings: readonly string[] };

/**
 * What looks at devices mean, one after the other. A device that never was there may have another name, so that nothing is enforced where people think it
 * is; one that got another name is known by its number.
 */
export class DeviceNews {
  readonly #attaching: Attaching;
  /** The numbers of devices that were there at least once. */
  readonly #seen = new Map<string, number>();
  /** The last look, and what it meant. */
  #last: { readonly devices: Devices; readonly news: News } | undefined;

  constructor(attaching: Attaching) {
    this.#attaching = attaching;
  }

  of(look: Result<Devices>): News {
    if (!look.ok) return { trouble: look.error, warnings: [] };
    // What is as it was means what it meant.
    if (this.#last?.devices !== look.value) this.#last = { devices: look.value, news: this.#newsOf(look.value) };
    return this.#last.news;
  }

  #newsOf({ links, detours, unknown }: Devices): News {
    const indexes = new Map(links.map(({ name, index }) => [name, index]));
    const names = new Map(links.map(({ name, index }) => [index, name]));
    const [troubles, warnings]: readonly [string[], string[]] = [[], [...unknown]];
    for (const [device, what] of namedBy(this.#attaching)) {
      const index = indexes.get(device);
      if (index !== undefined) {
        this.#seen.set(device, index);
        const ways = detours.get(device) ?? [];
        if (ways.length > 0) troubles.push(`rules do not hold at device ${device} ${what}: ${ways.join('; ')}`);
        continue;
      }
      const seen = this.#seen.get(device);
      const newName = seen === undefined ? undefined : names.get(seen);
      if (newName !== undefined)
        troubles.push(`device ${device} ${what} is called ${newName} now: nothing is enforced for it`);
      else if (seen === undefined || this.#attaching.mode === 'host')
        troubles.push(`device ${device} ${what} is not there: nothing is enforced for it`);
      else warnings.push(`device ${device} ${what} went away`);
    }
    return { trouble: troubles.length === 0 ? undefined : troubles.join('; '), warnings };
  }
}

/** The devices of interfaces. */
export function interfaceDevices(attaching: Attaching): readonly string[] {
  return attaching.mode === 'host'
    ? [attaching.attachment.device]
    : [...attaching.enis.values()].map(({ device }) => device);
}

/**
 * Why no rule sees a packet of any interface here; undefined when some are seen, or may be. Devices that are not there yet may come.
 */
export function whyAllPast(attaching: Attaching, { detours }: Devices): string | undefined {
  const ways = interfaceDevices(attaching).map((device) => [device, detours.get(device) ?? []] as const);
  if (ways.some(([, found]) => found.length === 0)) return undefined;
  return ways.map(([device, found]) => `device ${device}: ${found.join('; ')}`).join('; ');
}

/** The devices that are named, and what each is for. */
function namedBy(attaching: Attaching): readonly (readonly [device: string, what: string])[] {
  if (attaching.mode === 'host') return [[attaching.attachment.device, 'of this machine']];
  return [
    ...[...attaching.enis].map(([id, { device }]) => [device, `of ${id}`] as const),
    ...[...attaching.fabric].map((device) => [device, 'of the fabric'] as const),
  ];
}
