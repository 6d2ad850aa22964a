import { RedisServer } from '../support/redis-server.js';
import { describeFault, type Stage } from './story.js';

/** Killed after a dump, which is loaded again: what was deleted meanwhile is in it. */
async function killable(): Promise<Stage> {
  const server = await RedisServer.start();
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

const reasons = ['connection_lost', 'connection_refused'] as const;

describe('faults: Redis is killed', () => {
  describeFault({ title: 'SIGKILL while idle', reasons, stage: killable });
  describeFault({ title: 'SIGKILL under load', reasons, stage: killable, isUnderLoad: true });
});
