// An agent in a process of its own, as a person starts it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { MAIN } from './server-process.ts';

export type AgentProcess = {
  readonly child: ChildProcess;
  /** What it logged. */
  readonly said: () => string;
  /** The programs that stand between it and the kernel at the moment. */
  readonly children: () => readonly number[];
  /** Ends it with a signal and waits until it is gone; gives the exit status. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>;
};

/** Starts `crenel agent`. `env` has the keys by which the server knows it. */
export function startAgent(args: readonly string[], env: Readonly<Record<string, string>>): AgentProcess {
  const child = spawn(process.execPath, [MAIN, 'agent', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env, NO_COLOR: '1' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return {
    child,
    said: () => said,
    // Once it is gone its number is another's.
    children: () => (child.exitCode === null && child.signalCode === null ? childrenOf(child.pid ?? 0) : []),
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const closed = once(child, 'close');
        child.kill(signal);
        await closed;
      }
      return child.exitCode;
    },
  };
}

/** The programs by which an agent reaches the kernel, and the one that becomes one of them in another namespace. */
const BETWEEN: ReadonlySet<string> = new Set(['nft', 'perl', 'python3', 'ip']);

/** Node starts programs from its first thread. */
function childrenOf(pid: number): readonly number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.map(Number).filter((child) => BETWEEN.has(textOf(`/proc/${child}/comm`).trim()));
}

/** A file of a process; empty when the process is gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
