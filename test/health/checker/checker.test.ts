import { expect } from 'chai';
import { CACHE_LOOK } from '../../../lib/core/is-cache.js';
import { Checker, type Scope } from '../../../lib/health/checker/checker.js';
import { parseHealthOptions } from '../../../lib/health/options.js';
import type { CacheSource, HealthChange, HealthOptions } from '../../../lib/health/types.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { gate, outcomeOf } from '../../support/promises.js';
import { cacheThatIs, degradedCache } from '../support.js';

describe('the checks of a router', () => {
  function healthOf(options: HealthOptions): {
    health: Checker;
    clock: ManualClock;
    changes: HealthChange[];
  } {
    const clock = new ManualClock();
    const changes: HealthChange[] = [];
    const health = new Checker(parseHealthOptions(options), clock, (change) =>
      changes.push(change),
    );
    return { health, clock, changes };
  }

  const everything = (cache?: CacheSource): Scope => ({
    cache,
    isCriticalOnly: false,
    excluded: new Set(),
  });
  const readiness = (cache?: CacheSource): Scope => ({
    ...everything(cache),
    isCriticalOnly: true,
  });
  const hangs = (): Promise<never> => new Promise(() => {});

  it('run in parallel, and the report is there by its deadline', async () => {
    const { health, clock } = healthOf({
      checks: { a: hangs, b: hangs, c: { check: hangs, timeout: '300ms' }, d: () => true },
    });
    const report = health.examine(everything());
    await clock.advance(799);
    expect(await outcomeOf(report)).to.equal('pending');
    await clock.advance(1);
    const { findings } = await report;
    expect(findings.map(({ name, result }) => [name, result.message])).to.deep.equal([
      ['a', 'no answer within 800 ms'],
      ['b', 'no answer within 800 ms'],
      ['c', 'no answer within 300 ms'],
      ['d', undefined],
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('that one probe excludes change the state of its own report, and no history', async () => {
    const { health, changes } = healthOf({ checks: { a: () => true, b: () => false } });
    expect((await health.examine(everything())).status).to.equal('error');
    const without = await health.examine({ ...everything(), excluded: new Set(['b']) });
    expect([without.status, without.findings.map(({ name }) => name)]).to.deep.equal(['ok', ['a']]);
    expect((await health.examine(everything())).status).to.equal('error');
    expect(changes).to.deep.equal([]);
  });

  it('are cut off by the deadline when to start them took its time', async () => {
    const clock = new ManualClock();
    const checks = { busy: () => clock.jump(400), database: hangs };
    const health = new Checker(parseHealthOptions({ checks }), clock, () => {});
    const report = health.examine(everything());
    await clock.advance(499);
    expect(await outcomeOf(report)).to.equal('pending');
    await clock.advance(1);
    const { status, findings } = await report;
    expect([status, findings[1]?.result.message]).to.deep.equal(['error', 'no result yet']);
  });

  it('let a longer timeout move the deadline', async () => {
    const { health, clock } = healthOf({ database: { check: hangs, timeout: '3s' } });
    const report = health.examine(everything());
    await clock.advance(2_999);
    expect(await outcomeOf(report)).to.equal('pending');
    await clock.advance(1);
    expect((await report).status).to.equal('error');
  });

  describe('a cache that Redis has not answered lately', () => {
    function looking(look: () => Promise<unknown> | undefined): CacheSource {
      return Object.assign(cacheThatIs(), { [CACHE_LOOK]: look });
    }

    it('is asked to look first, and its status counts after that', async () => {
      const { health } = healthOf({});
      const { promise, open } = gate();
      let status = cacheThatIs();
      const cache = { ...looking(() => promise), status: () => status.status() };
      const report = health.examine(everything(cache));
      await settle();
      expect(await outcomeOf(report)).to.equal('pending');
      status = degradedCache;
      open();
      expect((await report).status).to.equal('degraded');
    });

    it('holds a report up until its deadline at most', async () => {
      const { health, clock } = healthOf({});
      const report = health.examine(everything(looking(hangs)));
      await clock.advance(10_000);
      expect((await report).status).to.equal('ok');
      expect(clock.pending).to.equal(0);
    });

    it('may fail to look', async () => {
      const { health } = healthOf({});
      const fails = (): never => {
        throw new Error('no');
      };
      for (const look of [fails, async () => fails()]) {
        expect((await health.examine(everything(looking(look)))).status).to.equal('ok');
      }
    });

    it('is not asked by readiness, by who leaves the cache out, or while shutting down', async () => {
      const { health } = healthOf({});
      let looks = 0;
      const cache = looking(async () => looks++);
      await health.examine(readiness(cache));
      await health.examine({ ...everything(cache), excluded: new Set(['cache']) });
      health.beginShutdown();
      await health.examine(everything(cache));
      expect(looks).to.equal(0);
    });
  });

  it('cost one ping for 500 probes, and two for two seconds of them', async () => {
    let runs = 0;
    const { health, clock } = healthOf({ database: () => ++runs });
    const burst = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 500 }, () => health.examine(everything())));
    await burst();
    expect(runs).to.equal(1);
    await clock.advance(1_000);
    await burst();
    expect(runs).to.equal(2);
  });

  it('count as down before their first verdict', async () => {
    const ping = gate();
    const { health } = healthOf({ database: () => ping.promise });
    health.beginShutdown();
    const { findings, status } = await health.examine(readiness());
    expect(status).to.equal('shutting_down');
    expect(findings[0]?.result).to.deep.equal({
      status: 'down',
      code: 'timeout',
      message: 'no result yet',
    });
  });

  it('are not asked while shutting down: their pools may be closed', async () => {
    let runs = 0;
    const { health, clock } = healthOf({ database: () => ++runs });
    await health.examine(everything());
    health.beginShutdown();
    await clock.advance(999);
    const { findings } = await health.examine(everything());
    expect([runs, findings[0]?.result]).to.deep.equal([1, { status: 'up' }]);
  });

  it('are not shown with a verdict that is too old, also while shutting down', async () => {
    let runs = 0;
    const { health, clock } = healthOf({ database: () => ++runs });
    await health.examine(everything());
    health.beginShutdown();
    await clock.advance(1_000);
    const { findings, status } = await health.examine(everything());
    expect([runs, status]).to.deep.equal([1, 'shutting_down']);
    expect(findings[0]?.result.message).to.equal('not checked while shutting down');
  });

  it('are not called down by a busy event loop that also held up the deadline', async () => {
    const ping = gate<string>();
    const { health, clock } = healthOf({ database: () => ping.promise });
    const report = health.examine(everything());
    await settle();
    clock.jump(5_000);
    // The answer was in its socket all the time, and is read in the next turn.
    setImmediate(() => ping.open('PONG'));
    expect((await report).status).to.equal('ok');
  });

  it('do not wait for an authorize that never answers', async () => {
    const { health, clock } = healthOf({ database: () => true });
    const permission = health.alongside(() => true, hangs, false);
    await clock.advance(899);
    expect(await outcomeOf(permission)).to.equal('pending');
    await clock.advance(1);
    expect(await permission).to.equal(false);
    expect(clock.pending).to.equal(0);
  });

  it('run while authorize decides', async () => {
    const { health, clock } = healthOf({ database: hangs });
    const decision = gate<boolean>();
    const permission = health.alongside(
      () => true,
      () => decision.promise,
      false,
    );
    await clock.advance(700);
    decision.open(true);
    expect(await permission).to.equal(true);
    const report = health.examine(everything());
    await clock.advance(100);
    expect((await report).status).to.equal('error');
  });

  describe('whose changes', () => {
    it('are emitted once per change, with the name, the reason and the duration', async () => {
      let isUp = true;
      const { health, clock, changes } = healthOf({ database: () => isUp });
      const probe = async (times: number): Promise<void> => {
        for (let i = 0; i < times; i++) {
          await health.examine(everything(cacheThatIs()));
          await clock.advance(1_000);
        }
      };
      await probe(3);
      isUp = false;
      await probe(2);
      isUp = true;
      await probe(2);
      const at = (second: number): string =>
        new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
      expect(changes).to.deep.equal([
        {
          name: 'database',
          from: 'up',
          to: 'down',
          reason: 'the check returned false',
          durationMs: 3_000,
          at: at(3),
        },
        {
          name: 'health',
          from: 'ok',
          to: 'error',
          reason: 'database is down',
          durationMs: 3_000,
          at: at(3),
        },
        { name: 'database', from: 'down', to: 'up', durationMs: 2_000, at: at(5) },
        { name: 'health', from: 'error', to: 'ok', durationMs: 2_000, at: at(5) },
      ]);
      expect(health.history.changes).to.deep.equal(changes);
    });

    it('are emitted if only readiness is probed, those of the cache too', async () => {
      let isUp = true;
      let cache = cacheThatIs();
      const { health, clock, changes } = healthOf({ database: () => isUp });
      const probe = async (): Promise<void> => {
        await health.examine(readiness(cache));
        await clock.advance(1_000);
      };
      await probe();
      cache = degradedCache;
      await probe();
      isUp = false;
      await probe();
      expect(changes.map(({ name, to, reason }) => [name, to, reason])).to.deep.equal([
        ['cache', 'degraded', 'Redis is not used. The in-memory fallback serves.'],
        ['health', 'degraded', 'cache is degraded'],
        ['database', 'down', 'the check returned false'],
        ['health', 'error', 'database is down, cache is degraded'],
      ]);
    });

    it('are the same whether everything or readiness is probed in turn', async () => {
      const checks = { search: { check: () => false, critical: false } };
      const { health, clock, changes } = healthOf({ database: () => true, checks });
      for (let i = 0; i < 4; i++) {
        await health.examine(i % 2 === 0 ? everything() : readiness());
        await clock.advance(1_000);
      }
      expect(changes).to.deep.equal([]);
    });

    it('end with shutting_down, once', async () => {
      const { health, changes } = healthOf({ database: () => true });
      await health.examine(everything());
      health.beginShutdown();
      health.beginShutdown();
      await health.examine(everything());
      expect(changes.map(({ from, to }) => [from, to])).to.deep.equal([['ok', 'shutting_down']]);
    });
  });
});
