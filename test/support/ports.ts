import { createServer } from 'node:net';

/**
 * Below every system's range of ports for outgoing connections. In that range a client that tries again and
 * again to reach a server that is down can be given the server's port as its own, and connects to itself.
 */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** Where this process begins, so that another run of the tests beside this one takes others. */
let next = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));

/**
 * A port of the loopback interface that nobody listens on right now, and that this process was not given
 * before: the server that had it may be dead for a while, and come back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next;
    next = port < HIGHEST ? port + 1 : LOWEST;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
