import { expect } from 'chai';
import { hideCodes } from '../../../lib/core/redact/codes.js';

describe('to hide codes', () => {
  const cases: readonly (readonly [text: string, told: string])[] = [
    ['Your login code is 1234', 'Your login code is ***'],
    ['verification code: 271 828', 'verification code: ***'],
    ['OTP 123456', 'OTP ***'],
    ['wrong PIN (1234)', 'wrong PIN (***)'],
    ['123456 is your shop code', '*** is your shop code'],
    ['the login took 1200 ms', 'the login took 1200 ms'],
    ['status code 503', 'status code 503'],
    ['exit code is 1234', 'exit code is 1234'],
    ['pin 12', 'pin 12'],
    ['one-time password 123456789', 'one-time password 123456789'],
  ];
  for (const [text, told] of cases) {
    it(`makes ${JSON.stringify(told)} of ${JSON.stringify(text)}`, () => {
      expect(hideCodes(text)).to.equal(told);
    });
  }
});
