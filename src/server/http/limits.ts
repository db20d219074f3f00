import { fail, ok, type Result } from '../../core/net/result.ts';

/** What clients may take of the server: bytes, milliseconds and numbers, each at least 1. */
export type Limits = {
  /** URL, names and values of headers together, without what stands between them. */
  readonly headBytes: number;
  readonly bodyBytes: number;
  /** From the start of a connection, or of a request, to the end of its headers. */
  readonly headMs: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** How long an idle connection stays open. */
  readonly keepAliveMs: number;
  /** For a client to take an answer, once it is there. */
  readonly answerMs: number;
  readonly connections: number;
  /** Requests that handlers work on at once. */
  readonly running: number;
  /** Requests that were read and wait for a handler; more are answered 503. */
  readonly waiting: number;
  /** Bodies and untaken answers that are in memory together; new requests beyond it are answered 503. */
  readonly heldBytes: number;
  /** Unanswered requests on one connection; more end it. */
  readonly pipelined: number;
  /** Answers that go on (streams) at once; more are answered 503. */
  readonly streams: number;
};

/**
 * The limits of a server that nobody configured.
 * - 16 KiB of headers: a presigned URL with a long session token needs 4.
 * - 1 MiB of body: the largest real request, 1,000 rules in one call, has 0.2; user data of 16 KiB grows to 0.07 when encoded.
 * - 60 s idle: longer than clients pool connections by themselves, so that the client closes first and no request meets a closing door.
 * - 128 running: what one thread can usefully have waiting for one group commit. 512 running and waiting are half of the connections, so
 *   that a client that is over its share hears 503, and others still get in.
 * - 512 streams: as many hosts, and half of the connections are left for everybody else.
 */
export const DEFAULT_LIMITS: Limits = {
  headBytes: 16_384,
  bodyBytes: 1_048_576,
  headMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  answerMs: 30_000,
  connections: 1024,
  running: 128,
  waiting: 384,
  heldBytes: 67_108_864,
  pipelined: 32,
  streams: 512,
};

/** Refuses limits that would mean something else than they say: 0 switches many of Node's off. */
export function checkLimits(limits: Limits): Result<Limits> {
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 1 || value > 2 ** 31 - 1)
      return fail(`the limit ${name} must be a whole number from 1 to ${2 ** 31 - 1}, not ${value}`);
  if (limits.headMs > limits.requestMs) return fail('the limit headMs must not be above requestMs, which contains it');
  if (limits.bodyBytes > limits.heldBytes) return fail('the limit bodyBytes must not be above heldBytes');
  return ok(limits);
}
