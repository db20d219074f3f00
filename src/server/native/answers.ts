import { fail, ok, type Result } from '../../core/net/result.ts';
import type { HttpAnswer } from '../http/exchange.ts';

/** What is wrong with a request, with the status of HTTP. */
export type Fault = { readonly status: number; readonly message: string };

/** A document as the answer. */
export function jsonAnswer(status: number, document: unknown): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8' },
    body: `${JSON.stringify(document, undefined, 2)}\n`,
  };
}

/** A refusal as the answer. */
export function refusalAnswer({ status, message }: Fault): HttpAnswer {
  return jsonAnswer(status, { error: { message } });
}

/** The answer to whoever may not do what an action of a policy names. */
export function forbidden(action: string, why: string): HttpAnswer {
  return refusalAnswer({ status: 403, message: `${action} is not allowed: ${why}` });
}

/** Reads a body of ASCII, which is all that agents and `crenel host` write: everything else is escaped. */
export function readBody<T>(body: Uint8Array, decode: (text: string) => Result<T>): Result<T> {
  let text = '';
  for (let at = 0; at < body.length; at += 4096) text += String.fromCharCode(...body.subarray(at, at + 4096));
  return body.every((byte) => byte < 0x80) ? decode(text) : fail('the body holds bytes that are not ASCII');
}

/** A body as UTF-8 text. */
export function readText(body: Uint8Array): Result<string> {
  // Percent signs of its own are written so, too.
  let encoded = '';
  for (const byte of body)
    encoded += byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  try {
    return ok(decodeURIComponent(encoded));
  } catch {
    return fail('the body is no UTF-8');
  }
}
