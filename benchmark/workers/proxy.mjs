// A TCP proxy that can be a bad network. In a process of its own, so that it is not slow when others are.

import { createConnection, createServer } from 'node:net';
import { serve } from '../lib/rpc.mjs';

/**
 * - `pass`: as if it were not there
 * - `hold`: a black hole; what was sent is delivered when the hole closes, as TCP does
 * - `lose`: every connection that exists now, or is made now, never works again
 * - `slow`: each reply `delayMs` later, in order
 * - `refuse`: connections are closed, new ones refused
 */
let mode = 'pass';
let delayMs = 0;
let targetPort;
let server;
let port = 0;
const pairs = new Set();

class Pair {
  #client;
  #upstream;
  #isLost = mode === 'lose';
  /** What waits to be delivered: [socket, chunk, when]. */
  #queue = [];
  #timer;

  constructor(client) {
    this.#client = client;
    this.#upstream = createConnection(targetPort, '127.0.0.1');
    this.#join(client, this.#upstream, false);
    this.#join(this.#upstream, client, true);
    pairs.add(this);
  }

  #join(from, to, isReply) {
    from.setNoDelay(true);
    from.on('data', (chunk) => this.#take(to, chunk, isReply));
    from.on('error', () => {});
    from.on('close', () => {
      if (!this.#isLost) this.end();
    });
  }

  #take(to, chunk, isReply) {
    if (this.#isLost) return;
    const isLate = mode === 'slow' && isReply;
    if (mode !== 'hold' && !isLate && this.#queue.length === 0) {
      to.write(chunk);
      return;
    }
    this.#queue.push([to, chunk, isLate ? performance.now() + delayMs : 0]);
    this.deliver();
  }

  /** Delivers what is due; nothing overtakes what came before it in the same direction. */
  deliver() {
    clearTimeout(this.#timer);
    if (mode === 'hold' || this.#isLost) return;
    const blocked = new Set();
    const rest = [];
    const now = performance.now();
    for (const item of this.#queue) {
      const [to, chunk, dueAt] = item;
      if (blocked.has(to) || dueAt > now) {
        blocked.add(to);
        rest.push(item);
      } else to.write(chunk);
    }
    this.#queue = rest;
    if (rest.length > 0) {
      const next = Math.min(...rest.map(([, , dueAt]) => dueAt));
      this.#timer = setTimeout(() => this.deliver(), Math.max(1, next - now));
    }
  }

  lose() {
    this.#isLost = true;
    this.#queue = [];
  }

  end() {
    clearTimeout(this.#timer);
    this.#client.destroy();
    this.#upstream.destroy();
    pairs.delete(this);
  }
}

function listen() {
  return new Promise((resolve, reject) => {
    server = createServer((client) => new Pair(client));
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => {
      ({ port } = server.address());
      resolve(port);
    });
  });
}

serve({
  start({ target, mode: first = 'pass' }) {
    targetPort = target;
    return listen().then(async (own) => {
      if (first !== 'pass') await setMode({ mode: first });
      return own;
    });
  },
  setMode,
});

async function setMode({ mode: next, ms = 0 }) {
  const previous = mode;
  mode = next;
  delayMs = ms;
  if (next === 'refuse') {
    server.close();
    for (const pair of [...pairs]) pair.end();
  } else if (previous === 'refuse') await listen();
  if (next === 'lose') for (const pair of pairs) pair.lose();
  for (const pair of pairs) pair.deliver();
}
