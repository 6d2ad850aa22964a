import { expect } from 'chai';
import { Actor } from './scheduler/actor.js';
import { Server } from './scheduler/server.js';
import { SteppedTime } from './scheduler/stepped-time.js';
import type { Setting } from './setting.js';

const SETTING: Setting = {
  caches: 2,
  ttl: 60_000,
  outageTtl: 30_000,
  journalMax: 100,
  memoryMax: 100,
  commandTimeout: 100,
  isTagged: false,
};

/** Two processes before one Redis, where everything arrives at once and time moves as the test says. */
class Scene {
  readonly #time = new SteppedTime();
  readonly server = new Server(() => this.#time.wallNow());
  readonly a: Actor = this.#actor('A');
  readonly b: Actor = this.#actor('B');

  #actor(name: string): Actor {
    const { redis } = this.server;
    const turn = (): Promise<void> => Promise.resolve();
    return new Actor({ name, setting: SETTING, redis, time: this.#time, turn, onFlush: () => {} });
  }

  /** Lets so much time pass, and everything happen that falls due. */
  async pass(ms: number): Promise<void> {
    const end = this.#time.now() + ms;
    await settle();
    while (this.#time.now() < end) {
      this.#time.step(1);
      await settle();
    }
  }

  async close(): Promise<void> {
    await this.a.cache.close();
    await this.b.cache.close();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What the generated histories showed once. */
describe('histories that broke a promise', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene();
  });

  afterEach(() => scene.close());

  it('a change that waits for an earlier one of its key is sent when that is answered', async () => {
    const { a, server } = scene;
    await scene.pass(100);
    expect(a.cache.status().mode).to.equal('normal');
    a.suffer('stall');
    const first = a.cache.set('k0', 1);
    await settle();
    const second = a.cache.set('k0', 2);
    await settle();
    a.suffer('flow');
    await scene.pass(20);
    expect(server.reachable('k0')).to.equal(2);
    expect([await first, await second]).to.deep.equal(['applied', 'applied']);
  });

  it('a delete of a process that has not heard the server’s clock wins against what was stored before', async () => {
    const { a, b, server } = scene;
    server.redis.stepClock(5_000);
    b.suffer('stall');
    await scene.pass(50);
    expect(await a.cache.set('k0', 1)).to.equal('applied');
    await scene.pass(100);
    const deleted = b.cache.delete('k0');
    await scene.pass(10);
    expect(await deleted).to.equal('deferred');
    b.suffer('flow');
    await scene.pass(4_000);
    expect(b.cache.status().mode).to.equal('normal');
    expect(server.reachable('k0')).to.equal(undefined);
  });

  it('a delete just after the server’s clock was put on wins against what was stored just before', async () => {
    const { a, b, server } = scene;
    await scene.pass(600);
    server.redis.stepClock(150);
    await a.cache.getOrSet('k0', () => 1);
    const deleted = b.cache.delete('k0');
    await scene.pass(1_000);
    await deleted;
    expect(server.reachable('k0')).to.equal(undefined);
  });

  it('a process clears what it has read, also when the server’s clock was put on', async () => {
    const { a, server } = scene;
    await scene.pass(600);
    server.redis.stepClock(150);
    await a.cache.getOrSet('k0', () => 1);
    const cleared = a.cache.clear('k*');
    await scene.pass(20);
    expect(await cleared).to.equal('applied');
    expect(server.reachable('k0')).to.equal(undefined);
    expect(await a.cache.get('k0')).to.equal(undefined);
  });

  it('a process clears what it has loaded, also when the server’s clock was just put on by seconds', async () => {
    const { a, server } = scene;
    await scene.pass(600);
    server.redis.stepClock(3_000);
    await a.cache.getOrSet('k0', () => 1);
    const cleared = a.cache.clear('k*');
    await settle();
    expect(await a.cache.get('k0'), 'at once').to.equal(undefined);
    await scene.pass(20);
    expect(await cleared).to.equal('applied');
    expect(server.reachable('k0')).to.equal(undefined);
  });

  it('a delete wins against what was stored before the server’s clock was set back', async () => {
    const { a, b, server } = scene;
    await scene.pass(600);
    await a.cache.set('k0', 1);
    server.redis.stepClock(-900);
    await scene.pass(700);
    await b.cache.delete('k0');
    expect(server.reachable('k0')).to.equal(undefined);
  });
});
