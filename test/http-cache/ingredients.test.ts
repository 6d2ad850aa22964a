import { expect } from 'chai';
import type { Handler } from 'express';
import { EXPRESSES, type Stand, stands } from './stand.js';

for (const [name, express] of EXPRESSES) {
  describe(`an answer that was made of cached values, on ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    let stock = 1;
    const shop: Handler = async (req, res) => {
      const item = await req.cache.getOrSet('item', () => ({ stock }), { ttl: '10m' });
      res.json(item);
    };
    beforeEach(() => {
      stock = 1;
    });

    it('is shared while they stay, also when they were loaded for it', async () => {
      const at = await stand(shop);
      for (let i = 0; i < 3; i++) expect((await at.ask()).body).to.equal('{"stock":1}');
      expect(at.runs).to.equal(1);
    });

    for (const [how, change] of [
      ['deleted', (at: Stand) => at.cache.delete('item')],
      ['cleared', (at: Stand) => at.cache.clear('it*')],
    ] as const) {
      it(`is made again when one was ${how}, once for all visitors`, async () => {
        const at = await stand(shop);
        await at.ask();
        stock = 2;
        await change(at);
        await at.cache.advance('10ms');
        const answers = await Promise.all([1, 2, 3, 4].map(() => at.ask()));
        expect(answers.map(({ body }) => body)).to.deep.equal(Array(4).fill('{"stock":2}'));
        expect((await at.ask()).body).to.equal('{"stock":2}');
        expect(at.runs).to.be.within(2, 3);
      });
    }

    it('is made again when one was set, also for HEAD', async () => {
      const at = await stand(shop);
      await at.ask();
      await at.cache.set('item', { stock: 3 });
      expect((await at.ask('/', {}, 'HEAD')).headers['content-length']).to.equal('11');
      expect((await at.ask()).body).to.equal('{"stock":3}');
      expect(at.runs).to.equal(3);
    });

    it('is not stored when one changes while its handler runs', async () => {
      const at = await stand(async (req, res) => {
        const item = await req.cache.getOrSet('item', () => ({ stock }));
        if (at.runs === 1) await at.cache.delete('item');
        res.json(item);
      });
      expect((await at.ask()).status).to.equal(200);
      stock = 2;
      expect((await at.ask()).body).to.equal('{"stock":2}');
      expect(at.route.counts().notStored).to.deep.equal({ changed: 1 });
    });

    it('is not stored when it read a key without a value', async () => {
      const at = await stand(async (req, res) => {
        const item = await req.cache.get('item');
        if (item === undefined) await req.cache.set('item', { stock });
        res.json(item ?? { stock });
      });
      for (let i = 0; i < 3; i++) await at.ask();
      expect(at.route.counts().notStored).to.deep.equal({ 'no-value': 1 });
      expect(at.runs).to.equal(2);
    });

    it('serves within its grace when a value is gone and the handler fails', async () => {
      let isDown = false;
      const at = await stand(
        (req, res, next) => {
          const load = (): object => {
            if (isDown) throw new Error('the database is away');
            return { stock };
          };
          const item = req.cache.getOrSet('item', load, { ttl: '10m' });
          item.then((value) => res.json(value)).catch(next);
        },
        { ttl: '1m', grace: '1h' },
      );
      await at.ask();
      await at.cache.delete('item');
      isDown = true;
      const { status, body, headers } = await at.ask();
      expect([status, body]).to.deep.equal([200, '{"stock":1}']);
      expect(headers['cache-status']).to.include('hit');
      isDown = false;
      stock = 2;
      await at.cache.advance('2s');
      expect((await at.ask()).body).to.equal('{"stock":2}');
    });

    it('is the same while Redis is away', async () => {
      const at = await stand(shop);
      await at.ask();
      await at.cache.breakRedis('hang');
      expect((await at.ask()).body).to.equal('{"stock":1}');
      stock = 2;
      await at.cache.delete('item');
      expect((await at.ask()).body).to.equal('{"stock":2}');
      expect((await at.ask()).body).to.equal('{"stock":2}');
      expect([at.runs, at.route.counts().notStored]).to.deep.equal([2, {}]);
    });
  });
}
