import type { Evidence } from '../../lib/redis/lineage.js';
import { parseRedis } from '../../lib/redis/redis-options.js';
import { SingleRemote } from '../../lib/redis/single.js';
import { ScriptedNetwork } from '../../lib/testing/scripted-network.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';
import { FakeDoor, FakeRemote, PREFIX } from '../support/fake-door.js';
import { FakeRedis } from '../support/fake-redis.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { type RemoteSubject, remoteConformance } from './remote-conformance.js';

const EVIDENCE: Evidence = {
  life: 'life',
  chain: [],
  count: 0,
  serial: 1,
  isOlderGeneration: false,
};

/** The doors of the tiers' tests, which the test moves: each attempt and its end. */
function fake(doorCount: number): RemoteSubject {
  const server = new FakeRedis(new ManualClock());
  const doors = Array.from({ length: doorCount }, () => new FakeDoor(server));
  const remote = new FakeRemote(server, doors);
  const redis = { isUp: true, isFull: false, isYoung: false };
  let attempts = 0;
  const attempt = async (door: FakeDoor): Promise<void> => {
    const { name } = door.state;
    if (name === 'settling') return door.open();
    if (name === 'closed' || name === 'shut' || name === 'recovering' || redis.isFull) return;
    attempts++;
    if (redis.isUp) await door.reconnect(EVIDENCE, redis.isYoung);
    else door.attemptFails();
  };
  return {
    remote,
    attempts: () => attempts / doorCount,
    kill: () => {
      redis.isUp = false;
      for (const door of doors) if (door.writer !== undefined) door.lose();
    },
    restart: (from) => {
      redis.isUp = true;
      redis.isYoung = from === 'its data';
    },
    fill: () => {
      redis.isFull = true;
    },
    free: () => {
      redis.isFull = false;
    },
    until: (condition, what) =>
      within(10, condition, what, async () => {
        for (const door of doors) void attempt(door);
        await settle();
      }),
    stop: () => {},
  };
}

async function within(
  steps: number,
  condition: () => boolean,
  what: string,
  step: () => Promise<void>,
): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i === steps) throw new Error(`it did not come to pass that ${what}`);
    await step();
  }
}

/** The real Remote on a scripted Redis, in a time that the test moves. */
function scripted(): RemoteSubject {
  const clock = new ManualClock();
  const redis = new ScriptedRedis(() => clock.wallNow());
  const network = new ScriptedNetwork('p', redis);
  let attempts = 0;
  const { source } = parseRedis(() => {
    attempts++;
    return network.createClient();
  });
  if (source?.kind !== 'made') throw new Error('no source');
  const options = { prefix: PREFIX, commandTimeoutMs: 100, maxValueBytes: 1e6, clock };
  return {
    remote: new SingleRemote({ ...options, source }),
    attempts: () => attempts,
    kill: async () => {
      redis.save();
      redis.kill();
      await settle();
    },
    restart: (from) => redis.restart({ from: from === 'nothing' ? 'nothing' : 'dump' }),
    fill: () => redis.refuse('OOM'),
    free: () => redis.accept(),
    until: (condition, what) => within(1_000, condition, what, () => clock.advance(10)),
    stop: () => {},
  };
}

remoteConformance({ name: 'the fake of the tests, with one door', make: () => fake(1) });
remoteConformance({ name: 'one Redis, which is scripted', make: scripted });
