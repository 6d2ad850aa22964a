import { expect } from 'chai';
import express5, { type NextFunction, type Request, type Response } from 'express';
import request from 'supertest';
import { isDegraded, isUp, Scene } from './scene.js';

const express4 = require('express4') as typeof express5;

const VISITORS = 4;
const PRODUCTS = 20;

for (const [name, express] of [
  ['Express 4', express4],
  ['Express 5', express5],
] as const) {
  describe(`faults: an app on ${name}`, () => {
    let scene: Scene;
    beforeEach(async () => {
      scene = await Scene.open();
    });
    afterEach(() => scene.close());

    it('answers every request while Redis hangs, is killed and comes back', async () => {
      const middleware = await scene.join();
      const prices = new Map<string, number>();
      const app = express();
      app.use(middleware);
      app.get('/products/:id', (req: Request, res: Response, next: NextFunction) => {
        const id = String(req.params.id);
        req.cache
          .getOrSet(`product:${id}`, () => ({ id, price: prices.get(id) ?? 1 }))
          .then((product) => res.json(product), next);
      });
      app.put('/products/:id/price/:price', (req: Request, res: Response, next: NextFunction) => {
        const id = String(req.params.id);
        prices.set(id, Number(req.params.price));
        req.cache.delete(`product:${id}`).then((result) => res.json({ result }), next);
      });
      const server = app.listen(0, '127.0.0.1');
      const bad: unknown[] = [];
      let slowestMs = 0;
      let answered = 0;
      let isOpen = true;

      const ask = async (path: string, method: 'get' | 'put' = 'get'): Promise<unknown> => {
        const startedAt = performance.now();
        const { status, body } = await request(server)[method](path);
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        answered++;
        if (status !== 200) bad.push({ path, status, body });
        return body;
      };
      const visit = async (visitor: number): Promise<void> => {
        for (let i = visitor; isOpen; i++) await ask(`/products/${i % PRODUCTS}`);
      };
      /** A price that was changed is seen at once, whatever state Redis is in. */
      const change = async (id: string, price: number): Promise<void> => {
        await ask(`/products/${id}/price/${price}`, 'put');
        const product = await ask(`/products/${id}`);
        if ((product as { price?: number }).price !== price) bad.push({ id, price, product });
      };

      const visitors = Array.from({ length: VISITORS }, (_, visitor) => visit(visitor));
      await change('a', 2);
      scene.server.hang();
      await change('b', 3);
      await isDegraded(middleware);
      await change('a', 4);
      scene.server.thaw();
      await isUp(middleware);
      await change('b', 5);
      await scene.server.save();
      await scene.server.kill();
      await change('a', 6);
      await change('b', 7);
      await scene.server.restart();
      await isUp(middleware);
      await change('b', 8);
      expect(await ask('/products/a')).to.deep.equal({ id: 'a', price: 6 });
      isOpen = false;
      await Promise.all(visitors);
      await new Promise((resolve) => server.close(resolve));
      expect(bad).to.deep.equal([]);
      expect(answered).to.be.above(50);
      expect(slowestMs).to.be.below(1_000);
      expect(middleware.witness.errors).to.have.lengthOf(2);
      expect(middleware.witness.infos).to.have.lengthOf(2);
    });
  });
}
