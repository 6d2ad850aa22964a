import { connect, type Socket } from 'node:net';
import { RedisServer } from '../support/redis-server.js';
import { proxied } from './proxied.js';
import { describeFault, type Stage } from './story.js';

const blackHole = proxied((proxy) => proxy.blackhole());

/** A frozen server whose queue of connections is full: further ones get no answer at all to their SYN. */
async function unreachable(): Promise<Stage> {
  const server = await RedisServer.start({ args: ['--tcp-backlog', '1'] });
  const queue: Socket[] = [];
  return {
    url: server.url,
    truthUrl: server.url,
    async begin() {
      server.hang();
      for (let i = 0; i < 8; i++) {
        queue.push(connect(server.port, '127.0.0.1').on('error', () => {}));
      }
    },
    async end() {
      for (const socket of queue) socket.destroy();
      server.thaw();
    },
    close: () => server.stop(),
  };
}

describe('faults: a black hole swallows everything', () => {
  describeFault({
    title: 'black-holed from the start',
    reasons: ['timeout'],
    stage: blackHole,
    isFromTheStart: true,
  });
  describeFault({
    title: 'no answer to the SYN from the start',
    reasons: ['timeout'],
    stage: unreachable,
    isFromTheStart: true,
  });
  describeFault({ title: 'black-holed while idle', reasons: ['timeout'], stage: blackHole });
  describeFault({
    title: 'black-holed under load',
    reasons: ['timeout'],
    stage: blackHole,
    isUnderLoad: true,
  });
});
