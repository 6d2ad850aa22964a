import { expect } from 'chai';
import { Window } from '../../../lib/redis/commands/flow/window.js';

const cost = (keys: number, bytes: number) => ({ keys, bytes });

describe('the window', () => {
  it('has room for 64 commands', () => {
    const window = new Window();
    for (let i = 0; i < 64; i++) {
      expect(window.room('request')).not.to.equal(undefined);
      window.sent(cost(1, 10), 'request');
    }
    expect(window.room('request')).to.equal(undefined);
    window.answered(cost(1, 10), 'request');
    expect(window.room('request')).to.deep.equal({ keys: 1_985, bytes: 1_047_946 });
  });

  it('has room for 2,048 keys and for 1 MiB', () => {
    const keys = new Window();
    keys.sent(cost(2_047, 0), 'request');
    expect(keys.room('request')).to.include({ keys: 1 });
    keys.sent(cost(1, 0), 'request');
    expect(keys.room('request')).to.equal(undefined);
    const bytes = new Window();
    bytes.sent(cost(1, 1_048_575), 'request');
    expect(bytes.room('request')).to.include({ bytes: 1 });
    bytes.sent(cost(1, 1), 'request');
    expect(bytes.room('request')).to.equal(undefined);
  });

  it('always lets one command go, however large', () => {
    const window = new Window();
    expect(window.room('request')).to.deep.equal({ keys: 2_048, bytes: 1_048_576 });
    window.sent(cost(1, 100_000_000), 'request');
    expect(window.room('request')).to.equal(undefined);
    window.answered(cost(1, 100_000_000), 'request');
    expect(window.room('request')).not.to.equal(undefined);
  });

  it('leaves half of itself to requests, and one command to bulk work', () => {
    const window = new Window();
    for (let i = 0; i < 32; i++) window.sent(cost(1, 10), 'bulk');
    expect(window.room('bulk')).to.equal(undefined);
    expect(window.room('request')).not.to.equal(undefined);
    const busy = new Window();
    for (let i = 0; i < 64; i++) busy.sent(cost(1, 10), 'request');
    expect(busy.room('bulk')).not.to.equal(undefined);
    busy.sent(cost(1, 10), 'bulk');
    expect(busy.room('bulk')).to.equal(undefined);
  });

  it('also lets a request go where only bulk work is unanswered', () => {
    const window = new Window();
    window.sent(cost(1, 5_000_000), 'bulk');
    expect(window.room('request')).not.to.equal(undefined);
  });
});
