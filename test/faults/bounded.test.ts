import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { handles } from '../support/wait.js';
import { isDegraded, isUp, Scene } from './scene.js';
import { requestCache, Traffic } from './traffic.js';
import { Wiretap } from './wiretap.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const REQUESTS = 10_000;
const AT_ONCE = 200;
const MIB = 1024 * 1024;

function heapMib(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
}

describe('faults: the cost of a hang', function () {
  this.timeout(60_000); // so many requests take their time on machines that are shared

  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  it('answers 10 000 requests during a hang with heap and handles bounded', async () => {
    const middleware = await scene.join({ memory: { max: 100 } });
    const traffic = new Traffic(middleware);
    for (let i = 0; i < 500; i++) await traffic.request(`warm:${i % 50}`);
    const before = { heap: heapMib(), handles: handles().length };
    scene.server.hang();
    const startedAt = performance.now();
    let mostHandles = 0;
    for (let done = 0; done < REQUESTS; done += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, (_, i) =>
        traffic.request(`item:${(done + i) % 997}`),
      );
      await Promise.all(batch);
      mostHandles = Math.max(mostHandles, handles().length);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const answered = traffic.answered.length;
    const { failed, slowestMs } = traffic;
    traffic.answered.length = 0;
    const growth = heapMib() - before.heap;
    console.log(
      `      ${REQUESTS} requests during a hang: ${seconds.toFixed(1)} s, slowest ${Math.round(slowestMs)} ms, ` +
        `heap ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MiB, handles ${before.handles} → at most ${mostHandles}, ` +
        `journal ${middleware.cache.status().journal.entries}`,
    );
    expect(answered).to.equal(REQUESTS + 500);
    expect(failed).to.deep.equal([]);
    expect(growth).to.be.below(16);
    expect(mostHandles - before.handles).to.be.below(20);
    scene.server.thaw();
    await isUp(middleware);
    expect(middleware.cache.status().memory?.entries).to.be.at.most(100);
  });

  it('survives 20 000 requests at the very moment of a hang, and sends no more than it may', async () => {
    const middleware = await scene.join();
    const before = heapMib();
    scene.server.hang();
    const wiretap = new Wiretap();
    const reads = Array.from({ length: REQUESTS }, (_, i) =>
      requestCache(middleware).get(`one:${i}`),
    );
    const writes = Array.from({ length: 2 * REQUESTS }, (_, i) =>
      requestCache(middleware).set(`one:${i}`, i),
    );
    await Promise.all([...reads, ...writes]);
    await isDegraded(middleware);
    wiretap.stop();
    expect(wiretap.commands.length).to.be.below(REQUESTS + 200);
    wiretap.commands.length = 0;
    const growth = heapMib() - before;
    console.log(
      `      ${3 * REQUESTS} calls at the moment of a hang: heap +${growth.toFixed(1)} MiB`,
    );
    expect(growth).to.be.below(24);
    expect(middleware.cache.status().journal.entries).to.be.at.most(10_000);
    scene.server.thaw();
    await isUp(middleware);
    expect(await middleware.cache.get('one:1')).to.be.oneOf([undefined, 1]);
  });

  it('bounds the journal: too many writes count as one flush of the prefix', async () => {
    const middleware = await scene.join({ journal: { max: 50 } });
    const { cache } = middleware;
    await cache.set('old', 'old');
    scene.server.hang();
    await isDegraded(middleware);
    for (let i = 0; i < 200; i++) await cache.set(`new:${i}`, i);
    expect(cache.status().journal).to.deep.equal({ entries: 50, max: 50, overflows: 1 });
    expect(middleware.witness.warnings.length, 'lines about it').to.equal(1);
    scene.server.thaw();
    await isUp(middleware);
    expect(await cache.get('old')).to.equal(undefined);
    expect(cache.status().journal.entries).to.equal(0);
  });
});
