import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatHotList,
  LIST_BYTES,
  parseHotList,
} from '../../../lib/loading/warm/hot-list-format.js';

const NOW = 1_800_000_000_000;
const DAY = 24 * 3_600_000;
const rules = {
  nowMs: NOW,
  maxKeys: 3,
  isKey: (text: unknown): boolean => typeof text === 'string' && text.startsWith('k'),
};

describe('the list of hot keys', () => {
  it('is read as it was written', () => {
    const list = {
      at: NOW,
      keys: [
        ['k"1', 7.25],
        ['kö', 2],
      ] as const,
    };
    expect(parseHotList(formatHotList(list), rules)).to.deep.equal(list);
  });

  it('is written no longer than its bound, without the coldest keys', () => {
    const keys = Array.from(
      { length: 500 },
      (_, i) => [`k${i}-${'ü'.repeat(800)}`, 500 - i] as const,
    );
    const text = formatHotList({ at: NOW, keys });
    expect(Buffer.byteLength(text)).to.be.within(LIST_BYTES / 2, LIST_BYTES);
    const list = parseHotList(text, { ...rules, maxKeys: 500 });
    expect(typeof list === 'object' && list.keys[0]?.[0]).to.equal(keys[0]?.[0]);
  });

  const refused: Readonly<Record<string, string>> = {
    'no JSON': '{"format":1',
    'a number': '7',
    null: 'null',
    'another format': `{"format":2,"at":${NOW},"keys":[]}`,
    'no keys': `{"format":1,"at":${NOW}}`,
    'no time': '{"format":1,"keys":[]}',
    'a time that is a text': '{"format":1,"at":"now","keys":[]}',
    'older than a day': `{"format":1,"at":${NOW - DAY - 1},"keys":[]}`,
    'a day in the future': `{"format":1,"at":${NOW + DAY + 1},"keys":[]}`,
    'longer than its bound': `{"format":1,"at":${NOW},"keys":[]}${' '.repeat(LIST_BYTES)}`,
  };
  for (const [what, text] of Object.entries(refused)) {
    it(`is refused if it is ${what}`, () => {
      expect(parseHotList(text, rules)).to.be.a('string');
    });
  }

  it('loses what is no key or no count, and what is too much', () => {
    const keys = [
      ...[['x', 1], ['k1', -1], ['k2', null], ['k3', 1e300], 'k4', ['k5'], [{}, 1], null],
      ...[
        ['k6', 1],
        ['k7', 1],
        ['k6', 2],
        ['k8', 1],
        ['k9', 1],
      ],
    ];
    const list = parseHotList(JSON.stringify({ format: 1, at: NOW, keys }), rules);
    expect(typeof list === 'object' && list.keys.map(([key]) => key)).to.deep.equal([
      'k6',
      'k7',
      'k8',
    ]);
  });

  it('throws at no text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseHotList(text, rules);
      }),
    );
  });
});
