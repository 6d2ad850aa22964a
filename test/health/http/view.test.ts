import { expect } from 'chai';
import type { Request } from 'express';
import { Checker } from '../../../lib/health/checker/checker.js';
import { targetOf } from '../../../lib/health/http/target.js';
import { viewOf } from '../../../lib/health/http/view.js';
import { jsonWriter } from '../../../lib/health/http/writers/json-writer.js';
import type { View } from '../../../lib/health/http/writers/writer.js';
import { parseHealthOptions } from '../../../lib/health/options.js';
import type { HealthOptions } from '../../../lib/health/types.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('what a client may see', () => {
  function view(url: string, options: HealthOptions = {}): Promise<View> {
    const config = parseHealthOptions({ checks: { db: () => true }, ...options });
    const checker = new Checker(config, new ManualClock(), () => {});
    const req = { url } as Request;
    const ask = { checker, config, req, target: targetOf(req), writer: jsonWriter };
    return viewOf({ ...ask, cache: undefined }, () => false);
  }

  it('is everything, nothing, or what authorize says', async () => {
    expect((await view('/')).isDetailed).to.equal(true);
    expect((await view('/', { details: false })).isDetailed).to.equal(false);
    for (const [answer, isDetailed] of [
      [true, true],
      ['yes', false],
    ]) {
      const authorize = (): boolean => answer as boolean;
      const seen = await view('/', { details: 'authorized', authorize });
      expect(seen.isDetailed).to.equal(isDetailed);
    }
  });

  it('includes the history only with details, and when asked for', async () => {
    expect((await view('/')).history).to.equal(undefined);
    expect((await view('/?history')).history).to.deep.equal([]);
    expect((await view('/?history', { details: false })).history).to.equal(undefined);
  });

  it('repeats ten unknown names, without what does not belong into a name', async () => {
    const { unknownExcluded } = await view(
      `/?exclude=db&exclude=cache&exclude=%0Aa%22&exclude=${'x'.repeat(99)}${'&exclude=y'.repeat(20)}`,
    );
    expect(unknownExcluded).to.have.length(10);
    expect(unknownExcluded.slice(0, 3)).to.deep.equal(['?a?', 'x'.repeat(50), 'y']);
  });
});
