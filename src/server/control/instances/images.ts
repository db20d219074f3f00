import { derivedId, type Realm } from '../env.ts';
import type { Architecture } from './instance-types.ts';

/**
 * An image. Nothing boots here, so any well-formed id names one; of those that are not in the catalogue nothing is known but what this
 * server does with them: the device of the root volume and its size.
 */
export type Image = {
  readonly id: string;
  readonly name?: string;
  readonly description: string;
  readonly architecture?: Architecture;
  readonly creationDate?: string;
};

/** Where the root volume of every instance is, and how large it is when nothing is said: as on Amazon Linux 2023. */
export const ROOT_DEVICE = { name: '/dev/xvda', size: 8, type: 'gp3' } as const;

/** The server's own images: one for each architecture. */
export function catalogue({ region }: Realm): readonly Image[] {
  return (['x86_64', 'arm64'] as const).map((architecture) => ({
    id: derivedId('ami', `${region} ${architecture}`),
    name: `crenel-linux-${architecture}`,
    description: 'Stands for a machine with Linux; instances are records, and nothing boots.',
    architecture,
    creationDate: '2026-01-01T00:00:00.000Z',
  }));
}

/** The image of an id; undefined for what is no id of an image. */
export function imageOf(realm: Realm, id: string): Image | undefined {
  if (!/^ami-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) return undefined;
  const known = catalogue(realm).find((image) => image.id === id);
  return known ?? { id, description: "Not of this server's catalogue: launched all the same, for nothing boots." };
}
