import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { custom, nginx, responseCache, varnish } from '../../lib/http-cache.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis-server.js';
import { Origin } from './origin.js';
import { type RunningEdge, SECRET, startNginx, startVarnish } from './programs.js';

const PRODUCTS = 1_000;
const HOT = 50;
const PER_SECOND = 150;
const SECONDS = 12;
const DATABASE_AT_ONCE = 10;
const MEMORY_TTL_S = 30;

type Front = 'none' | 'varnish' | 'nginx';

interface Tally {
  requests: number;
  errors: number;
  loads: number;
  /** The oldest old answer, in seconds. */
  oldestS: number;
}

/** A database that answers so many queries at once, and the others after them. */
class Database {
  loads = 0;
  delayMs = 20;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** The versions of each product, with the time of each. */
  readonly changedAt: number[][] = Array.from({ length: PRODUCTS }, () => [0]);

  async load(id: number): Promise<number> {
    this.loads++;
    if (this.#running >= DATABASE_AT_ONCE)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    await sleep(this.delayMs);
    this.#running--;
    this.#waiting.shift()?.();
    return (this.changedAt[id] as number[]).length - 1;
  }

  change(id: number): void {
    this.changedAt[id]?.push(performance.now());
  }

  /** For how long a version has been old. */
  ageS(id: number, version: number): number {
    const next = this.changedAt[id]?.[version + 1];
    return next === undefined ? 0 : (performance.now() - next) / 1_000;
  }
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

/** Visitors read at a steady rate, and 4 times a second one of the hottest products is changed. */
async function visit(
  url: string,
  database: Database,
  change: (id: number) => void,
): Promise<Tally> {
  const tally: Tally = { requests: 0, errors: 0, loads: -database.loads, oldestS: 0 };
  const visits: Promise<void>[] = [];
  const one = async (): Promise<void> => {
    const id = pick();
    tally.requests++;
    try {
      const answer = await fetch(`${url}/p/${id}`, { signal: AbortSignal.timeout(5_000) });
      if (answer.status !== 200) throw new Error(String(answer.status));
      const version = (await answer.json()) as number;
      tally.oldestS = Math.max(tally.oldestS, database.ageS(id, version));
    } catch {
      tally.errors++;
    }
  };
  for (let i = 0; i < PER_SECOND * SECONDS; i++) {
    visits.push(one());
    if (i % Math.round(PER_SECOND / 4) === 0) {
      const id = Math.floor(Math.random() * HOT);
      database.change(id);
      change(id);
    }
    // On a busy machine there are fewer in a second, so that they wait for the edge and not for this process.
    await sleep(1_000 / PER_SECOND);
  }
  await Promise.all(visits);
  return { ...tally, loads: tally.loads + database.loads };
}

/** Good days, then Redis away, then also a slow database. */
async function story(front: Front): Promise<{ readonly away: Tally; readonly slow: Tally }> {
  const redis = await RedisServer.start();
  const database = new Database();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const edges = {
    none: custom({ header: 'Tags', separator: ',', purge: () => {} }),
    varnish: varnish({ url }),
    nginx: nginx({ url, secret: SECRET }),
  };
  const origin = await Origin.start({
    cache: { redis: redis.url, edge: edges[front], loaderTimeout: '1500ms' },
    routes(app) {
      const cached = responseCache({
        ttl: '1m',
        swr: '5s',
        grace: '1d',
        edgeTtl: front === 'nginx' ? '15s' : '1m',
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
    const at = edge?.url ?? `http://127.0.0.1:${origin.port}`;
    const writer = origin.caches[0];
    // The new value is known, so the edge keeps the old one for when the application fails.
    const change = (id: number): void => {
      void writer?.set(`p:${id}`, (database.changedAt[id] as number[]).length - 1);
    };
    await visit(at, database, change);
    await redis.stop();
    const away = await visit(at, database, change);
    database.delayMs = 1_500;
    const slow = await visit(at, database, change);
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

  it('and a slow database: errors in 15 % at most behind Varnish, in 40 % at least without', () => {
    const share = (front: Front): number => {
      const { errors = 0, requests = 1 } = tallies.get(front)?.slow ?? {};
      return errors / requests;
    };
    expect(share('varnish')).to.be.at.most(0.15);
    // On an idle machine 60 %. A slower one sends fewer requests while the database answers as many.
    expect(share('none')).to.be.at.least(0.4);
  });
});
