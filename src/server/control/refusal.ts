import { fail } from '../../core/net/result.ts';

/**
 * Why a command did nothing: AWS's code and text (the EC2 API's meaning is the meaning here, and clients branch on its codes), the HTTP
 * status, and what a person wants to know beyond AWS's words, as the ids of what stands in the way.
 */
export type Refusal = {
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly details?: readonly string[];
};

type Refused = { readonly ok: false; readonly error: Refusal };

/** A failed result with a code and text of AWS's. Each area keeps its own texts in one file, `…-refusals.ts`, with their sources. */
export function refuse(code: string, message: string, details?: readonly string[]): Refused {
  return fail({ code, message, status: 400, ...(details === undefined ? {} : { details }) });
}

/** A parameter whose value is wrong in a way that AWS has no code of its own for. */
export function invalidValue(message: string): Refused {
  return refuse('InvalidParameterValue', message);
}

/** `Value (x) for parameter p is invalid. …` */
export function invalidParameter(parameter: string, value: string | number, why: string): Refused {
  return invalidValue(`Value (${value}) for parameter ${parameter} is invalid. ${why}`);
}

/** Parameters that exclude or need each other. */
export function invalidCombination(message: string): Refused {
  return refuse('InvalidParameterCombination', message);
}

/** A parameter that must be there (API; text after MissingParameter of ERR). */
export function missingParameter(parameter: string): Refused {
  return refuse('MissingParameter', `The request must contain the parameter ${parameter}`);
}

/** What AWS has and this server does not: refused by name, never passed over. */
export function unsupported(what: string): Refused {
  return refuse('UnsupportedOperation', `This server does not support ${what}.`);
}

/** Something is held by something else, which `holders` lists by id. */
export function dependency(message: string, holders: readonly string[]): Refused {
  return refuse('DependencyViolation', message, holders);
}

/** This server's own bound: a record stands in the store as one value. */
export function recordTooLarge(id: string): Refused {
  return refuse(
    'ResourceLimitExceeded',
    `The record of ${id} would be larger than 768 KiB, the most that is stored of one.`,
    [id],
  );
}
