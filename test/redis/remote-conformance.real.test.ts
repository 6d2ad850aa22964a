import { systemClock } from '../../lib/core/time/clock.js';
import { makeClient } from '../../lib/redis/connection/client.js';
import { SingleRemote } from '../../lib/redis/single.js';
import { PREFIX } from '../support/fake-door.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { type RemoteSubject, remoteConformance } from './remote-conformance.js';

describe('a Remote on a real Redis', () => {
  let redis: RedisServer;

  before(async () => {
    redis = await RedisServer.start({ args: ['--save', ''] });
  });

  after(() => redis.stop());

  async function make(): Promise<RemoteSubject> {
    await redis.command('FLUSHALL');
    let attempts = 0;
    const create = (): ReturnType<typeof makeClient> => {
      attempts++;
      return makeClient({ url: redis.url });
    };
    let isUp = true;
    const kill = async (): Promise<void> => {
      await redis.save();
      isUp = false;
      await redis.kill();
    };
    return {
      remote: new SingleRemote({
        source: { kind: 'made', create },
        clock: systemClock,
        prefix: PREFIX,
        commandTimeoutMs: 1_000,
        maxValueBytes: 1_000_000,
      }),
      attempts: () => attempts,
      kill,
      restart: async (from) => {
        await redis.restart({ empty: from === 'nothing' });
        isUp = true;
      },
      fill: async () => void (await redis.command('CONFIG', 'SET', 'maxmemory', '1')),
      free: async () => void (await redis.command('CONFIG', 'SET', 'maxmemory', '0')),
      until,
      stop: async () => {
        if (!isUp) await redis.restart({ empty: true });
      },
    };
  }

  remoteConformance({ name: 'one Redis', make });
});
