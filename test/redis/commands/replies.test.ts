import { expect } from 'chai';
import { parseRecords } from '../../../lib/redis/commands/records.js';
import {
  afterEcho,
  parseNumber,
  parsePositions,
  parseScan,
  parseTime,
} from '../../../lib/redis/commands/replies.js';

describe('a number that Redis sent', () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ['0', 0],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740993', undefined],
    ['12345678901234567', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['', undefined],
    [' 1', undefined],
    [5, undefined],
    [null, undefined],
  ];
  for (const [text, value] of cases) {
    it(`${JSON.stringify(text)} is ${value}`, () => {
      expect(parseNumber(text)).to.equal(value);
    });
  }
});

describe('what follows an echo', () => {
  for (const [reply, rest] of [
    ['e1|', ''],
    ['e1|2,', '2,'],
    ['e12|', undefined],
    ['e1', undefined],
    [null, undefined],
  ] as const) {
    it(`of ${JSON.stringify(reply)} is ${JSON.stringify(rest)}`, () => {
      expect(afterEcho(reply, 'e1')).to.equal(rest);
    });
  }
});

describe('positions in a reply', () => {
  for (const [text, answers] of [
    ['', ['done', 'done', 'done']],
    ['1,3,', ['older', 'done', 'older']],
    ['4,', undefined],
    ['0,', undefined],
    [',', undefined],
    ['1', undefined],
    ['1,x,', undefined],
  ] as const) {
    it(`${JSON.stringify(text)} are ${JSON.stringify(answers)}`, () => {
      expect(parsePositions(text, 3, ['done', 'older'])).to.deep.equal(answers);
    });
  }
});

describe('replies of several parts', () => {
  it('of TIME are microseconds', () => {
    expect(parseTime(['1700000000', '123456'])).to.equal(1_700_000_000_123_456);
    for (const odd of [null, [], ['1'], ['1', '2', '3'], ['1', 2], ['x', '1']]) {
      expect(parseTime(odd)).to.equal(undefined);
    }
  });

  it('of SCAN are a cursor and keys', () => {
    expect(parseScan(['17', ['a']])).to.deep.equal({ next: '17', keys: ['a'] });
    for (const odd of [null, ['0'], ['x', []], ['0', [1]], ['0', 'a'], ['1'.repeat(21), []]]) {
      expect(parseScan(odd)).to.equal(undefined);
    }
  });

  it('of the records are a chain, a count, a generation and a time', () => {
    const records = { chain: [], count: 3, generation: '', isWhole: false, micros: 5 };
    expect(parseRecords(['', 3, '', '5'])).to.deep.equal(records);
    expect(parseRecords(['r:l:0:0', 3, '7:abcdef', '5'])).to.deep.equal({
      chain: [{ id: 'r', life: 'l', base: 0, openedAt: 0 }],
      count: 3,
      generation: '7:abcdef',
      isWhole: true,
      micros: 5,
    });
    for (const odd of [
      null,
      ['', 3, ''],
      [1, 3, '', '5'],
      ['', '3', '', '5'],
      ['', 3, '', 'x'],
      ['', 1.5, '', '5'],
    ]) {
      expect(parseRecords(odd)).to.equal(undefined);
    }
  });
});
