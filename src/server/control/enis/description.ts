import { descriptionTooLong } from './eni-refusals.ts';

/** Longest description of an interface, in characters. */
const LENGTH = 255;

/** Why an interface may not have a description; undefined when it may. */
export function descriptionFault(description: string): ReturnType<typeof descriptionTooLong> | undefined {
  return description.length > LENGTH ? descriptionTooLong(LENGTH) : undefined;
}
