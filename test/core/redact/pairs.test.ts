import { expect } from 'chai';
import { hidePairs } from '../../../lib/core/redact/pairs.js';

describe('to hide pairs', () => {
  const cases: readonly (readonly [text: string, told: string])[] = [
    ['password=x user=a', 'password=*** user=a'],
    ['user=a', 'user=a'],
    ['"password": "x y", "a": 1', '"password": "***", "a": 1'],
    ['config["token"] = "x y"', 'config["token"] = "***"'],
    ["{ [Symbol(pin)]: 'x y' }", "{ [Symbol(pin)]: '***' }"],
    ['API key: x', 'API key: ***'],
    ['session id = x', 'session id = ***'],
    ['primary key: x', 'primary key: x'],
    ['?key=x&b=1', '?key=***&b=1'],
    ['key=x', 'key=x'],
    ['token%3Dx', 'token%3D***'],
    ["['password', 'x y']", "['password', '***']"],
    ["['name', 'x y']", "['name', 'x y']"],
    ['name: pin, value: x', 'name: pin, value: ***'],
    ['name: size, value: x', 'name: size, value: x'],
    ['cookie: a=b; c=d\nhost: h', 'cookie: ***\nhost: h'],
    ['https://token:x@h', 'https://token:x@h'],
    ['password == "x y"', 'password == "***"'],
    ['password -> x', 'password -> ***'],
    ['Key (token)=(x y) exists', 'Key (token)=*** exists'],
    ['password:', 'password:'],
  ];
  for (const [text, told] of cases) {
    it(`makes ${JSON.stringify(told)} of ${JSON.stringify(text)}`, () => {
      expect(hidePairs(text)).to.equal(told);
    });
  }
});
