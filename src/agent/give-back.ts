/** So many commands make a change large, and so many numbers that are given a layout. */
const MANY = 10_000;

/**
 * Gives back what was left over, where Node was started so that it can be (`--expose-gc`): all of it at once, and the pages too that V8 would keep
 * for what comes next, which are as much again as what an agent holds.
 */
export function giveBack(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Gives back what it took to make a change or a layout of so many things, or to take the kernel there; a small one takes little. */
export function giveBackFor(things: number): void {
  if (things > MANY) giveBack();
}
