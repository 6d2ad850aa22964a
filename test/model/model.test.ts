import { expect } from 'chai';
import { campaign } from './real/campaign.js';

/** Histories that are played at once, each kind on a server of its own: most of their time is waiting. */
const SHARDS = 4;
const RUNS = 12;
const LIMIT_MS = 25_000;

/** More of them: npm run test:model -- --runs 2000 */
describe('generated histories of several caches, faults included', () => {
  it('keep every promise', async function () {
    this.timeout(150_000);
    const seed = Math.floor(Math.random() * 2 ** 30);
    const shards = Array.from({ length: SHARDS }, (_, i) =>
      campaign({ runs: RUNS, seed: seed + i, limitMs: LIMIT_MS }),
    );
    const reports = await Promise.all(shards);
    const played = reports.reduce((sum, { runs }) => sum + runs, 0);
    console.log(`      played ${played} histories (seeds ${seed} to ${seed + SHARDS - 1})`);
    for (const { failure } of reports) if (failure !== undefined) expect.fail(failure);
    expect(played).to.be.above(SHARDS);
  });
});
