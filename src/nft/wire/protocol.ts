import type { Hook } from '../ruleset.ts';
import type { TableFamily } from '../tables.ts';

/** Numbers of nftables over netlink (linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h). */

/** Types of messages. */
export const MESSAGE = {
  batchBegin: 0x10,
  batchEnd: 0x11,
  newTable: 0xa00,
  deleteTable: 0xa02,
  newChain: 0xa03,
  getChain: 0xa04,
  deleteChain: 0xa05,
  newRule: 0xa06,
  getRule: 0xa07,
  deleteRule: 0xa08,
  newSet: 0xa09,
  getSet: 0xa0a,
  deleteSet: 0xa0b,
  newElements: 0xa0c,
  getElements: 0xa0d,
  deleteElements: 0xa0e,
  newGeneration: 0xa0f,
  getGeneration: 0xa10,
  newObject: 0xa12,
  getObject: 0xa13,
  deleteObject: 0xa14,
} as const;

export const FLAG = {
  request: 0x1,
  interrupted: 0x10,
  dump: 0x300,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
} as const;

/** The address families of the tables (linux/netfilter.h), and the subsystem that a batch is for. */
export const FAMILIES: Readonly<Record<TableFamily, number>> = { inet: 1, arp: 3 };
export const NFTABLES = 10;

export const TABLE_NAME = 'crenel';

/** Attributes, by what they are of. */
export const TABLE_ATTRIBUTE = { name: 1 } as const;
export const CHAIN = { table: 1, name: 3, hook: 4, policy: 5, type: 7 } as const;
export const HOOK = { number: 1, priority: 2 } as const;
export const RULE = { table: 1, chain: 2, handle: 3, expressions: 4 } as const;
export const SET = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  dataType: 6,
  dataLength: 7,
  description: 9,
  id: 10,
  userData: 13,
  expression: 17,
} as const;
export const DESCRIPTION = { size: 1, fields: 2, field: 1, fieldLength: 1 } as const;
export const SET_FLAG = {
  anonymous: 0x1,
  constant: 0x2,
  interval: 0x4,
  map: 0x8,
  timeout: 0x10,
  dynamic: 0x20,
  fields: 0x80,
} as const;
export const ELEMENTS = { table: 1, set: 2, list: 3, setId: 4 } as const;
export const ELEMENT = { key: 1, data: 2, flags: 3, expression: 7, keyEnd: 10 } as const;
/** The element is not in the set: it ends the range that the one before began. */
export const ENDS_RANGE = 1;
export const DATA_VALUE = 1;
/** The type of the data of verdict maps. */
export const VERDICT_TYPE = 0xffff_ff00;
export const OBJECT = { table: 1, name: 2, type: 3, data: 4 } as const;
export const TIMEOUT = { network: 1, transport: 2, policy: 3 } as const;
export const TIMEOUT_TYPE = 7;
export const BATCH_GENERATION = 1;
export const GENERATION_ID = 1;

/** The hooks of a family. */
export const HOOKS: Readonly<Record<TableFamily, Readonly<Partial<Record<Hook['hook'], number>>>>> = {
  inet: { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 },
  arp: { input: 0, output: 1 },
};
export const POLICIES = { drop: 0, accept: 1 } as const;
export const NETWORKS = { ip: 2, ip6: 10 } as const;
export const TRANSPORTS = { tcp: 6, udp: 17 } as const;
