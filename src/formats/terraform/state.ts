import { fail, ok, type Result } from '../../core/net/result.ts';
import { worldOf } from '../../core/model/world.ts';
import type { Export, Finding } from '../describe.ts';
import { FormatError } from '../fields.ts';
import { Numbers } from './draft.ts';
import { sideOf } from './read-side.ts';
import {
  elements,
  formatVersion,
  type Instance,
  isObject,
  isStateFile,
  keyOf,
  member,
  moduleOf,
  textOf,
} from './plan-json.ts';
import { Ipv6Prefixes } from './side.ts';

/** Modules inside of modules: more are no state that somebody has. */
const MAX_DEPTH = 64;

/** Reads a state. Errors: the file and what is wrong with it; values of the state never stand in a message. */
export function readState(document: unknown, file: string): Result<Export> {
  try {
    const instances = isStateFile(document) ? fileInstances(document, file) : shownInstances(document, file);
    const side = sideOf(instances, undefined, { shared: { numbers: new Numbers(), ipv6: new Ipv6Prefixes() } });
    return ok({ world: worldOf(side.lists, side.draft.missing), findings: [STATE, ...side.draft.findings] });
  } catch (error) {
    if (error instanceof FormatError) return fail(error.message);
    throw error;
  }
}

const STATE: Finding = {
  severity: 'note',
  message: 'a state holds what Terraform manages and nothing else: what else is in these VPCs is unknown',
};

function shownInstances(document: unknown, file: string): readonly Instance[] {
  formatVersion(document, file);
  return moduleInstances(member(member(document, 'values'), 'root_module'), `${file}: values.root_module`, 0);
}

function moduleInstances(module: unknown, place: string, depth: number): readonly Instance[] {
  if (depth > MAX_DEPTH) throw new FormatError(`${place}: modules stand in modules ${MAX_DEPTH} deep`);
  const own = elements(member(module, 'resources')).flatMap((row, index): readonly Instance[] => {
    const [address, type, values] = [
      textOf(member(row, 'address')),
      textOf(member(row, 'type')),
      member(row, 'values'),
    ];
    if (member(row, 'mode') === 'data') return [];
    if (address === undefined || type === undefined || !isObject(values))
      throw new FormatError(`${place}.resources[${index}]: expected an address, a type and values`);
    const name = textOf(member(row, 'name')) ?? '';
    return [
      {
        address,
        moduleAddress: moduleOf(address),
        type,
        name,
        key: keyOf(member(row, 'index')),
        values,
        unknown: {},
        isNew: false,
      },
    ];
  });
  const inner = elements(member(module, 'child_modules')).flatMap((one, index) =>
    moduleInstances(one, `${place}.child_modules[${index}]`, depth + 1),
  );
  return [...own, ...inner];
}

function fileInstances(document: unknown, file: string): readonly Instance[] {
  if (member(document, 'version') !== 4) throw new FormatError(`${file}: a state file of a version other than 4`);
  return elements(member(document, 'resources')).flatMap((row, index): readonly Instance[] => {
    const [type, name] = [textOf(member(row, 'type')), textOf(member(row, 'name'))];
    if (member(row, 'mode') === 'data') return [];
    if (type === undefined || name === undefined)
      throw new FormatError(`${file}: resources[${index}]: expected a type and a name`);
    const module = textOf(member(row, 'module'));
    return elements(member(row, 'instances')).flatMap((one): readonly Instance[] => {
      const values = member(one, 'attributes');
      if (!isObject(values)) return [];
      const key = keyOf(member(one, 'index_key'));
      const suffix = key === undefined ? '' : `[${JSON.stringify(key)}]`;
      const deposed = textOf(member(one, 'deposed'));
      const address = `${module === undefined ? '' : `${module}.`}${type}.${name}${suffix}${deposed === undefined ? '' : ` (deposed ${deposed})`}`;
      return [{ address, moduleAddress: module ?? '', type, name, key, values, unknown: {}, isNew: false }];
    });
  });
}
