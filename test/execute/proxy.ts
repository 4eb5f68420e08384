/** A TCP proxy before a server, and what a bad network does: loses messages or answers, delays, swallows, half-closes. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Both ends are cut as soon as the server answers a message in which `text` stands; once. Called again: the next loss. */
  loseAnswerTo(text: string): void;
  /** The message itself never arrives; once. */
  loseMessage(text: string): void;
  readonly lost: number;
  /** So many milliseconds more for whatever is sent, either way. */
  delay(ms: number): void;
  /** True: what is sent arrives nowhere, and nobody is told; connections stay open. */
  swallow(on: boolean): void;
  /** The connections of now are cut, without a word. */
  cut(): void;
  /** Of the connections of now, one direction ends (FIN); the other one stays open. */
  halfClose(end: 'to-server' | 'to-client'): void;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<TcpProxy> {
  const losses: { readonly text: string; readonly arrives: boolean }[] = [];
  let lost = 0;
  let delayMs = 0;
  let swallows = false;
  const sockets = new Set<Socket>();
  const pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  const pass = async (from: Socket, to: Socket, data: Buffer): Promise<void> => {
    if (swallows) return;
    if (delayMs > 0) {
      // In order: the next piece is read when this one is through.
      from.pause();
      await sleep(delayMs);
      from.resume();
    }
    if (to.writable) to.write(data);
  };
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { client, upstream };
    pairs.add(pair);
    client.on('end', () => upstream.end());
    upstream.on('end', () => client.end());
    let doomed = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data: Buffer) => {
      const [loss] = losses;
      if (loss !== undefined && data.includes(loss.text)) {
        losses.shift();
        lost++;
        if (!loss.arrives) {
          client.destroy();
          return;
        }
        doomed = true;
      }
      void pass(client, upstream, data);
    });
    upstream.on('data', (data: Buffer) => {
      if (doomed) client.destroy();
      else void pass(upstream, client, data);
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
      losses.push({ text, arrives: true });
    },
    loseMessage(text) {
      losses.push({ text, arrives: false });
    },
    delay(ms) {
      delayMs = ms;
    },
    swallow(on) {
      swallows = on;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    halfClose(end) {
      for (const { client, upstream } of pairs) (end === 'to-server' ? upstream : client).end();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
