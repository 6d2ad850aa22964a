import { expect } from 'chai';
import { SWEEP } from '../../lib/redis/commands/scripts.js';
import { ErrorReply } from '../../lib/testing/scripted-redis/reply.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';

const START_MS = Date.UTC(2026, 0, 1);

describe('the scripted Redis', () => {
  let nowMs: number;
  let redis: ScriptedRedis;

  beforeEach(() => {
    nowMs = START_MS;
    redis = new ScriptedRedis(() => nowMs);
  });

  const other = (): ScriptedRedis => new ScriptedRedis(() => nowMs);

  function idsOf(server: ScriptedRedis): string {
    return `${server.runId} ${server.replicationId}`;
  }

  it('reads the bytes of a buffer, whatever its toString() says', () => {
    const value = Buffer.from('é');
    value.toString = () => '?';
    redis.execute(['SET', 'key', value]);
    expect(redis.execute(['GET', 'key'])).to.equal('é');
    expect(redis.execute(['GETRANGE', Buffer.from('key'), '1', '1'])).to.equal('\ufffd');
    expect(redis.peek('key')).to.equal('é');
  });

  it('knows the time from its function, and from the steps of its clock', () => {
    expect(redis.execute(['TIME'])).to.deep.equal([`${START_MS / 1_000}`, '0']);
    nowMs += 0.5;
    redis.stepClock(-1_000);
    expect(redis.execute(['TIME'])).to.deep.equal([`${START_MS / 1_000 - 1}`, '500']);
    expect(redis.now()).to.equal(START_MS - 999.5);
  });

  it('ends lives by its own clock', () => {
    redis.execute(['SET', 'key', 'x', 'PX', '100']);
    expect(redis.msLeft('key')).to.equal(100);
    nowMs += 100;
    expect(redis.keys()).to.deep.equal(['key']);
    redis.stepClock(1);
    expect(redis.keys()).to.deep.equal([]);
    expect(redis.msLeft('key')).to.equal(undefined);
  });

  it('counts the commands that it was asked', () => {
    redis.execute(['GET', 'a']);
    redis.execute(['get', 'b']);
    redis.execute(['odd']);
    expect([redis.calls('GET'), redis.calls('ODD'), redis.calls('SET')]).to.deep.equal([2, 1, 0]);
  });

  it('loses any key', () => {
    redis.execute(['SET', 'key', 'x']);
    expect(redis.evict('key')).to.equal(true);
    expect(redis.evict('key')).to.equal(false);
    expect(redis.execute(['GET', 'key'])).to.equal(null);
  });

  it('meets each key that stays, however the others come and go during a SCAN', () => {
    for (let i = 0; i < 30; i++) redis.execute(['SET', `k${i}`, 'x']);
    const found = new Set<string>();
    let cursor = '0';
    let step = 0;
    do {
      const page = redis.execute(['SCAN', cursor, 'MATCH', 'k*', 'COUNT', '4']);
      const [next, keys] = page as [string, string[]];
      for (const key of keys) found.add(key);
      cursor = next;
      redis.execute(['DEL', `k${step}`, `k${29 - step}`]);
      redis.execute(['SET', `other${step++}`, 'x']);
    } while (cursor !== '0');
    for (let i = step; i < 30 - step; i++) expect(found).to.include(`k${i}`);
    expect(step).to.be.above(5);
  });

  it('knows the scripts of this package, and no others', () => {
    const reply = redis.execute(['EVAL', 'return 1', '0']);
    expect((reply as ErrorReply).message).to.match(/does not know this script/);
  });

  it('sweeps no text of another application that begins as a lease does', () => {
    const texts = ['London', 'London is a town of some size', 'L'.repeat(60)];
    texts.forEach((text, i) => void redis.execute(['SET', `town${i}`, text]));
    redis.execute(['SET', 'lease', `Ltoken00001${START_MS}`]);
    const keys = [...redis.keys()];
    const perKey = keys.flatMap(() => ['9', 'fingerp1']);
    redis.execute(['EVAL', SWEEP.source, `${keys.length}`, ...keys, 'echo', ...perKey]);
    expect(redis.keys().map((key) => redis.peek(key))).to.deep.equal(texts);
  });

  describe('started again', () => {
    beforeEach(() => {
      redis.execute(['SET', 'saved', '1', 'PX', '1000']);
      redis.save();
      redis.execute(['SET', 'saved', '2']);
      redis.execute(['HSET', 'hash', 'a', '1']);
      redis.execute(['DEL', 'saved']);
    });

    it('is another process without scripts, and without refusals', () => {
      const before = idsOf(redis);
      redis.execute(['SCRIPT', 'LOAD', 'return 1']);
      redis.refuse('OOM');
      redis.restart({ from: 'nothing' });
      expect(redis.runId).to.not.equal(before.split(' ')[0]);
      expect(redis.replicationId).to.not.equal(before.split(' ')[1]);
      const sha = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';
      expect(redis.execute(['SCRIPT', 'EXISTS', sha])).to.deep.equal([0]);
      expect(redis.execute(['SET', 'key', 'x'])).to.equal('OK');
    });

    it('has nothing', () => {
      redis.restart({ from: 'nothing' });
      expect(redis.keys()).to.deep.equal([]);
    });

    it('has its dump, without what has expired since', () => {
      redis.restart({ from: 'dump' });
      expect(redis.peek('saved')).to.equal('1');
      nowMs += 1_001;
      redis.restart({ from: 'dump' });
      expect(redis.keys()).to.deep.equal([]);
    });

    for (const [without, left] of [
      [0, { hash: { a: '1' } }],
      [1, { saved: '2', hash: { a: '1' } }],
      [2, { saved: '2' }],
      [3, { saved: '1' }],
      [9, {}],
    ] as const) {
      it(`has all but what the last ${without} commands changed`, () => {
        redis.execute(['GET', 'hash']);
        redis.restart({ from: 'log', without });
        expect(Object.fromEntries(redis.keys().map((key) => [key, redis.peek(key)]))).to.deep.equal(
          left,
        );
      });
    }

    it('loses a command of many changes as a whole', () => {
      redis.execute(['SET', 'another', '1']);
      redis.execute(['FLUSHALL']);
      redis.restart({ from: 'log', without: 1 });
      expect(redis.keys()).to.deep.equal(['hash', 'another']);
    });
  });

  describe('as a replica', () => {
    let replica: ScriptedRedis;

    beforeEach(() => {
      redis.execute(['SET', 'a', '1']);
      replica = other();
      replica.execute(['SET', 'own', '1']);
      replica.replicaOf(redis);
    });

    it('has the data and the replication id of its master, and its own run id', () => {
      expect(replica.keys()).to.deep.equal(['a']);
      expect(replica.replicationId).to.equal(redis.replicationId);
      expect(replica.runId).to.not.equal(redis.runId);
      expect([redis.role, replica.role]).to.deep.equal(['master', 'replica']);
      expect(replica.execute(['INFO', 'replication'])).to.match(/role:slave\r\n/);
      expect(redis.execute(['INFO', 'replication'])).to.match(/connected_slaves:1\r\n/);
    });

    it('follows, evictions included, and refuses writes', () => {
      redis.execute(['SET', 'b', '2', 'PX', '50']);
      redis.evict('a');
      expect(replica.keys()).to.deep.equal(['b']);
      expect(replica.msLeft('b')).to.equal(50);
      expect(replica.execute(['SET', 'c', '3'])).to.be.instanceOf(ErrorReply);
      redis.execute(['FLUSHALL']);
      expect(replica.keys()).to.deep.equal([]);
    });

    it('lags, catches up in part, and is promoted without the rest', () => {
      replica.lag();
      for (const key of ['b', 'c', 'd']) redis.execute(['SET', key, '1']);
      expect(replica.behind).to.equal(3);
      replica.catchUp(2);
      expect(replica.keys()).to.deep.equal(['a', 'b', 'c']);
      const before = idsOf(replica);
      replica.replicaOf(undefined);
      expect(replica.runId).to.equal(before.split(' ')[0]);
      expect(replica.replicationId).to.not.equal(redis.replicationId);
      redis.execute(['SET', 'e', '1']);
      expect(replica.keys()).to.deep.equal(['a', 'b', 'c']);
      expect(replica.execute(['SET', 'f', '1'])).to.equal('OK');
    });

    it('catches up with everything, and follows at once again', () => {
      replica.lag();
      redis.execute(['SET', 'b', '1']);
      replica.catchUp();
      redis.execute(['SET', 'c', '1']);
      expect(replica.keys()).to.deep.equal(['a', 'b', 'c']);
    });

    it('takes over what its master finds when that starts again', () => {
      redis.restart({ from: 'nothing' });
      expect(replica.keys()).to.deep.equal([]);
      expect(replica.replicationId).to.equal(redis.replicationId);
    });

    it('changes its replication id twice when it follows and is a master again', () => {
      const third = other();
      const ids = [replica.replicationId];
      replica.replicaOf(third);
      ids.push(replica.replicationId);
      replica.replicaOf(undefined);
      ids.push(replica.replicationId);
      expect(new Set(ids).size).to.equal(3);
      expect(ids[1]).to.equal(third.replicationId);
    });
  });
});
