import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { until } from '../support/wait.js';
import { isDegraded, Stand } from './stand.js';

describe('integration: the numbers of a cache', () => {
  let stand: Stand;
  beforeEach(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.stop());

  it('tell an outage from its beginning to its end', async () => {
    const cache = await stand.cache({ name: 'shop', grace: '1h' });
    await cache.set('a', 1);
    expect(await cache.get('a')).to.equal(1);
    await cache.get('missing');
    const before = cache.metrics();
    expect(before.lookups.redis.hit).to.equal(1);
    expect(before.lookups.miss).to.equal(1);
    expect(before.attempts.ok).to.equal(1);
    expect(before.servers).to.deep.equal([
      { state: 'closed', commandsInFlight: before.commands.inFlight, journalEntries: 0 },
    ]);
    const answered = sum(before.commands.seconds.counts);
    expect(answered, 'the probe, the set and the reads').to.be.above(5);
    expect(before.commands.seconds.sum).to.be.above(0);

    await stand.redis.kill();
    await isDegraded(cache);
    expect(await cache.get('a')).to.equal(1);
    await cache.delete('a');
    await until(() => cache.metrics().attempts.error > 0, 'an attempt failed');
    const away = cache.metrics();
    expect(away.lookups.memory.hit).to.equal(1);
    expect(away.errors.connect).to.equal(1);
    expect(away.servers[0]).to.include({ state: away.servers[0]?.state, journalEntries: 1 });
    expect(away.servers[0]).to.have.property('reason');

    await stand.redis.restart();
    await until(() => cache.status().mode === 'normal', 'it serves again');
    const back = cache.metrics();
    expect(back.journal).to.include({ entries: 0, replayed: 1 });
    expect(back.attempts.ok).to.be.above(1);
    expect(back.modeSeconds.degraded).to.be.above(0);
    const changes = back.modeChanges.filter(({ to, count }) => to === 'normal' && count > 0);
    expect(changes).to.deep.equal([{ from: 'recovering', to: 'normal', count: 2 }]);
  });

  it('tell commands that a frozen Redis has not answered', async () => {
    const cache = await stand.cache();
    await stand.redis.hang();
    const read = cache.get('a');
    await until(() => cache.metrics().commands.inFlight > 0, 'a command is in flight');
    await stand.redis.thaw();
    await read;
    await until(() => cache.status().mode === 'normal', 'it serves');
  });

  it('tell callers that shared the load of another process', async () => {
    const prefix = stand.prefix();
    const [here, there] = [await stand.cache({ prefix }), await stand.cache({ prefix })];
    const first = there.getOrSet('k', () => delay(150, 'v'));
    await until(
      async () => (await stand.redis.command('EXISTS', `${prefix}k`)) === 1,
      'it is held',
    );
    expect(await here.getOrSet('k', () => 'mine')).to.equal('v');
    await first;
    expect(here.metrics().coalesced).to.deep.equal({ flight: 0, lease: 1 });
    expect(here.metrics().loads.results.ok).to.equal(0);
    expect(there.metrics().loads.results.ok).to.equal(1);
  });

  it('tell the limit of loads, and no limit', async () => {
    const cache = await stand.cache();
    expect(cache.metrics().loads.limit).to.equal(Number.POSITIVE_INFINITY);
    await stand.redis.kill();
    await isDegraded(cache);
    expect(cache.metrics().loads.limit).to.equal(100);
  });

  it('tell evictions, and have no servers without Redis', async () => {
    const cache = stand.open({ redis: false, memory: { max: 2 } });
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, key);
    expect(cache.metrics().memory?.evictions).to.deep.equal({ entries: 2, bytes: 0 });
    expect(cache.metrics().servers).to.deep.equal([]);
  });

  for (const name of ['', 'two words', 'a,b', 'x'.repeat(65), 7]) {
    it(`refuse the name ${JSON.stringify(name)}`, () => {
      expect(() => stand.open({ name: name as string })).to.throw(/^name must be 1 to 64 letters/);
    });
  }
});

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
