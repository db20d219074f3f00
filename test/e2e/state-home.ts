import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What agents and servers keep where they are not told stands in a folder of this test's own, never in that of whoever runs the tests. */
export function useOwnStateHome(): void {
  const folder = mkdtempSync(join(tmpdir(), 'crenel-state-'));
  process.env['XDG_STATE_HOME'] = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
