import { RedisServer } from '../support/redis-server.js';
import { describeFault, type Stage } from './story.js';

/** A dump of a few thousand keys, each of which takes a millisecond to load. */
async function slowToLoad(): Promise<Stage> {
  const slow = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'];
  const server = await RedisServer.start({ args: slow, isUpWhileLoading: true });
  return {
    url: server.url,
    truthUrl: server.url,
    async begin() {
      await server.command('DEBUG', 'POPULATE', '4000', 'filler', '100');
      await server.save();
      await server.restart();
    },
    end: async () => void (await server.command('CONFIG', 'SET', 'key-load-delay', '0')),
    close: () => server.stop(),
  };
}

describe('faults: Redis is loading its data', () => {
  describeFault({ title: 'LOADING after a restart', reasons: ['loading'], stage: slowToLoad });
  describeFault({
    title: 'LOADING from the start',
    reasons: ['loading'],
    stage: slowToLoad,
    isFromTheStart: true,
  });
});
