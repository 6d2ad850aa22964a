import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { custom, nginx, responseCache, varnish } from '../../lib/http-cache.js';
import { withRandom } from '../model/scheduler/random.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis-server.js';
import { Database } from './database.js';
import { Origin } from './origin.js';
import { type RunningEdge, SECRET, startNginx, startVarnish } from './programs.js';

const PRODUCTS = 1_000;
const HOT = 50;
const PER_SECOND = 150;
const SECONDS = 12;

/** What memory holds, and how long in an outage. It answers for so many products, whatever the database does. */
const MEMORY = { max: 20, outageTtl: '30s' } as const;
const MEMORY_TTL_S = 30;

/** While so many visitors come, the database answers a query: 20 ms, and 1,500 ms, which is too long for the loader. */
const QUICK = 3;
const SLOW = 225;
const LOADER_TIMEOUT = '1s';

type Front = 'none' | 'varnish' | 'nginx';

interface Tally {
  requests: number;
  errors: number;
  loads: number;
  /** The oldest old answer, in seconds. */
  oldestS: number;
}

/** Zipf with exponent 0.9. */
const weights = Array.from({ length: PRODUCTS }, (_, i) => 1 / (i + 1) ** 0.9);
const sum = weights.reduce((a, b) => a + b, 0);
const below = weights.map((_, i) => weights.slice(0, i + 1).reduce((a, b) => a + b, 0));
function pick(): number {
  const left = Math.random() * sum;
  return Math.max(
    0,
    below.findIndex((each) => each >= left),
  );
}

/** What visitors do: those who read, and now and then one who changes a product. The same for each edge. */
function visitorsOf(
  seed: number,
): Promise<readonly { readonly id: number; readonly changed?: number }[]> {
  return withRandom(seed, async () =>
    Array.from({ length: PER_SECOND * SECONDS }, (_, i) => ({
      id: pick(),
      ...(i % Math.round(PER_SECOND / 4) === 0 && { changed: Math.floor(Math.random() * HOT) }),
    })),
  );
}

/** Visitors read at a steady rate, and 4 times a second one of the hottest products is changed. */
async function visit(world: World, seed: number): Promise<Tally> {
  const { database } = world;
  const tally: Tally = { requests: 0, errors: 0, loads: -database.loads, oldestS: 0 };
  const visits: Promise<void>[] = [];
  const one = async (id: number): Promise<void> => {
    tally.requests++;
    try {
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch(`${world.url}/p/${id}`, { signal });
      if (answer.status !== 200) throw new Error(String(answer.status));
      const version = (await answer.json()) as number;
      tally.oldestS = Math.max(tally.oldestS, database.ageS(id, version));
    } catch {
      tally.errors++;
    }
  };
  let isOver = false;
  for (const { id, changed } of await visitorsOf(seed)) {
    visits.push(one(id));
    if (changed !== undefined) world.change(changed);
    database.tick();
    // On a busy machine there are fewer in a second, so that they wait for the edge and not for this process.
    await sleep(1_000 / PER_SECOND);
  }
  void Promise.all(visits).then(() => {
    isOver = true;
  });
  while (!isOver) {
    database.tick();
    await sleep(1_000 / PER_SECOND);
  }
  return { ...tally, loads: tally.loads + database.loads };
}

interface World {
  readonly url: string;
  readonly database: Database;
  readonly change: (id: number) => void;
}

/** Good days, then Redis away, then also a slow database. */
async function story(front: Front): Promise<{ readonly away: Tally; readonly slow: Tally }> {
  const redis = await RedisServer.start();
  const database = new Database(PRODUCTS, QUICK);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const edges = {
    none: custom({ header: 'Tags', separator: ',', purge: () => {} }),
    varnish: varnish({ url }),
    nginx: nginx({ url, secret: SECRET }),
  };
  const origin = await Origin.start({
    cache: { redis: redis.url, edge: edges[front], loaderTimeout: LOADER_TIMEOUT, memory: MEMORY },
    routes(app) {
      const cached = responseCache({
        ttl: '1m',
        swr: '5s',
        grace: '1d',
        // nginx is told of no change by another process, so an answer lives there as long as in memory.
        edgeTtl: front === 'nginx' ? MEMORY.outageTtl : '1m',
      });
      app.get('/p/:id', ...(front === 'none' ? [] : [cached]), async (req, res) => {
        const id = Number(req.params.id);
        const load = (): Promise<number> => database.load(id);
        res.json(await req.cache.getOrSet(`p:${id}`, load, { ttl: '1m' }));
      });
    },
  });
  let edge: RunningEdge | undefined;
  try {
    if (front === 'varnish') edge = await startVarnish(origin.port, port);
    if (front === 'nginx') edge = await startNginx(origin.port, port);
    const writer = origin.caches[0];
    const world: World = {
      url: edge?.url ?? `http://127.0.0.1:${origin.port}`,
      database,
      // The new value is known, so the edge keeps the old one for when the application fails.
      change(id) {
        database.change(id);
        void writer?.set(`p:${id}`, database.version(id));
      },
    };
    await visit(world, 1);
    await redis.stop();
    const away = await visit(world, 2);
    database.visitorsPerQuery = SLOW;
    const slow = await visit(world, 3);
    return { away, slow };
  } finally {
    await edge?.stop();
    await origin.stop();
    await redis.stop();
  }
}

describe('an outage of Redis behind an edge', function () {
  this.timeout(900_000);
  const tallies = new Map<Front, { readonly away: Tally; readonly slow: Tally }>();

  before(async () => {
    for (const front of ['none', 'varnish', 'nginx'] as const) {
      tallies.set(front, await story(front));
      console.log(`      ${front}: ${JSON.stringify(tallies.get(front))}`);
    }
  });

  for (const front of ['varnish', 'nginx'] as const) {
    it(`costs the database 0.35 of the loads at most behind ${front}`, () => {
      const without = tallies.get('none')?.away.loads ?? 0;
      expect((tallies.get(front)?.away.loads ?? 1) / without).to.be.at.most(0.35);
    });

    it(`shows no answer behind ${front} that is older than memory keeps it, and 6 s`, () => {
      expect(tallies.get(front)?.away.oldestS).to.be.at.most(MEMORY_TTL_S + 6);
    });
  }

  it('and a slow database: errors in 15 % at most behind Varnish, in 60 % at least without', () => {
    const share = (front: Front): number => {
      const { errors = 0, requests = 1 } = tallies.get(front)?.slow ?? {};
      return errors / requests;
    };
    expect(share('varnish')).to.be.at.most(0.15);
    expect(share('none')).to.be.at.least(0.6);
  });
});
