import { freePort, RedisServer } from '../support/redis-server.js';
import { describeFault, type Stage } from './story.js';

/** Nobody listens at first; then a Redis that has had the data all along does. */
async function refusing(): Promise<Stage> {
  const port = await freePort();
  const server = await RedisServer.start({ port });
  return {
    url: server.url,
    truthUrl: server.url,
    async begin() {
      await server.save();
      await server.kill();
    },
    end: () => server.restart(),
    close: () => server.stop(),
  };
}

describe('faults: Redis refuses the connection', () => {
  describeFault({
    title: 'refused from the start',
    reasons: ['connection_refused'],
    stage: refusing,
    isFromTheStart: true,
  });
  describeFault({
    title: 'refused from the start, under load',
    reasons: ['connection_refused'],
    stage: refusing,
    isFromTheStart: true,
    isUnderLoad: true,
  });
});
