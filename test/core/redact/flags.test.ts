import { expect } from 'chai';
import { hideFlags } from '../../../lib/core/redact/flags.js';

describe('to hide flags', () => {
  const cases: readonly (readonly [text: string, told: string])[] = [
    ['cli --password x run', 'cli --password *** run'],
    ['cli --password "x y" run', 'cli --password *** run'],
    ['cli --password --host h', 'cli --password --host h'],
    ['cli --host h', 'cli --host h'],
    ['cli --api-key x', 'cli --api-key ***'],
    ["[ '--token', 'x y' ]", "[ '--token', *** ]"],
    ['-p x', '-p ***'],
    ['mysql -pxyz db', 'mysql -p*** db'],
    ["[ '-pxyz' ]", "[ '-p***' ]"],
    ['cli --port 1', 'cli --port 1'],
    ['a-p x', 'a-p x'],
    ['-u app:x y', '-u app:*** y'],
    ['--user "app:x y" z', '--user "app:***" z'],
    ['-u app', '-u app'],
    ['redis-cli -h h -a x ping', 'redis-cli -h h -a *** ping'],
    ['ls -a x', 'ls -a x'],
  ];
  for (const [text, told] of cases) {
    it(`makes ${JSON.stringify(told)} of ${JSON.stringify(text)}`, () => {
      expect(hideFlags(text)).to.equal(told);
    });
  }
});
