import { createServer } from 'node:net';

/**
 * Below every system's range of ports for outgoing connections. In that range a client that tries again and
 * again to reach a server that is down can be given the server's port as its own, and connects to itself.
 */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** A port of the loopback interface that nobody listens on right now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
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
