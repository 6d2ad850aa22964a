import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { expect } from 'chai';
import express from 'express';
import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import request from 'supertest';
import { VERSION } from '../../lib/core/diagnostics/version.js';
import { FAMILIES } from '../../lib/exporters/families/all-families.js';
import { cacheFamilies } from '../../lib/exporters/families/cache-families.js';
import { ownFamilies } from '../../lib/exporters/families/health-families.js';
import { healthRouter } from '../../lib/health.js';
import { collectCacheMetrics, metricsRouter } from '../../lib/prometheus.js';
import { tableRows } from '../docs/markdown.js';
import { closeCaches, newCache, withSnapshot } from './caches.js';

/** The value of one series, written as Prometheus shows it. */
async function shown(register: Registry, series: string): Promise<string | undefined> {
  const line = (await register.metrics()).split('\n').find((each) => each.startsWith(`${series} `));
  return line?.slice(series.length + 1);
}

describe('metrics for Prometheus', () => {
  let register: Registry;
  beforeEach(() => {
    register = new Registry();
  });
  afterEach(closeCaches);

  it('show what the cache counted', async () => {
    const cache = newCache({ name: 'shop' });
    collectCacheMetrics({ cache, register });
    await cache.set('a', 1);
    await cache.get('a');
    await cache.get('b');
    const hits = 'express_cache_lookups_total{cache="shop",tier="memory",result="hit"}';
    expect(await shown(register, hits)).to.equal('1');
    await cache.get('a');
    expect(await shown(register, hits)).to.equal('2');
    const misses = 'express_cache_lookups_total{cache="shop",tier="none",result="miss"}';
    expect(await shown(register, misses)).to.equal('1');
    expect(await shown(register, 'express_cache_loads_limit{cache="shop"}')).to.equal('+Inf');
    const info = `express_cache_build_info{version="${VERSION}"}`;
    expect(await shown(register, info)).to.equal('1');
  });

  it('show for each group of keys how fresh it is, and what becomes of its lifetimes', async () => {
    const seen = {
      ...{ hits: 900, loads: 100, audits: { fresh: 48, stale: 2 } },
      ...{ reloads: { same: 80, changed: 10 }, staleRatio: { value: 0.04, low: 0.01, high: 0.13 } },
    };
    const freshness = [
      { group: 'price:', ...seen, ttlSeconds: 75.5, state: 'learned' },
      { group: 'product:', ...seen, staleRatio: null, ttlSeconds: null, state: 'observes' },
    ] as const;
    collectCacheMetrics({ cache: withSnapshot({ freshness }), register });
    const text = await register.metrics();
    const lines = text.split('\n').filter((line) => /^express.*"price:"/.test(line));
    const labels = (more: string): string => `{cache="cache",group="price:"${more}}`;
    expect(lines.filter((line) => !/lifetimes/.test(line)).sort()).to.deep.equal([
      `express_cache_audits_total${labels(',result="fresh"')} 48`,
      `express_cache_audits_total${labels(',result="stale"')} 2`,
      `express_cache_group_hits_total${labels('')} 900`,
      `express_cache_group_loads_total${labels('')} 100`,
      `express_cache_group_ttl_seconds${labels('')} 75.5`,
      `express_cache_stale_ratio${labels(',bound="high"')} 0.13`,
      `express_cache_stale_ratio${labels(',bound="low"')} 0.01`,
      `express_cache_stale_ratio${labels(',bound="value"')} 0.04`,
    ]);
    const state = /lifetimes\{cache="cache",group="([^"]+)",state="(\w+)"\} 1$/gm;
    const states = [...text.matchAll(state)].map(([, group, name]) => `${group} ${name}`);
    expect(states).to.deep.equal(['price: learned', 'product: observes']);
    // What is not known has no series.
    expect(text).not.to.match(/(?:stale_ratio|ttl_seconds).*"product:"/);
  });

  it('add up the buckets of a histogram, with sum and count', async () => {
    const seconds = { bounds: [0.1, 1], counts: [3, 2, 1], sum: 4.5 };
    const snapshot = newCache().metrics();
    const cache = withSnapshot({ loads: { ...snapshot.loads, seconds } });
    collectCacheMetrics({ cache, register });
    const text = await register.metrics();
    const lines = text.split('\n').filter((line) => /^express_cache_load_duration/.test(line));
    expect(lines).to.deep.equal([
      'express_cache_load_duration_seconds_bucket{le="0.1",cache="cache"} 3',
      'express_cache_load_duration_seconds_bucket{le="1",cache="cache"} 5',
      'express_cache_load_duration_seconds_bucket{le="+Inf",cache="cache"} 6',
      'express_cache_load_duration_seconds_sum{cache="cache"} 4.5',
      'express_cache_load_duration_seconds_count{cache="cache"} 6',
    ]);
  });

  it('show several caches, each with its name, and each metric once', async () => {
    const [one, two] = [newCache({ name: 'one' }), newCache({ name: 'two' })];
    collectCacheMetrics({ cache: one, register });
    collectCacheMetrics({ cache: { cache: two }, register });
    await two.set('a', 1);
    expect(await shown(register, 'express_cache_sets_total{cache="one"}')).to.equal('0');
    expect(await shown(register, 'express_cache_sets_total{cache="two"}')).to.equal('1');
    const text = await register.metrics();
    expect(text.match(/# TYPE express_cache_sets_total /g)).to.have.length(1);
  });

  it('refuse two caches of one name, and accept one cache twice', () => {
    const cache = newCache();
    collectCacheMetrics({ cache, register });
    collectCacheMetrics({ cache, register });
    expect(() => collectCacheMetrics({ cache: newCache(), register }))
      .to.throw(/already has a cache with the name 'cache'. Name one of them: createCache/)
      .with.property('code', 'ERR_CACHE_OPTION');
  });

  it('leave out a cache that was taken away', async () => {
    const end = collectCacheMetrics({ cache: newCache(), register });
    end();
    expect(await register.metrics()).to.not.include('cache="cache"');
    collectCacheMetrics({ cache: newCache(), register });
    end();
    expect(await register.metrics()).to.include('cache="cache"');
  });

  it("never lose the user's own metrics, and count what could not be read", async () => {
    const mine = new Counter({ name: 'mine', help: 'Mine.', registers: [register] });
    mine.inc(7);
    let isBroken = false;
    const sound = newCache({ name: 'sound' });
    const broken = {
      metrics: () => {
        if (isBroken) throw new Error('no numbers');
        return newCache({ name: 'broken' }).metrics();
      },
    };
    const health = { metrics: () => Promise.reject(new Error('no report')) };
    collectCacheMetrics({ cache: sound, register });
    collectCacheMetrics({ cache: broken, health, register });
    isBroken = true;
    expect(await shown(register, 'mine')).to.equal('7');
    expect(await shown(register, 'express_cache_sets_total{cache="sound"}')).to.equal('0');
    expect(await shown(register, 'express_cache_collect_errors_total')).to.match(/^[2-9]$/);
    expect(await register.metrics()).to.not.include('cache="broken"');
  });

  it('cost one snapshot a scrape', async () => {
    let snapshots = 0;
    const cache = newCache();
    const counted = {
      metrics: () => {
        snapshots++;
        return cache.metrics();
      },
    };
    collectCacheMetrics({ cache: counted, register });
    snapshots = 0;
    await register.metrics();
    expect(snapshots).to.equal(1);
    await register.metrics();
    expect(snapshots).to.equal(2);
  });

  it('are the same in OpenMetrics, scrape after scrape', async () => {
    const open = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    collectCacheMetrics({ cache: newCache(), register: open });
    await open.metrics();
    const text = await open.metrics();
    expect(text).to.match(/^# TYPE express_cache_sets counter$/m);
    expect(text).to.match(/^express_cache_sets_total\{cache="cache"\} 0$/m);
    expect(text).to.match(/# EOF\n$/);
  });

  it('of the workers of node:cluster are added, their times are not', async () => {
    collectCacheMetrics({ cache: newCache(), register });
    const worker = await register.getMetricsAsJSON();
    const all = AggregatorRegistry.aggregate([worker, structuredClone(worker)]);
    const text = await all.metrics();
    expect(text).to.match(/^express_cache_status\{cache="cache",status="up"\} 2$/m);
    const since = Number(/^express_cache_mode_since\S+ (\S+)$/m.exec(text)?.[1]);
    expect(since).to.be.closeTo(Date.now() / 1_000, 60);
  });

  it('are not set back by the registry', async () => {
    const cache = newCache();
    collectCacheMetrics({ cache, register });
    await cache.set('a', 1);
    register.resetMetrics();
    expect(await shown(register, 'express_cache_sets_total{cache="cache"}')).to.equal('1');
  });

  describe('with the health endpoints', () => {
    it('show the status of the service and of each check, run at the scrape', async () => {
      let runs = 0;
      const cache = newCache();
      const health = healthRouter({
        cache,
        database: () => {
          runs++;
          throw new Error('down');
        },
        maxAge: 0,
      });
      collectCacheMetrics({ cache, health, register });
      expect(await shown(register, 'express_health_status{status="error"}')).to.equal('1');
      expect(await shown(register, 'express_health_status{status="ok"}')).to.equal('0');
      const check = (name: string, status: string): string =>
        `express_health_check_status{check="${name}",status="${status}"}`;
      expect(await shown(register, check('database', 'down'))).to.equal('1');
      expect(await shown(register, check('cache', 'up'))).to.equal('1');
      const took = 'express_health_check_duration_seconds{check="database"}';
      expect(Number(await shown(register, took))).to.be.at.least(0);
      expect(runs).to.equal(5);
    });

    it('have one health router to a registry', () => {
      const cache = newCache();
      collectCacheMetrics({ cache, health: healthRouter(), register });
      const again = (): unknown => collectCacheMetrics({ cache, health: healthRouter(), register });
      expect(again).to.throw(/already has a health router/);
    });
  });

  const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'no cache',
      {},
      /^cache must be what createCache\(\) or cacheMiddleware\(\) returned, got unde/,
    ],
    ['a text', { cache: 'redis://' }, /^cache must be what createCache/],
    ['a misspelt option', { cach: 1 }, /no option 'cach'. Did you mean 'cache'\?/],
    ['no router', { cache: 'x', health: {} }, /^cache must be/],
    ['a registry of another kind', { register: {}, cache: 0 }, /^cache must be/],
  ];
  for (const [what, options, message] of WRONG) {
    it(`refuse ${what}`, () => {
      expect(() => collectCacheMetrics(options as never)).to.throw(message);
    });
  }

  it('refuse what is no health router and no registry', () => {
    const cache = newCache();
    const health = {} as never;
    expect(() => collectCacheMetrics({ cache, health })).to.throw(/^health must be what healthRo/);
    for (const make of [
      () => metricsRouter({ register: health }),
      () => collectCacheMetrics({ cache, register: health }),
    ]) {
      expect(make).to.throw(/^register must be a Registry of prom-client, got an object/);
    }
  });
});

describe('metricsRouter', () => {
  afterEach(closeCaches);

  it('answers GET and HEAD where it is mounted, and nothing below', async () => {
    const register = new Registry();
    collectCacheMetrics({ cache: newCache(), register });
    const app = express().use('/metrics', metricsRouter({ register }));
    const server = createServer(app);
    const got = await request(server).get('/metrics?x=1').expect(200);
    expect(got.headers['content-type']).to.equal(register.contentType);
    expect(got.headers['cache-control']).to.equal('no-store');
    expect(got.text).to.include('# TYPE express_cache_sets_total counter');
    expect((await request(server).head('/metrics').expect(200)).text ?? '').to.equal('');
    expect((await request(server).post('/metrics').expect(405)).headers.allow).to.equal(
      'GET, HEAD',
    );
    await request(server).get('/metrics/more').expect(404);
  });

  it("passes on the failure of one of the user's own metrics", async () => {
    const register = new Registry();
    new Counter({
      name: 'mine',
      help: 'Mine.',
      registers: [register],
      collect: () => {
        throw new Error('mine failed');
      },
    });
    const app = express().use('/metrics', metricsRouter({ register }));
    app.use(((_error, _req, res, _next) => {
      res.status(500).end('passed on');
    }) as express.ErrorRequestHandler);
    expect((await request(createServer(app)).get('/metrics').expect(500)).text).to.equal(
      'passed on',
    );
  });
});

describe('docs/monitoring.md', () => {
  const rows = tableRows(readFileSync('docs/monitoring.md', 'utf8'), 'metric');
  afterEach(closeCaches);

  it('lists every metric with its type and help, and no others', () => {
    const shown = rows.map(([name, type, , help]) => [name, type, help]);
    expect(shown).to.deep.equal(
      FAMILIES.map(({ name, type, help }) => [`\`${name}\``, type, help]),
    );
  });

  it('lists every label, and the values of those whose values are named', async () => {
    const health = await healthRouter({ database: () => true }).metrics();
    const { healthFamilies } = await import('../../lib/exporters/families/health-families.js');
    const families = [
      ...ownFamilies(0),
      ...cacheFamilies(newCache().metrics()),
      ...healthFamilies(health),
    ];
    const wrong = rows.flatMap(([name = '', , cell = '']) => {
      const family = families.find((each) => `\`${each.name}\`` === name);
      const samples = family?.type === 'histogram' ? family.histograms : (family?.samples ?? []);
      const said = new Map(
        cell
          .split(';')
          .filter(Boolean)
          .map((part) => {
            const [label = '', ...values] = [...part.matchAll(/`([^`]+)`/g)].map(
              ([, word]) => word,
            );
            return [label, values] as const;
          }),
      );
      return samples.flatMap(({ labels }) => {
        const { cache: _, ...own } = labels as Record<string, string>;
        const isSame = Object.keys(own).sort().join() === [...said.keys()].sort().join();
        const strange = Object.entries(own).filter(
          ([label, value]) => said.get(label)?.length !== 0 && !said.get(label)?.includes(value),
        );
        return isSame && strange.length === 0 ? [] : [`${name} ${JSON.stringify(own)}`];
      });
    });
    expect(wrong).to.deep.equal([]);
  });

  it('has the version of package.json in the code', () => {
    expect(VERSION).to.equal(JSON.parse(readFileSync('package.json', 'utf8')).version);
  });
});
