import { expect } from 'chai';
import type { Handler, Response } from 'express';
import { Ingredients } from '../../lib/http-cache/ingredients.js';
import { race } from './race.js';

const CHANGES = 150;

/** Middleware above the cache that sends each answer 100 ms late. */
const slowHead: Handler = (_req, res, next) => {
  const { writeHead, end } = res;
  let head: unknown[] = [];
  res.writeHead = ((...args: unknown[]) => {
    head = args;
    return res;
  }) as Response['writeHead'];
  res.end = ((...args: unknown[]) => {
    setTimeout(() => {
      if (head.length > 0) Reflect.apply(writeHead, res, head);
      Reflect.apply(end, res, args);
    }, 100);
    return res;
  }) as Response['end'];
  next();
};

describe(`${CHANGES} double changes through a real Varnish with two instances`, function () {
  this.timeout(300_000);

  it('leave no old answer', async () => {
    expect(await race({ changes: CHANGES, afterMs: 700 })).to.equal(0);
  });

  it('leave none after the second purge when 100 ms lie between the check and the head', async () => {
    const options = { changes: CHANGES, above: [slowHead], afterMs: 3_000 };
    expect(await race(options)).to.equal(0);
  });

  it('leave old answers in 20 % at least without the check', async () => {
    const { check } = Ingredients.prototype;
    const { get } = Object.getOwnPropertyDescriptor(Ingredients.prototype, 'keys') ?? {};
    // An answer is stored at the edge as if nothing had changed.
    Ingredients.prototype.check = async function (how) {
      await check.call(this, how);
      return (Reflect.apply(get as () => string[], this, []) as string[]).map((key) => [key, 0]);
    };
    try {
      const old = await race({ changes: CHANGES, afterMs: 700 });
      console.log(`      ${old} of ${CHANGES} old`);
      expect(old).to.be.at.least(CHANGES * 0.2);
    } finally {
      Ingredients.prototype.check = check;
    }
  });
});
