import type { World } from '../../core/model/world.ts';

/** How many worlds of a realm are kept. Neighbours share almost everything, so one costs about what its change did. */
const MOST_WORLDS = 1000;

/** The newest worlds of each realm by revision, for agents that come back and want only what they missed. */
export class History {
  readonly #start: number;
  readonly #most: number;
  /** In order: each world holds from its revision on. */
  readonly #worlds = new Map<string, { readonly revision: number; readonly world: World }[]>();

  /** `start` is the revision that the server began with. */
  constructor(start: number, most: number = MOST_WORLDS) {
    this.#start = start;
    this.#most = most;
  }

  /** A commit led a realm from one world to another. */
  note(realm: string, revision: number, { before, after }: { readonly before: World; readonly after: World }): void {
    const worlds = this.#worlds.get(realm) ?? [{ revision: this.#start, world: before }];
    this.#worlds.set(realm, worlds);
    worlds.push({ revision, world: after });
    if (worlds.length > this.#most) worlds.shift();
  }

  /** The world of a realm at a revision up to the newest; undefined when that is not known any more. */
  worldAt(
    realm: string,
    revision: number,
    newest: { readonly revision: number; readonly world: World },
  ): World | undefined {
    if (revision > newest.revision || revision < this.#start) return undefined;
    const worlds = this.#worlds.get(realm);
    return worlds === undefined ? newest.world : worlds.findLast((one) => one.revision <= revision)?.world;
  }
}
