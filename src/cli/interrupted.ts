/** Longer than any run of the program; a timer's delay is at most 2^31 - 1 milliseconds. */
const FOREVER_MS = 2 ** 31 - 1;
/** One Ctrl-C may come twice: by the terminal and by the process that started this one. */
const SAME_MS = 500;
/** `disconnect`: an older Node started this process (bin/crenel.mjs), passes signals on, and was killed. */
const ENDS = ['SIGINT', 'SIGTERM', 'disconnect'] as const;

/**
 * Resolves at the first Ctrl-C or request to end; a second one ends the process at once, as it would without us. Waiting keeps the process
 * alive: a signal that may come does not.
 */
export async function interrupted(): Promise<void> {
  const staying = setInterval(() => undefined, FOREVER_MS);
  await new Promise<void>((resolve) => {
    const hear = (): void => {
      resolve();
      setTimeout(() => {
        for (const end of ENDS) process.removeListener(end, hear);
      }, SAME_MS).unref();
    };
    for (const end of ENDS) process.on(end, hear);
  });
  clearInterval(staying);
}
