import { release } from 'node:os';
import { ok, type Result } from '../core/net/result.ts';
import { specimenLines } from '../nft/specimen.ts';
import type { Wiring } from '../nft/wiring.ts';
import { encodeLine } from '../server/sync/codec.ts';
import { type Hello, SYNC_VERSION } from '../server/sync/messages.ts';
import type { NftProgram } from './nft-program.ts';
import { post, type ServerLink } from './server-link.ts';

/**
 * Why nothing can be enforced here, whatever is tried; undefined when it can. Has nft ask the kernel for something, and has the kernel look at one of
 * everything that rules are made of, which changes nothing.
 */
export async function whyUnable(program: NftProgram, mode: Wiring['mode']): Promise<string | undefined> {
  // Not the tables: before it lists those, nft reads all that is in them, which takes minutes where there is much.
  const listed = await program.list(['list', 'flowtables']);
  if (!listed.ok) return listed.error.message;
  const checked = await program.check(specimenLines(mode));
  if (checked.ok) return undefined;
  const { kind, message } = checked.error;
  return kind === 'cannot' ? message : `Linux ${release()} or nft do not take what rules are made of: ${message}`;
}

/** How long the server may take to hear it, in milliseconds. */
const TELL_MS = 5000;

/** Tells the server that this host enforces nothing, and why, before the agent ends. */
export async function tellUnable(link: ServerLink, hello: Hello, why: string): Promise<Result<void>> {
  const bounds = { signal: AbortSignal.timeout(TELL_MS), silentMs: TELL_MS };
  const stream = await post(link, { path: '/crenel/v1/agent/stream', body: encodeLine(hello) }, bounds);
  if (!stream.ok) return stream;
  // The server listens to reports of hosts whose stream is open.
  stream.value.on('error', () => undefined).resume();
  const problem = `this host cannot enforce anything: ${why}`.slice(0, 1000);
  const body = encodeLine({ version: SYNC_VERSION, host: hello.host, problem });
  const told = await post(link, { path: '/crenel/v1/agent/report', body }, bounds);
  if (told.ok) told.value.on('error', () => undefined).destroy();
  stream.value.destroy();
  return told.ok ? ok(undefined) : told;
}
