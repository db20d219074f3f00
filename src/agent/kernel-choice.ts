import type { Kernel } from './kernel.ts';
import { NetlinkKernel } from './netlink-kernel.ts';
import { NftKernel } from './nft-kernel.ts';
import type { NftProgram } from './nft-program.ts';

/**
 * The rules of a network namespace by the fastest way that this machine has: netlink, or else the `nft` program. A machine that is itself the instance
 * has few rules, and must be able to take them back whatever they were: it reads and writes by the program.
 */
export async function kernelOf(
  program: NftProgram,
  { mode, namespace }: { readonly mode: 'tap' | 'host'; readonly namespace?: string | undefined },
): Promise<Kernel> {
  const byProgram = new NftKernel(program);
  if (mode === 'host') return byProgram;
  const byNetlink = new NetlinkKernel(namespace === undefined ? {} : { namespace });
  const reached = await byNetlink.reach();
  if (reached.ok) return byNetlink;
  byNetlink.close();
  return byProgram;
}
