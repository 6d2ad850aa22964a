import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RedisServer } from '../support/redis-server.js';
import { describeFault, type Stage } from './story.js';

const MAX = 6;

/** A server whose places are all taken by idle connections. */
async function crowded(): Promise<Stage> {
  const server = await RedisServer.start({ args: ['--maxclients', `${MAX}`] });
  const idle: Socket[] = [];
  return {
    url: server.url,
    truthUrl: server.url,
    async begin() {
      for (let i = 0; i < MAX; i++) {
        const socket = connect(server.port, '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
        idle.push(socket);
      }
    },
    async end() {
      for (const socket of idle) socket.destroy();
    },
    close: () => server.stop(),
  };
}

describe('faults: Redis has no connection left', () => {
  describeFault({
    title: 'max number of clients reached',
    reasons: ['max_clients', 'connection_lost'],
    stage: crowded,
    isFromTheStart: true,
  });
});
