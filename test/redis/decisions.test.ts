import { expect } from 'chai';
import type { Lineage } from '../../lib/redis/commands/replies.js';
import { type Found, judge, newLineageId } from '../../lib/redis/door/lineage.js';
import { ServerClock } from '../../lib/redis/door/server-clock.js';
import { classify } from '../../lib/redis/failure.js';
import { ManualClock } from '../support/manual-clock.js';

describe('what an error says of Redis', () => {
  class ErrorReply extends Error {}
  class SocketClosedUnexpectedlyError extends Error {}
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
    [new ErrorReply('WRONGTYPE Operation against a key'), 'command', 'protocol_error'],
    [new ErrorReply('ERR syntax error'), 'command', 'protocol_error'],
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
});

describe('the judgement of what a connection finds', () => {
  const mine: Lineage = { id: '5-a', count: 100, generation: 'g1', runId: 'r1' };
  const record = (id: string, count: number): Found['record'] => ({ id, count, generation: 'g9' });
  const found = (part: Partial<Found>): Found => ({
    record: undefined,
    runId: 'r2',
    isEmpty: false,
    ...part,
  });
  const cases: readonly (readonly [string, Lineage | undefined, Found, string, boolean?])[] = [
    ['nothing remembered, nothing found', undefined, found({}), 'create', false],
    ['nothing remembered', undefined, found({ record: record('1-x', 7) }), 'continue'],
    ['the same, where it was', mine, found({ record: record('5-a', 100) }), 'continue'],
    ['the same, further on', mine, found({ record: record('5-a', 101) }), 'continue'],
    ['the same, further back', mine, found({ record: record('5-a', 99) }), 'amnesia'],
    ['a younger lineage', mine, found({ record: record('6-b', 1) }), 'continue'],
    ['an older lineage', mine, found({ record: record('4-b', 500) }), 'amnesia'],
    ['nothing, in an empty Redis', mine, found({ isEmpty: true }), 'create', false],
    ['nothing, where there are entries', mine, found({}), 'create', true],
    ['nothing, in the same process', mine, found({ runId: 'r1' }), 'continue'],
    ['nothing, and the process is not known', mine, found({ runId: '' }), 'create', true],
  ];
  for (const [what, remembered, here, kind, isAmnesia] of cases) {
    it(`${what}: ${kind}`, () => {
      const judgement = judge(remembered, here);
      expect(judgement.kind).to.equal(kind);
      if (judgement.kind === 'create') expect(judgement.isAmnesia).to.equal(isAmnesia);
    });
  }

  it('keeps the generation of an empty Redis, and no other', () => {
    expect(judge(mine, found({ isEmpty: true }))).to.include({ generation: 'g1' });
    expect(judge(mine, found({}))).not.to.include({ generation: 'g1' });
  });

  it('orders lineages by their birth', () => {
    expect(newLineageId(1_000) < newLineageId(2_000)).to.equal(true);
  });
});

describe('the server’s clock', () => {
  it('is the wall clock until a reply says more', () => {
    const clock = new ManualClock();
    expect(new ServerClock(clock).now()).to.equal(clock.wallNow());
  });

  it('believes the shortest round trip, unless a reply contradicts it or it is old', async () => {
    const clock = new ManualClock();
    const server = new ServerClock(clock);
    const observe = async (serverMs: number, roundTripMs: number): Promise<number> => {
      const sentAt = clock.now();
      await clock.advance(roundTripMs);
      server.observe(serverMs, sentAt);
      return server.now() - clock.now();
    };
    const offset = 5_000_000;
    const at = (): number => clock.now() + offset;
    expect(await observe(at() + 1, 2)).to.be.closeTo(offset, 0.01);
    expect(await observe(at() + 90, 100)).to.be.closeTo(offset, 0.01);
    expect(await observe(at() + 60_000, 2)).to.be.closeTo(offset + 59_999, 0.01);
    await clock.advance(10_000);
    expect(await observe(at() + 59_999 + 45, 80)).to.be.closeTo(offset + 60_004, 0.01);
  });

  it('stamps each moment above the last, and knows how late it can be', () => {
    const clock = new ManualClock();
    const server = new ServerClock(clock);
    server.observe(clock.wallNow(), clock.now());
    const stamps = Array.from({ length: 100 }, () => server.nextStamp());
    expect([...stamps].sort()).to.deep.equal(stamps);
    expect(new Set(stamps).size).to.equal(100);
    expect(server.latestMicros()).to.be.greaterThan(server.now() * 1_000);
  });
});
