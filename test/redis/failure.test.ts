import { expect } from 'chai';
import { classify, HESITATES, IMPATIENT, TIMED_OUT } from '../../lib/redis/failure.js';

describe('what an error says of Redis', () => {
  class ErrorReply extends Error {}
  class SocketClosedUnexpectedlyError extends Error {}
  /** As a Redis before version 7 says it. */
  const inScript = (message: string): Error =>
    new ErrorReply(`ERR Error running script (call to f_1): @user_script:5: ${message}`);
  const coded = (code: string): Error => Object.assign(new Error('x'), { code });
  const cases: readonly (readonly [unknown, string, string])[] = [
    [new ErrorReply('LOADING Redis is loading the dataset in memory'), 'unavailable', 'loading'],
    [new ErrorReply('MASTERDOWN Link with MASTER is down'), 'unavailable', 'master_down'],
    [new ErrorReply('CLUSTERDOWN Hash slot not served'), 'unavailable', 'cluster_down'],
    [new ErrorReply('BUSY Redis is busy running a script'), 'unavailable', 'busy'],
    [new ErrorReply('NOAUTH Authentication required.'), 'unavailable', 'authentication'],
    [new ErrorReply('WRONGPASS invalid username-password pair'), 'unavailable', 'authentication'],
    [new ErrorReply('NOPERM this user has no permissions'), 'command', 'permission'],
    [
      new ErrorReply("READONLY You can't write against a read only replica."),
      'writes',
      'read_only',
    ],
    [new ErrorReply('NOREPLICAS Not enough good replicas to write.'), 'writes', 'read_only'],
    [
      new ErrorReply("OOM command not allowed when used memory > 'maxmemory'."),
      'writes',
      'out_of_memory',
    ],
    [
      new ErrorReply('MISCONF Redis is configured to save RDB snapshots'),
      'writes',
      'persistence_failing',
    ],
    [new ErrorReply('ERR max number of clients reached'), 'unavailable', 'max_clients'],
    [new ErrorReply('ERR DB index is out of range'), 'unavailable', 'no_database'],
    [new ErrorReply('ERR invalid DB index'), 'unavailable', 'no_database'],
    [new ErrorReply("ERR unknown command 'SELECT', with args: 3"), 'unavailable', 'no_database'],
    [new ErrorReply("ERR unknown command 'SET', with args: select"), 'command', 'permission'],
    [new ErrorReply('ERR SELECT is not allowed in cluster mode'), 'unavailable', 'cluster_node'],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'unavailable', 'certificate'],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'unavailable', 'certificate'],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'unavailable', 'certificate'],
    [coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'unavailable', 'certificate'],
    [coded('CERT_HAS_EXPIRED'), 'unavailable', 'certificate'],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'unavailable', 'certificate'],
    [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'unavailable', 'certificate'],
    [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'unavailable', 'tls_mismatch'],
    [coded('EPROTO'), 'unavailable', 'tls_mismatch'],
    [new Error('Unknown RESP type 21 "\u0015"'), 'unavailable', 'tls_mismatch'],
    [new ErrorReply('WRONGTYPE Operation against a key'), 'command', 'protocol_error'],
    [new ErrorReply('ERR syntax error'), 'command', 'protocol_error'],
    [new ErrorReply("ERR unknown command 'MGET'"), 'command', 'permission'],
    [
      inScript("-OOM command not allowed when used memory > 'maxmemory'."),
      'writes',
      'out_of_memory',
    ],
    [inScript("-READONLY You can't write against a read only replica."), 'writes', 'read_only'],
    [inScript('something else'), 'command', 'protocol_error'],
    [coded('ECONNREFUSED'), 'unavailable', 'connection_refused'],
    [coded('ECONNRESET'), 'unavailable', 'connection_lost'],
    [coded('EPIPE'), 'unavailable', 'connection_lost'],
    [coded('ENOTFOUND'), 'unavailable', 'host_not_found'],
    [coded('EAI_AGAIN'), 'unavailable', 'host_not_found'],
    [coded('ETIMEDOUT'), 'unavailable', 'timeout'],
    [new AggregateError([coded('ECONNREFUSED')], ''), 'unavailable', 'connection_refused'],
    [new SocketClosedUnexpectedlyError('x'), 'unavailable', 'connection_lost'],
    [new Error('Unknown RESP type 72 "H"'), 'unavailable', 'protocol_error'],
    [new Error('anything else'), 'unavailable', 'connection_failed'],
    ['a text', 'unavailable', 'connection_failed'],
  ];
  for (const [error, kind, reason] of cases) {
    it(`${String(error)} is ${kind}, ${reason}`, () => {
      expect(classify(error)).to.include({ kind, reason });
    });
  }

  it('tells a refused command from others', () => {
    const messages = [
      "ERR unknown command 'SCAN'",
      'NOPERM no permissions',
      "ERR The user executing the script can't run this command or subcommand script: 1f, on @user_script:20.",
      'ERR syntax error',
    ];
    const failures = messages.map((message) => classify(new ErrorReply(message)));
    expect(failures.map(({ isRefusal }) => isRefusal)).to.deep.equal([true, true, true, false]);
    expect(failures[2]?.reason).to.equal('permission');
  });

  it('tells the impatience of callers from a fault of Redis', () => {
    const all = [HESITATES, IMPATIENT, TIMED_OUT];
    expect(all.map(({ isImpatient }) => isImpatient)).to.deep.equal([true, true, false]);
  });
});
