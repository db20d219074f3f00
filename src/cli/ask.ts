import type { Answer } from '../analysis/answer.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';

/** The exit status that an answer means. */
export function statusOf(answer: Answer): ExitStatus {
  return answer.verdict === 'allowed' ? EXIT.allowed : answer.verdict === 'blocked' ? EXIT.blocked : EXIT.unknown;
}
