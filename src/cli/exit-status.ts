/** What the command ends with. From 64 on the numbers are those of sysexits.h. */
export const EXIT = {
  /** Something of what was asked for is allowed; or the command did what it should. */
  allowed: 0,
  blocked: 1,
  unknown: 2,
  usage: 64,
  badData: 65,
  noInput: 66,
  internal: 70,
  io: 74,
  /** What `--wait` was to wait for is not so in time; 1 would be an answer. */
  notInForce: 75,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
