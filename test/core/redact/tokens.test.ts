import { expect } from 'chai';
import { hideOpaque, hideTokens } from '../../../lib/core/redact/tokens.js';

/** Parts that look like secrets must not lie here as such. */
const BODY = ['Zx8Qm2Lk7R', 'd4Tn9Wp3Vb', '6Hs1Yc5Jf0'].join('');

describe('to hide keys', () => {
  for (const prefix of [
    'gh+p_',
    'npm+_',
    'xo+xb-',
    'AI+za',
    's+k-ant-',
    'h+f_',
    'gl+pat-',
    'dop+_v1_',
  ]) {
    const start = prefix.replace('+', '');
    it(`knows those that begin with ${start}`, () => {
      expect(hideTokens(`a ${start}${BODY}, b`)).to.equal('a ***, b');
      expect(hideTokens(`for_${start}${BODY}`)).to.equal('for_***');
      expect(hideTokens(`${start}short`)).to.equal(`${start}short`);
    });
  }

  it('does not look into the middle of a word', () => {
    expect(hideTokens(`desk-proj-managers-of-it`)).to.equal('desk-proj-managers-of-it');
  });

  const random: readonly string[] = [
    BODY,
    `${BODY}+/${BODY}==`,
    'a1'.repeat(16),
    BODY.slice(0, 20),
  ];
  for (const text of random) {
    it(`hides what looks random: ${text.slice(0, 12)}…`, () => {
      expect(hideOpaque(`(${text})`)).to.equal('(***)');
    });
  }

  const plain: readonly string[] = [
    'PrismaClientInitializationError2',
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    '550e8400-e29b-41d4-a716-446655440000',
    'redis-master-7d9f8b6c5-x2k4q-0',
    '/Users/JohnSmith2/Projects/MyShop3/NodeModules',
    'abcdefghijklmnopqrstuvwxyz',
    BODY.slice(0, 19),
  ];
  for (const text of plain) {
    it(`leaves ${text}`, () => {
      expect(hideOpaque(text)).to.equal(text);
    });
  }
});
