import { existsSync } from 'node:fs';

/** Whether there is a network namespace of that name: `ip` has those with a name in this folder (ip-netns(8)). */
export function isNamespace(name: string): boolean {
  return existsSync(`/var/run/netns/${name}`);
}
