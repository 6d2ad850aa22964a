import { expect } from 'chai';
import { Example } from '../example-app/example.js';
import { until } from '../support/wait.js';

describe('the example app behind its Varnish', function () {
  this.timeout(90_000);
  let example: Example;

  before(async () => {
    example = await Example.start({ EDGE: 'varnish', EDGE_PORT: '0', REDIS_URL: 'private' });
  });
  after(() => example?.stop());

  const ask = async (): Promise<{ readonly price: number; readonly by: string }> => {
    const answer = await fetch(`${example.url}/products/1`);
    const { price } = (await answer.json()) as { price: number };
    return { price, by: answer.headers.get('cache-status') ?? '' };
  };

  it('answers products from the edge, and drops them when a price changes', async () => {
    await ask();
    expect((await ask()).by).to.match(/^varnish; hit/);
    const changed = await fetch(`${example.url}/products/1/price`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ price: 9.87 }),
    });
    expect(changed.status).to.equal(200);
    await until(async () => (await ask()).price === 9.87, 'the edge has the new price');
    expect((await ask()).by).to.match(/^varnish; hit/);
    const list = await fetch(`${example.url}/products/`);
    expect(JSON.stringify(await list.json())).to.include('9.87');
  });

  it('says in its page which tier answered', async () => {
    const script = await (await fetch(`${example.url}/page.js`)).text();
    expect(script).to.include("return 'edge'");
    expect(example.output).to.include('a private Varnish');
  });
});
