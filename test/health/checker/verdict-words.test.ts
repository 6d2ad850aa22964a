import { expect } from 'chai';
import { failingField, stateOfWord } from '../../../lib/health/checker/verdict-words.js';

describe('the words of a verdict', () => {
  const words = [
    [['ok', ' UP ', 'Pass', 'green', 'SERVING'], 'up'],
    [['degraded', 'WARN', 'yellow'], 'degraded'],
    [['down', 'DOWN', 'fail', 'error', 'Unhealthy', 'red', 'OUT_OF_SERVICE'], 'down'],
    [['', 'PONG', 'constructor', '__proto__', 200, null, undefined, true], undefined],
  ] as const;
  for (const [list, state] of words) {
    it(`that mean ${state ?? 'nothing'} are known in any case`, () => {
      for (const word of list) expect(stateOfWord(word), String(word)).to.equal(state);
    });
  }

  it('are not found in counts', () => {
    for (const value of [{ failed: 3 }, { errors: 1, down: 2 }, { connected: 0 }, { online: 0 }]) {
      expect(failingField(value), JSON.stringify(value)).to.equal(undefined);
    }
  });

  it('are not found where nothing is wrong', () => {
    for (const value of [{}, { ok: 1, up: true }, { error: null, errors: [], err: '' }]) {
      expect(failingField(value), JSON.stringify(value)).to.equal(undefined);
    }
  });

  it('are found where a field says no, or that something is wrong', () => {
    expect(failingField({ ok: 0 })).to.deep.equal({ name: 'ok', isCause: false });
    expect(failingField({ ok: 0n })).to.deep.equal({ name: 'ok', isCause: false });
    expect(failingField({ reachable: false })).to.deep.equal({ name: 'reachable', isCause: false });
    expect(failingField({ down: true })).to.deep.equal({ name: 'down', isCause: false });
    expect(failingField({ ok: true, error: 'x' })).to.deep.equal({ name: 'error', isCause: true });
    expect(failingField({ errors: ['x'] })).to.deep.equal({ name: 'errors', isCause: true });
  });
});
