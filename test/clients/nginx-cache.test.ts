import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Edge } from '../../lib/edge/edge.js';
import { custom, nginx, responseCache } from '../../lib/http-cache.js';
import { Origin } from '../edges/origin.js';
import { type RunningEdge, SECRET, startNginx } from '../edges/programs.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/wait.js';

describe('nginx with deploy/nginx-cache.conf', function () {
  this.timeout(60_000);
  let origin: Origin;
  let edge: RunningEdge;
  let stock: Map<string, number>;

  async function start(makeEdge: (url: string) => Edge, edgeTtl: '1s' | '10m'): Promise<void> {
    const port = await freePort();
    stock = new Map([['1', 1]]);
    origin = await Origin.start({
      cache: { redis: false, edge: makeEdge(`http://127.0.0.1:${port}`) },
      instances: 1,
      routes(app) {
        app.get('/p/:id', responseCache({ ttl: '1s', swr: '30s', edgeTtl }), async (req, res) => {
          const id = String(req.params.id);
          const item = await req.cache.getOrSet(`p:${id}`, () => stock.get(id) ?? null);
          if (item === null) res.status(404).json(null);
          else res.json(item);
        });
      },
    });
    edge = await startNginx(origin.port, port);
  }

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const status = async (): Promise<number> => (await fetch(`${edge.url}/p/1`)).status;

  it('has one old 200 at most after a deleted thing expired, also while it serves stale answers', async () => {
    const lost = custom({ header: 'Tags', separator: ',', purge: () => {} });
    await start(() => lost, '1s');
    expect(await status()).to.equal(200);
    stock.delete('1');
    await origin.caches[0]?.delete('p:1');
    // nginx counts in whole seconds.
    await sleep(2_500);
    const later: number[] = [];
    for (let i = 0; i < 8; i++) {
      later.push(await status());
      await sleep(150);
    }
    expect(later.filter((each) => each === 200).length).to.be.at.most(1);
    expect(later.at(-1)).to.equal(404);
  });

  it('has the new answer after a change, by its address, and refuses the refresh without the secret', async () => {
    await start((url) => nginx({ url, secret: SECRET }), '10m');
    const read = async (headers = {}): Promise<unknown> =>
      (await fetch(`${edge.url}/p/1`, { headers })).json();
    expect(await read()).to.equal(1);
    stock.set('1', 2);
    expect(await read({ 'X-Edge-Refresh': 'guess' })).to.equal(1);
    await origin.caches[0]?.delete('p:1');
    await until(async () => (await read()) === 2, 'nginx has the new answer');
    expect(origin.caches[0]?.metrics().edge?.purges.failed).to.equal(0);
  });
});
