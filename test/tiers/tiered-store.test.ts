import { expect } from 'chai';
import { settle } from '../support/manual-clock.js';
import { TierFixture } from '../support/tier-fixture.js';

describe('TieredStore', () => {
  it('puts a value into Redis and finds it', async () => {
    const process = new TierFixture().open();
    expect(await process.put('a', 'one')).to.equal('applied');
    expect(process.inRedis('a')).to.equal('one');
    expect(await process.get('a')).to.equal('one');
    expect(await process.store.remove('a')).to.equal('applied');
    expect(await process.get('a')).to.equal(undefined);
    await settle();
  });
});
