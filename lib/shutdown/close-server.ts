import type { Server } from 'node:http';
import type { Clock } from '../core/time/clock.js';
import { sleep } from '../core/time/wait.js';
import type { Connections } from './connections.js';

/** Idle keep-alive connections are looked for this often while the last requests end. */
const SWEEP_MS = 100;

export interface Closing {
  readonly server: Server;
  readonly connections: Connections;
  readonly clock: Clock;
}

/**
 * Accepts no connection any more and waits until every request is answered, at most until `endsAt`. Then
 * destroys the connections that are still open. Returns how many requests lost their answer.
 */
export async function closeServer(closing: Closing, endsAt: number): Promise<number> {
  const { server, connections, clock } = closing;
  const wasListening = server.listening;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    server.close((error) => {
      // A server that was closed before calls back with an error at once, even if connections are open.
      if (error !== undefined) return;
      isClosed = true;
      resolve();
    });
  });
  const isDone = (): boolean => isClosed || (!wasListening && connections.isEmpty);
  // A connection that becomes idle after close() would keep the server open until its keep-alive ends.
  for (connections.closeIdle(); !isDone(); connections.closeIdle()) {
    const leftMs = endsAt - clock.now();
    if (leftMs <= 0) {
      const lost = connections.destroyAll();
      // The sockets close in the next turns. Nothing of a request runs beside the clean-up then.
      await Promise.race([closed, sleep(clock, SWEEP_MS)]);
      return lost;
    }
    await Promise.race([closed, sleep(clock, Math.min(SWEEP_MS, leftMs))]);
  }
  return 0;
}
