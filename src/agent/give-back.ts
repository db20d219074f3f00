/**
 * Gives back what a large change took, where Node was started so that it can be (`--expose-gc`): all of it at once, and the pages too that V8 would keep
 * for the next change, which are as much again as what an agent holds.
 */
export function giveBack(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
