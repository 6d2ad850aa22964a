import { expect } from 'chai';
import { safeDetails } from '../../../lib/health/checker/details.js';
import { HARMLESS_NAMES, SECRET_NAMES } from '../../support/secrets.js';

describe('the details of a check', () => {
  it('hide every value under the name of a secret, of any type and at any depth', () => {
    for (const name of SECRET_NAMES) {
      for (const value of ['hunter2', 271828, ['hunter2'], { inner: 'hunter2' }]) {
        const shown = safeDetails({ [name]: value, nested: { list: [{ [name]: value }] } });
        expect(JSON.stringify(shown), name).not.to.match(/hunter2|271828/);
        expect(shown[name], name).to.equal('***');
      }
    }
  });

  it('show every value under another name', () => {
    for (const name of HARMLESS_NAMES) {
      expect(safeDetails({ [name]: 'seen', of: { [name]: 1 } })).to.deep.equal({
        [name]: 'seen',
        of: { [name]: 1 },
      });
    }
  });

  it('hide the value that stands beside the name of a secret', () => {
    const headers = [
      { name: 'x-api-key', value: 'hunter2' },
      { key: 'password', value: ['hunter2'] },
      { name: 'accept', value: 'text/plain' },
    ];
    expect(safeDetails({ headers })).to.deep.equal({
      headers: [
        { name: 'x-api-key', value: '***' },
        { key: 'password', value: '***' },
        { name: 'accept', value: 'text/plain' },
      ],
    });
  });

  it('are left out when they are too large or cannot be written', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const unreadable = {
      get x(): string {
        throw new Error('no');
      },
    };
    for (const details of [cycle, unreadable, { n: 1n }]) {
      expect(safeDetails(details)).to.deep.equal({ details: 'left out: not serialisable' });
    }
    expect(safeDetails({ list: Array(20).fill('y'.repeat(100)) })).to.deep.equal({
      details: 'left out: larger than 1 KiB',
    });
  });
});
