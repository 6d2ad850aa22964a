import { expect } from 'chai';
import { until } from '../support/wait.js';
import { Example } from './example.js';

interface Shard {
  readonly address: string;
  readonly state: string;
}

describe('the example on a private Redis Cluster', function () {
  this.timeout(90_000);
  let example: Example;

  before(async () => {
    example = await Example.start({ REDIS_URL: 'cluster', QUERY_DELAY_MS: '2' });
  });

  after(() => example?.stop());

  const shards = async (): Promise<readonly Shard[]> => {
    const response = await fetch(`${example.url}/health`);
    const { details } = (await response.json()) as {
      details: { cache: { shards: readonly Shard[] } };
    };
    return details.cache.shards;
  };
  const serve = async (): Promise<boolean> => {
    const all = await shards();
    return all.length === 3 && all.every(({ state }) => state === 'closed');
  };
  const redis = async (action: string): Promise<unknown> => {
    const method = action === '' ? 'GET' : 'POST';
    return (await fetch(`${example.url}/redis/${action}`, { method })).json();
  };

  it('shows the shards, freezes one, and goes on with its replica', async () => {
    await until(serve, 'all shards serve');
    const [first] = await shards();
    expect(await redis('freeze')).to.deep.include({ state: 'frozen' });
    await until(async () => (await shards())[0]?.state !== 'closed', 'the first is away');
    const states = (await shards()).slice(1).map(({ state }) => state);
    expect(states).to.deep.equal(['closed', 'closed']);
    expect((await fetch(`${example.url}/products/1`)).status).to.equal(200);
    await until(serve, 'the replica serves', 30_000);
    expect((await shards()).map(({ address }) => address)).to.not.include(first?.address);
    expect(await redis('start')).to.deep.include({ state: 'running' });
    // Now the next one is a primary again.
    expect(await redis('kill')).to.deep.include({ state: 'stopped' });
    await until(async () => !(await serve()), 'one is away');
    await until(serve, 'all shards serve', 30_000);
  });
});
