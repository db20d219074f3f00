/** So many commands make a change large. */
const MANY = 10_000;
/** How much more than what is left after giving back makes it worth doing again. */
const GROWN = 1.05;

/** What was left when all had been given back last, in bytes of resident memory. */
let left = 0;

/**
 * Gives back what was left over, where Node was started so that it can be (`--expose-gc`): all of it at once, and the pages too that V8 would keep
 * for what comes next, which are as much again as what an agent holds. Nothing else is done meanwhile: some 70 ms with 10,000 interfaces.
 */
export function giveBack(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  left = process.memoryUsage.rss();
}

/** Gives back what it took to make so many commands; a few take little. */
export function giveBackFor(commands: number): void {
  if (commands > MANY) giveBack();
}

/** Gives back what piled up, if that is much: for when nothing waits. V8 by itself would wait until there is half as much again. */
export function giveBackIfGrown(): void {
  if (process.memoryUsage.rss() > left * GROWN) giveBack();
}
