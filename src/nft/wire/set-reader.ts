import { RAW_SETS } from '../raw-fields.ts';
import { setHead } from '../render.ts';
import type { Content, KeyType, NftSet } from '../ruleset.ts';
import { attributesOf, numberOf, textOf } from './byte-reader.ts';
import type { ElementForm } from './elements.ts';
import { isPartType, keySize, type PartType, standing, typeNames, typeNumber } from './keys.ts';
import { DESCRIPTION, SET, SET_FLAG, VERDICT_TYPE } from './protocol.ts';

/** A set as the kernel tells of it. `form` is undefined for a set that none of ours could be. */
export type ReadSet = {
  readonly name: string;
  readonly head: string;
  readonly isAnonymous: boolean;
  readonly form: ElementForm | undefined;
  /** What a set that packets fill holds does not count. */
  readonly dynamic: Extract<Content, { kind: 'dynamic' }> | undefined;
};

const NOTHING = new Uint8Array();
/** Flags that tell what a set of ours is; others make it a stranger. */
const KNOWN_FLAGS = Object.values(SET_FLAG).reduce((sum, flag) => sum | flag, 0);

/** Reads the body of a message about a set. */
export function readSet(body: Uint8Array): ReadSet {
  const parts = attributesOf(body);
  const name = textOf(parts.get(SET.name));
  const flags = numberOf(parts.get(SET.flags));
  const types = typesOf(name, typeNames(numberOf(parts.get(SET.keyType))), numberOf(parts.get(SET.keyLength)));
  const data = dataOf(numberOf(parts.get(SET.dataType)), flags);
  const isAnonymous = (flags & SET_FLAG.anonymous) !== 0;
  if (data === 'other' || (flags & ~KNOWN_FLAGS) !== 0 || !types.every(isPartType)) {
    const head = `foreign ${flags} ${types.join(' . ')}`;
    return { name, head, isAnonymous, form: undefined, dynamic: undefined };
  }
  const isInterval = (flags & SET_FLAG.interval) !== 0;
  const dynamic =
    (flags & SET_FLAG.dynamic) === 0
      ? undefined
      : {
          kind: 'dynamic' as const,
          size: numberOf(attributesOf(parts.get(SET.description) ?? NOTHING).get(DESCRIPTION.size)),
          expires: (flags & SET_FLAG.timeout) !== 0,
          counts: textOf(attributesOf(parts.get(SET.expression) ?? NOTHING).get(1)) === 'counter',
        };
  return {
    name,
    head: headOf({ name, types, data, isInterval, dynamic }),
    isAnonymous,
    form: { types: standing(types, isInterval), data, isInterval },
    dynamic,
  };
}

/** The kernel knows raw bytes as numbers of some length. */
function typesOf(name: string, told: readonly string[], length: number): readonly string[] {
  const raw = RAW_SETS.get(name);
  return raw !== undefined && told.join(' ') === 'ifname number' && keySize(raw) === length ? raw : told;
}

function dataOf(type: number, flags: number): 'mark' | 'verdict' | 'other' | undefined {
  if ((flags & SET_FLAG.map) === 0) return undefined;
  if (type === VERDICT_TYPE) return 'verdict';
  return type === typeNumber(['mark']) ? 'mark' : 'other';
}

/** The head as rulesets have it; types that only rules compare make one that none of ours has. */
function headOf({
  name,
  types,
  data,
  isInterval,
  dynamic,
}: {
  readonly name: string;
  readonly types: readonly PartType[];
  readonly data: 'mark' | 'verdict' | undefined;
  readonly isInterval: boolean;
  readonly dynamic: ReadSet['dynamic'];
}): string {
  const set: NftSet = {
    name,
    // Only the names count for the head.
    key: types as readonly KeyType[],
    ...(data === undefined ? {} : { data }),
    isInterval,
    content: dynamic ?? { kind: 'texts', elements: new Map() },
  };
  return setHead(set);
}
