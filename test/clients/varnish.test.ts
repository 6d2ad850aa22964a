import { expect } from 'chai';
import { race } from '../edges/race.js';

describe('Varnish with deploy/varnish.vcl', function () {
  this.timeout(90_000);

  it('has no old answer after 30 products were changed twice while clients read them', async () => {
    expect(await race({ changes: 30, afterMs: 700 })).to.equal(0);
  });
});
