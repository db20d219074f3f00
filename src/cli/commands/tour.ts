import type { Command } from 'commander';
import { familyName } from '../../analysis/question.ts';
import type { World } from '../../core/model/world.ts';
import { ask } from '../../analysis/ask.ts';
import type { CommandSetup } from '../command.ts';
import { type Context, printSheet } from '../context.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { openWorld } from '../open-world.ts';
import { whoReachesWhom } from '../tour-text.ts';
import { BLANK, indented, line, type Sheet } from '../terminal.ts';
import { whySheet } from '../why-text.ts';

/** The ends that the walk sets against each other: every tier of the example once, and the internet. */
const ENDS = ['internet', 'web-1', 'app-1', 'db-1', 'batch-1', 'bastion'];

/** `crenel tour`: a walk through the built-in example. */
export function addTour(program: Command, { context, finish }: CommandSetup): void {
  program
    .command('tour')
    .summary('a walk through the built-in example')
    .description('Walks through the built-in example: who reaches whom, two answers with their reasons, and a mistake.')
    .action(async () => {
      const { io, options } = context();
      finish(await tour({ io, options: { ...options, world: io.examplePath } }));
    });
}

async function tour(context: Context): Promise<ExitStatus> {
  const world = await openWorld(context);
  if (!world.ok) return world.error;
  const chapters: readonly Sheet[] = [
    [
      title('A shop in one VPC'),
      line('Three tiers, a load balancer, a default group and a bastion, read from what `aws ec2 describe-*` prints:'),
      line('examples/three-tier/ has the files and the story.'),
    ],
    [title('Who reaches whom, over IPv4'), ...whoReachesWhom(world.value, ENDS)],
    chapter(world.value, 'Why it is allowed', { from: 'web-1', to: 'app-1', traffic: 'tcp/8443' }),
    chapter(world.value, 'Why it is blocked', { from: 'web-1', to: 'db-1', traffic: 'tcp/5432' }),
    mistake(world.value),
    [
      title('Ask for yourself'),
      indented(2, 'bin/crenel.mjs why app-1 192.0.2.80 tcp/443 --world examples/three-tier/world'),
      indented(2, 'bin/crenel.mjs reach app-1 internet --world examples/three-tier/world'),
      indented(2, 'bin/crenel.mjs show group app --world examples/three-tier/world'),
    ],
  ];
  printSheet(
    context,
    chapters.flatMap((sheet, index) => (index === 0 ? sheet : [BLANK, ...sheet])),
  );
  return EXIT.allowed;
}

type Words = { readonly from: string; readonly to: string; readonly traffic: string };

function chapter(world: World, name: string, words: Words): Sheet {
  const answer = ask(world, { ...words, family: 'ipv4' });
  const command = `$ crenel why ${words.from} ${words.to} ${words.traffic}`;
  return [
    title(name),
    line({ text: command, style: 'faint' }),
    ...(answer.ok ? whySheet(world, answer.value) : [line(answer.error.message)]),
  ];
}

/** The finding of the example, asked like any question: it is told only if it is so. */
function mistake(world: World): Sheet {
  const answer = ask(world, { from: 'internet', to: 'bastion', traffic: 'tcp/22' });
  if (!answer.ok || answer.value.verdict !== 'allowed') return [title('No SSH is open to the world')];
  const allowed = answer.value.groups.filter((group) => group.verdict === 'allowed');
  const families = [...new Set(allowed.map((group) => familyName(group.family)))].join(' and ');
  return [
    title('SSH is open to the world'),
    line(
      { text: '! ', style: 'bad' },
      `tcp/22 gets from the internet to bastion (${families}), by a rule that calls itself temporary.`,
    ),
    line('Only the address that a network ACL denies is kept out. See it with:'),
    indented(2, 'bin/crenel.mjs why internet bastion tcp/22 --world examples/three-tier/world'),
  ];
}

function title(text: string): Sheet[number] {
  return line({ text, style: 'strong' });
}
