import { expect } from 'chai';
import { hideElements } from '../../../lib/core/redact/elements.js';

describe('to hide elements', () => {
  const cases: readonly (readonly [text: string, told: string])[] = [
    ['<password>x y</password> z', '<password>***</password> z'],
    ['<a:Password t="1">x</a:Password>', '<a:Password t="1">***</a:Password>'],
    ['<user>x</user>', '<user>x</user>'],
    ['<token/>x', '<token/>x'],
    ['&lt;pin&gt;1&lt;/pin&gt;', '&lt;pin&gt;***&lt;/pin&gt;'],
    ['AUTH <password> called', 'AUTH <password> called'],
    ['<password>x y', '<password>***'],
    ['<p name="db.password">x</p>', '<p name="db.password">***</p>'],
    ['<key>Password</key> <string>x</string>', '<key>Password</key> <string>***</string>'],
    ['<key>Size</key><string>x</string>', '<key>Size</key><string>x</string>'],
    ['<secret><a>1</a></secret>', '<secret>***</secret>'],
    ['no tags', 'no tags'],
  ];
  for (const [text, told] of cases) {
    it(`makes ${JSON.stringify(told)} of ${JSON.stringify(text)}`, () => {
      expect(hideElements(text)).to.equal(told);
    });
  }
});
