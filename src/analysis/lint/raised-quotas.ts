import { fail, ok, type Result } from '../../core/net/result.ts';
import { DEFAULT_LIMITS, limitFaults, type Limits } from '../../core/model/limits.ts';

/** Quotas that lint looks at and that AWS raises on request, by the names that people give them here. */
export const RAISED_QUOTAS: Readonly<Record<string, keyof Limits>> = {
  'rules-per-group': 'rulesPerGroup',
  'groups-per-interface': 'groupsPerEni',
  'entries-per-acl': 'entriesPerAcl',
};

/** The quotas of an account, from texts as `rules-per-group=120`; what is not named is as an account starts. Errors: no such quota, no number, more than AWS grants. */
export function raisedQuotas(texts: readonly string[]): Result<Limits> {
  const limits: { -readonly [K in keyof Limits]: number } = { ...DEFAULT_LIMITS };
  const seen = new Set<string>();
  for (const text of texts) {
    const [, name = '', number = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const field = Object.entries(RAISED_QUOTAS).find(([one]) => one === name)?.[1];
    if (field === undefined || seen.has(name))
      return fail(`${JSON.stringify(text.slice(0, 60))}: ${EXPECTED}, each once`);
    if (!/^[1-9]\d{0,5}$/.test(number))
      return fail(`${name} is a whole number from 1, not ${JSON.stringify(number.slice(0, 20))}`);
    limits[field] = Number(number);
    seen.add(name);
  }
  const [fault] = limitFaults(limits);
  return fault === undefined ? ok(limits) : fail(`AWS does not grant that: ${inWords(fault)}`);
}

const EXPECTED = `a quota is ${Object.keys(RAISED_QUOTAS).join(', ')} with = and a number`;

function inWords(fault: string): string {
  return Object.entries(RAISED_QUOTAS).reduce((text, [name, field]) => text.replaceAll(field, name), fault);
}
