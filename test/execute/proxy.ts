/** A TCP proxy before a server that can lose the answer to a message: the server does the work, the client never hears. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Both ends are cut as soon as the server answers a message in which `text` stands; once. */
  loseAnswerTo(text: string): void;
  /** The message itself never arrives; once. */
  loseMessage(text: string): void;
  readonly lost: number;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<TcpProxy> {
  let pattern: string | null = null;
  let arrives = true;
  let lost = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let doomed = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data: Buffer) => {
      if (pattern !== null && data.includes(pattern)) {
        pattern = null;
        lost++;
        if (!arrives) {
          client.destroy();
          return;
        }
        doomed = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data: Buffer) => {
      if (doomed) client.destroy();
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    get lost() {
      return lost;
    },
    loseAnswerTo(text) {
      pattern = text;
      arrives = true;
    },
    loseMessage(text) {
      pattern = text;
      arrives = false;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
