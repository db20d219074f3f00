// The server that does nothing: reads a request whole and answers with as many bytes as it was told to. Prints its port.
import { createServer } from 'node:http';

const bodies = new Map<number, Buffer>();

function bodyOf(size: number): Buffer {
  const body = bodies.get(size) ?? Buffer.alloc(size, 'x');
  bodies.set(size, body);
  return body;
}

const server = createServer((incoming, answer) => {
  let text = '';
  incoming.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  incoming.on('end', () => {
    const size = Number(/size=(\d+)/.exec(text)?.[1] ?? '300');
    answer.writeHead(200, { 'content-type': 'text/xml' });
    answer.end(bodyOf(size));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
});
