import { systemClock } from '../../../lib/core/time/clock.js';
import { makeClient } from '../../../lib/redis/connection/client.js';
import { openConnection } from '../../../lib/redis/connection/handshake.js';
import { Failure } from '../../../lib/redis/failure.js';
import { RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/wait.js';
import { type ConnectionSubject, connectionConformance } from './connection-conformance.js';

const COST = { keys: 1, bytes: 50 };

describe('a connection to a real Redis', () => {
  let redis: RedisServer;

  before(async () => {
    redis = await RedisServer.start();
  });

  after(() => redis.stop());

  async function make(): Promise<ConnectionSubject> {
    await redis.command('FLUSHALL');
    const lost: Failure[] = [];
    const onLost = (_: unknown, failure: Failure): void => void lost.push(failure);
    const options = { clock: systemClock, commandTimeoutMs: 500, onLost };
    // Without this option the driver drops what the server says unasked.
    const client = makeClient({ url: redis.url, emitInvalidate: true });
    const connection = await openConnection(client, options, () => {});
    if (connection instanceof Failure) throw connection.error;
    let isGone = false;
    return {
      connection,
      lost,
      hang: () => redis.hang(),
      thaw: () => {
        if (!isGone) redis.thaw();
      },
      // Also a Redis that hangs: the system ends its connections.
      cut: async () => {
        isGone = true;
        await redis.kill();
      },
      invalidate: async (key) => {
        // Redis tells a connection of the keys that it has read.
        await connection.send(['GET', key], COST);
        await redis.command('SET', key, 'changed');
      },
      until,
      stop: async () => {
        if (isGone) await redis.restart({ empty: true });
      },
    };
  }

  connectionConformance({ name: 'a client of a real Redis', hasMessages: true, make });
});
