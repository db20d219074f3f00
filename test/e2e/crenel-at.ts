// The command line in this process, asking a server of a test.
import { nodeIo } from '../../src/cli/node-io.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Server } from './server-process.ts';

/** Runs one command line against a server; what it said has no line ends, for where lines break depends on names. */
export async function crenelAt(
  server: Server,
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const status = await runCli([...args, '--endpoint', server.url], {
    ...nodeIo(),
    env: server.env,
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  });
  return { status, out: said.out.replaceAll(/\s+/gu, ' '), err: said.err.replaceAll(/\s+/gu, ' ') };
}
