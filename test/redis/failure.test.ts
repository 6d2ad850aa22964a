import { expect } from 'chai';
import { classify, HESITATES, IMPATIENT, TIMED_OUT } from '../../lib/redis/failure.js';
import { ErrorReply } from './fake-client.js';

describe('what an error says of a command', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["ERR unknown command 'MGET', with args beginning with: 'a'", 'command', 'permission'],
    ["NOPERM this user has no permissions to run the 'scan' command", 'command', 'permission'],
    [
      "ERR Error running script (call to f_1): @user_script:5: @user_script: 5: -OOM command not allowed when used memory > 'maxmemory'.",
      'writes',
      'out_of_memory',
    ],
    [
      "ERR Error running script (call to f_1): @user_script:5: -READONLY You can't write against a read only replica.",
      'writes',
      'read_only',
    ],
    [
      'ERR Error running script (call to f_1): @user_script:5: something',
      'command',
      'protocol_error',
    ],
  ];
  for (const [message, kind, reason] of cases) {
    it(`${message.slice(0, 90)} is ${kind}, ${reason}`, () => {
      expect(classify(new ErrorReply(message))).to.include({ kind, reason });
    });
  }

  it('tells a refused command from others', () => {
    const refusals = cases.map(([message]) => classify(new ErrorReply(message)).isRefusal);
    expect(refusals).to.deep.equal([true, true, false, false, false]);
  });

  it('tells the impatience of callers from a fault of Redis', () => {
    const all = [HESITATES, IMPATIENT, TIMED_OUT];
    expect(all.map(({ isImpatient }) => isImpatient)).to.deep.equal([true, true, false]);
  });
});
