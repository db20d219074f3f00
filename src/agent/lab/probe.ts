// A program of its own: runs inside one namespace, answers UDP, and tries connections that it is told of, as lines of JSON.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** One try: `family` says which protocol of the internet, `source` which address to send from where the namespace has many. */
export type Try = {
  readonly id: number;
  readonly kind: 'tcp' | 'udp' | 'icmp';
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly source?: string;
};

/** What a probe is told. */
export type Order = { readonly listen: readonly number[]; readonly at: readonly string[] } | { readonly try: Try };

const WAIT_MS = 700;

function answer(id: number, isSeen: boolean): void {
  process.stdout.write(`${JSON.stringify({ id, isSeen })}\n`);
}

/** A refusal is an answer too: the packet was there and somebody wrote back. */
function tryTcp({ id, address, port, source }: Try): void {
  const socket = connect({ host: address, port, ...(source === undefined ? {} : { localAddress: source }) });
  let isOver = false;
  const over = (isSeen: boolean): void => {
    if (!isOver) answer(id, isSeen);
    isOver = true;
    socket.destroy();
  };
  socket.once('connect', () => over(true));
  socket.once('error', (error: NodeJS.ErrnoException) => over(error.code === 'ECONNREFUSED'));
  setTimeout(over, WAIT_MS, false);
}

function tryUdp({ id, family, address, port, source }: Try): void {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  let isOver = false;
  const over = (isSeen: boolean): void => {
    if (!isOver) answer(id, isSeen);
    isOver = true;
    socket.close();
  };
  socket.on('error', () => over(false));
  socket.once('message', () => over(true));
  socket.bind({ address: source ?? (family === 4 ? '0.0.0.0' : '::') }, () => socket.send('crenel', port, address));
  setTimeout(() => {
    if (!isOver) over(false);
  }, WAIT_MS);
}

function tryIcmp({ id, family, address, source }: Try): void {
  const from = source === undefined ? [] : ['-I', source];
  const child = spawn('ping', [`-${family}`, '-n', '-c', '1', '-W', '1', ...from, address], { stdio: 'ignore' });
  child.once('error', () => answer(id, false));
  child.once('close', (code) => answer(id, code === 0));
}

/** Answers come from the address that was asked only where the socket is bound to it: who is everybody must say who. */
function listen(ports: readonly number[], addresses: readonly string[]): void {
  const places = (addresses.length === 0 ? ['0.0.0.0', '::'] : addresses).flatMap((address) =>
    ports.map((port) => ({ port, address })),
  );
  let waiting = places.length;
  const ready = (): void => {
    waiting -= 1;
    if (waiting <= 0) answer(0, true);
  };
  if (places.length === 0) ready();
  for (const place of places) {
    const isWide = place.address.includes(':');
    const socket = createSocket({ type: isWide ? 'udp6' : 'udp4', ...(isWide ? { ipv6Only: true } : {}) });
    socket.on('message', (message, from) => socket.send(message, from.port, from.address));
    socket.once('error', ready);
    socket.bind(place, ready);
  }
}

function obey(line: string): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the lines are our own: the lab writes them
  const order = JSON.parse(line) as Order;
  if ('listen' in order) return listen(order.listen, order.at);
  const { kind } = order.try;
  if (kind === 'tcp') return tryTcp(order.try);
  return kind === 'udp' ? tryUdp(order.try) : tryIcmp(order.try);
}

createInterface({ input: process.stdin })
  .on('line', obey)
  .on('close', () => process.exit());
