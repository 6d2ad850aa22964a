import { expect } from 'chai';
import type { Cache } from '../../lib/api/cache.js';
import { custom } from '../../lib/edge/adapters/custom.js';
import { until } from '../support/wait.js';
import { EXPRESSES, stands } from './stand.js';

for (const [name, express] of EXPRESSES) {
  describe(`tags of whole responses, ${name}`, () => {
    const { stand, stopAll } = stands(express);
    afterEach(stopAll);

    it('remove the answers of a route, and of one request', async () => {
      const made = await stand((req, res) => void res.json({ path: req.path }), {
        tags: (req) => ['pages', `page:${req.path}`],
      });
      for (const path of ['/a', '/b', '/a', '/b']) await made.ask(path);
      expect(made.runs).to.equal(2);
      await made.cache.invalidateTags(['page:/a']);
      for (const path of ['/a', '/b']) await made.ask(path);
      expect(made.runs).to.equal(3);
      await made.cache.invalidateTags(['pages']);
      for (const path of ['/a', '/b']) await made.ask(path);
      expect(made.runs).to.equal(5);
    });

    it('of a value remove the answers that were made of it', async () => {
      const made = await stand(async (req, res) => {
        const value = await req.cache.getOrSet('v', () => Math.random(), { tags: ['red'] });
        res.json(value);
      });
      const [first, second] = [await made.ask(), await made.ask()];
      expect(second.body).to.equal(first.body);
      await made.cache.invalidateTags(['red']);
      expect((await made.ask()).body).to.not.equal(first.body);
    });

    it('work in a namespace of the request, whose values the answer is made of', async () => {
      const made = await stand(async (req, res) => {
        const tenant: Cache = req.cache.namespace('acme');
        res.json(await tenant.getOrSet('v', () => Math.random()));
      });
      const first = await made.ask();
      expect((await made.ask()).body).to.equal(first.body);
      await made.cache.namespace('acme').delete('v');
      const second = await made.ask();
      expect(second.body).to.not.equal(first.body);
      await made.cache.namespace('acme').clear();
      expect((await made.ask()).body).to.not.equal(second.body);
    });

    it('are purged at the edge, those of the route and those of values', async () => {
      const purged: string[] = [];
      const edge = custom({
        header: 'Surrogate-Key',
        separator: ' ',
        purge: async (tags) => void purged.push(...tags),
      });
      const made = await stand(
        async (req, res) => {
          res.json(await req.cache.getOrSet('v', () => 1, { tags: ['red'] }));
        },
        { edgeTtl: '1m', tags: ['page'] },
        [],
        { edge },
      );
      const answers = [await made.ask(), await made.ask()];
      for (const { headers } of answers) {
        const tags = String(headers['surrogate-key']).split(' ');
        expect(tags).to.include.members(['v', '__ech-tag-red', '__ech-tag-page']);
      }
      await made.cache.invalidateTags(['red']);
      await made.cache.advance('1s');
      await until(() => purged.includes('__ech-tag-red'), 'the edge was told');
      expect(purged).to.not.include('__ech-tag-page');
      expect(JSON.parse((await made.ask()).body)).to.equal(1);
      expect(made.runs).to.equal(2);
    });
  });
}
