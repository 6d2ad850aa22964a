import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import express5 from 'express';
import request from 'supertest';
import { cacheMiddleware, createCache } from '../../lib/index.js';
import { messageOf } from './kit.js';

const PAGE = readFileSync('docs/troubleshooting.md', 'utf8');
const OPTIONS = { redis: false, logger: false } as const;

/** Names of other packages, and what to write here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  del: 'delete',
  remember: 'getOrSet',
  mget: 'getMany',
  invalidate: 'clear',
};

/** Where no code of this package runs, or where it does what it says, the page must have the symptom. */
describe('a mistake that the cache cannot see has its symptom in docs/troubleshooting.md', () => {
  it('a handler without the middleware', async () => {
    const message = await messageOf(() => {
      const req = {} as express5.Request;
      return req.cache.getOrSet('a', () => 1);
    });
    expect(message).to.equal("Cannot read properties of undefined (reading 'getOrSet')");
    expect(PAGE).to.include(message);
  });

  it('a missing await: the answer is {}', async () => {
    const app = express5().use(cacheMiddleware(OPTIONS));
    app.get('/', (req, res) => void res.json(req.cache.get('a')));
    expect((await request(app).get('/')).text).to.equal('{}');
    expect(PAGE).to.include('a handler answers `{}`');
  });

  it('a bigint, which JSON does not know', async () => {
    const cache = createCache(OPTIONS);
    await cache.set('a', 1n);
    const value = await cache.get('a');
    expect(value).to.equal(1n);
    const message = await messageOf(() => JSON.stringify(value));
    expect(message).to.equal('Do not know how to serialize a BigInt');
    expect(PAGE).to.include(message);
  });

  it('an instance of a class', async () => {
    class Price {
      cents = 1;
      text(): string {
        return `${this.cents}`;
      }
    }
    const cache = createCache(OPTIONS);
    await cache.set('a', new Price());
    expect(await cache.get('a'))
      .to.deep.equal({ cents: 1 })
      .and.not.have.property('text');
    expect(PAGE).to.include('an object came back without its methods');
  });

  it('a result of pg, not its rows', async () => {
    const result = { command: 'SELECT', rows: [], _types: { getTypeParser: () => undefined } };
    const message = await messageOf(() => createCache(OPTIONS).set('a', result));
    expect(message).to.match(
      /^value\._types\.getTypeParser is a function, which cannot be cached\./,
    );
    expect(message).to.include('Store its rows: value.rows.');
    expect(PAGE).to.include('value._types.getTypeParser is a function, which cannot be cached');
  });

  it('the names of other packages', () => {
    const cache = createCache(OPTIONS) as unknown as Record<string, unknown>;
    for (const [name, ours] of Object.entries(OTHER_NAMES)) {
      expect(cache[name], name).to.equal(undefined);
      expect(cache[ours], ours).to.be.a('function');
      expect(PAGE).to.match(new RegExp(`\`(?:req\\.cache\\.)?${name}\\b`));
    }
  });
});
