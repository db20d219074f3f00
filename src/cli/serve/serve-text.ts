import { catalogue } from '../../server/control/instances/images.ts';
import { BLANK, indented, line, row, type Sheet } from '../terminal.ts';
import type { Running } from './server.ts';
import type { Settings } from './settings.ts';

/** What a person at the terminal wants to know of a server that just started: where it is, how to be believed, what to try. */
export function serveSheet(running: Running, settings: Settings): Sheet {
  const { url, storePath, imported, caPath } = running;
  const records = storePath ?? 'in memory, gone when the server ends';
  return [
    line({ text: `Crenel listens on ${url}`, style: 'strong' }),
    ...elsewhere(running, settings),
    row(2, ['records    '], [records]),
    row(
      2,
      ['enforced   '],
      [
        settings.withLab
          ? 'here: each running instance is a network namespace of this machine'
          : 'nowhere: instances are records only until an agent connects',
      ],
    ),
    row(2, ['account    '], [`${settings.accountId} in ${settings.region}`]),
    ...(imported === undefined
      ? []
      : [row(2, ['imported   '], [`${imported} records from ${settings.importPath ?? ''}`])]),
    ...credentials(running),
    ...(caPath === undefined ? [] : [row(2, ['authority  '], [`${caPath}: clients that have it believe this server`])]),
    BLANK,
    line('For the AWS CLI, SDKs, boto3 and Terraform:'),
    ...environment(running, settings).map((text) => indented(2, text)),
    BLANK,
    line('Try:'),
    ...commands(running, settings).map((text) => indented(2, text)),
    BLANK,
    line('Ctrl-C stops it.'),
  ];
}

/** The URL for clients on this machine: nobody goes to an address that stands for all of a machine, and no certificate names it. */
export function urlHere(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** The URL for other machines, where a name for them was given. */
function elsewhere({ url }: Running, { tls }: Settings): Sheet {
  const [name] = tls !== undefined && 'names' in tls ? tls.names : [];
  if (name === undefined) return [];
  const host = name.includes(':') ? `[${name}]` : name;
  return [row(2, ['elsewhere  '], [url.replace(/\/\/.*(?=:\d+$)/u, `//${host}`)])];
}

function credentials({ keys }: Running): Sheet {
  if (keys === undefined)
    return [
      row(
        2,
        [{ text: 'WARNING    ', style: 'bad' }],
        ['anonymous: whoever can reach this port may do everything; requests are not authenticated'],
      ),
    ];
  return keys.path === undefined ? [] : [row(2, ['keys       '], [keys.path])];
}

function environment({ url, keys, caPath }: Running, { region }: Settings): readonly string[] {
  const id = keys?.firstId ?? 'anything';
  const secret = keys?.ring.get(id)?.secret.secretAccessKey ?? 'anything';
  // A line each, short enough not to be broken: these are copied. botocore and the old AWS CLI read AWS_DEFAULT_REGION.
  return [
    `export AWS_ENDPOINT_URL=${urlHere(url)}`,
    `export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`,
    `export AWS_ACCESS_KEY_ID=${id}`,
    `export AWS_SECRET_ACCESS_KEY=${secret}`,
    ...(caPath === undefined ? [] : [`export AWS_CA_BUNDLE=${caPath}`]),
  ];
}

function commands(running: Running, settings: Settings): readonly string[] {
  if (!settings.withLab) return questions(running, settings);
  const [image] = catalogue(settings);
  const launch = [`aws ec2 run-instances --image-id ${image?.id} \\`, '  --instance-type t3.micro --count 2'];
  return [
    ...(settings.withDefaultVpc ? launch : questions(running, settings)),
    'bin/crenel.mjs wait',
    'bin/crenel.mjs lab status',
  ];
}

function questions({ url }: Running, { importPath }: Settings): readonly string[] {
  return importPath === undefined
    ? [
        'aws ec2 create-vpc --cidr-block 10.0.0.0/16',
        'aws ec2 describe-security-groups',
        `bin/crenel.mjs show group default --endpoint ${urlHere(url)}`,
      ]
    : [
        'aws ec2 describe-security-groups --output table',
        `bin/crenel.mjs why web-1 db-1 tcp/5432 --endpoint ${urlHere(url)}`,
        'aws ec2 authorize-security-group-ingress --group-id sg-0db00000000000001 \\',
        '  --protocol tcp --port 5432 --source-group sg-03eb0000000000001',
      ];
}
