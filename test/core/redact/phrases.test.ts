import { expect } from 'chai';
import { hidePhrases } from '../../../lib/core/redact/phrases.js';

describe('to hide what stands behind a word', () => {
  const cases: readonly (readonly [text: string, told: string])[] = [
    ['Bearer abc, no', 'Bearer ***, no'],
    ['Basic authentication', 'Basic authentication'],
    ['requirepass x', 'requirepass ***'],
    ["PASSWORD 'x y' z", "PASSWORD '***' z"],
    ["IDENTIFIED BY 'x' z", "IDENTIFIED BY '***' z"],
    ['login a password x z', 'login a password *** z'],
    ['HELLO 3 AUTH a x', 'HELLO 3 AUTH ***'],
    ['failed: AUTH s3cret', 'failed: AUTH ***'],
    ['WRONGPASS AUTH default s3cret', 'WRONGPASS AUTH default ***'],
    ['ACL SETUSER a on >x ~*', 'ACL SETUSER a on *** ~*'],
    ['the password is wrong', 'the password is wrong'],
    ['the password is x1.', 'the password is ***.'],
    ['token was set to "x y" z', 'token was set to "***" z'],
    ['the size is x1', 'the size is x1'],
    ['session 0123456789abcdef ended', 'session *** ended'],
    ['session management', 'session management'],
  ];
  for (const [text, told] of cases) {
    it(`makes ${JSON.stringify(told)} of ${JSON.stringify(text)}`, () => {
      expect(hidePhrases(text)).to.equal(told);
    });
  }
});
