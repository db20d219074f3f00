import { layLocalBorder } from './border-chains.ts';
import type { Plan } from './plan.ts';
import type { Rule } from './ruleset.ts';
import { fieldsOf, sideName } from './side.ts';
import { families, NEIGHBOURS, PRIORITIES, trackedRules } from './start-chains.ts';
import { end, isIn } from './steps.ts';

/** Where packets first meet the rules of the machine that is itself the instance; what other devices carry is left alone. */
export function layLocalHooks(plan: Plan, hasBorders: boolean): void {
  for (const [direction, hook] of [
    ['egress', 'output'],
    ['ingress', 'input'],
  ] as const) {
    const { device } = fieldsOf({ direction, family: 'ipv4' }, 'local');
    const rules = (isForwarded: boolean): readonly Rule[] => [
      [isIn([device], 'interfaces', '!='), end('accept')],
      NEIGHBOURS,
      ...trackedRules(direction),
      ...families((family) => `goto ${isForwarded ? 'judge' : 'start'}.${sideName({ direction, family })}`),
    ];
    plan.chain(direction, rules(false), { hook, priority: PRIORITIES[direction], policy: 'accept' });
    // What the machine forwards, for its containers say, passes its interface all the same.
    plan.chain(`${direction}-forward`, rules(true), {
      hook: 'forward',
      priority: PRIORITIES[direction],
      policy: 'accept',
    });
    if (hasBorders) layLocalBorder(plan, direction, hook);
  }
}
