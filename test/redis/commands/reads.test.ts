import { expect } from 'chai';
import { Pipeline } from '../../../lib/redis/commands/flow/pipeline.js';
import { ReplyGuard } from '../../../lib/redis/commands/flow/reply-guard.js';
import { BulkReads } from '../../../lib/redis/commands/reads/bulk-reads.js';
import { SingleReads } from '../../../lib/redis/commands/reads/single-reads.js';
import {
  classify,
  type Failure,
  HESITATES,
  IMPATIENT,
  TIMED_OUT,
} from '../../../lib/redis/failure.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ErrorReply } from '../fake-client.js';
import { FakeConnection, turn } from '../fake-connection.js';

const error = (message: string): Failure => classify(new ErrorReply(message));

const scene = (spared: readonly string[] = []) => {
  const clock = new ManualClock();
  const connection = new FakeConnection();
  const pipeline = new Pipeline(connection, clock);
  const options = {
    pipeline,
    guard: new ReplyGuard(connection),
    clock,
    commandTimeoutMs: 100,
    spare: (key: string) => spared.includes(key),
  };
  const single = new SingleReads(options);
  const bulk = new BulkReads(options);
  connection.listen({
    ended: () => pipeline.end(),
    hesitating: () => {
      single.spareAll();
      bulk.spareAll();
    },
  });
  return { clock, connection, single, bulk };
};

const keysOf = (count: number, name = 'k'): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);

const valuesOf = (args: readonly unknown[]): string[] => args.slice(1).map((key) => `=${key}`);

describe('a reply of MGET', () => {
  for (const count of [2, 4]) {
    it(`with ${count} values for 3 keys belongs to another command: the connection ends`, async () => {
      for (const lane of ['request', 'bulk'] as const) {
        const { connection, bulk } = scene();
        void bulk.getMany(['a', 'b', 'c'], lane);
        await turn();
        connection.take().answer(keysOf(count));
        await turn();
        expect(connection.lost?.reason).to.equal('protocol_error');
      }
    });
  }
});

describe('single reads', () => {
  it('of one turn go together: GET for one key, MGET of 64 for several', async () => {
    const { connection, single } = scene();
    const one = single.get('a');
    await turn();
    expect(connection.take().args).to.deep.equal(['GET', 'a']);
    const many = keysOf(70).map((key) => single.get(key));
    await turn();
    expect(connection.names).to.deep.equal(['MGET 64', 'MGET 6']);
    for (const { args, answer } of connection.sent) answer(valuesOf(args));
    expect(await Promise.all(many)).to.deep.equal(keysOf(70).map((key) => `=${key}`));
    void one;
  });

  it('give null, failures, and end the connection for a reply of another shape', async () => {
    const { connection, single } = scene();
    const reads = [single.get('a'), single.get('b')];
    await turn();
    connection.take().answer(['x']);
    const outcomes = (await Promise.all(reads)) as Failure[];
    expect(outcomes.map(({ reason }) => reason)).to.deep.equal([
      'protocol_error',
      'protocol_error',
    ]);
    expect(connection.lost?.reason).to.equal('protocol_error');
  });

  for (const message of [
    "CROSSSLOT Keys in request don't hash to the same slot",
    "ERR unknown command 'MGET'",
    "NOPERM this user has no permissions to run the 'mget' command",
  ]) {
    it(`ask one by one after ${message.split(' ')[0]}`, async () => {
      const { connection, single } = scene();
      const reads = [single.get('a'), single.get('b')];
      await turn();
      connection.take().answer(error(message));
      await turn();
      expect(connection.names).to.deep.equal(['GET 1', 'GET 1']);
      connection.take().answer('1');
      connection.take().answer(null);
      expect(await Promise.all(reads)).to.deep.equal(['1', null]);
      void single.get('c');
      void single.get('d');
      await turn();
      expect(connection.names).to.deep.equal(['GET 1', 'GET 1']);
      expect(connection.lost).to.equal(undefined);
    });
  }

  it('give the connection up where GET is forbidden', async () => {
    const { connection, single } = scene();
    const read = single.get('a');
    await turn();
    connection.take().answer(error("NOPERM this user has no permissions to run the 'get' command"));
    expect(await read).to.include({ kind: 'unavailable', reason: 'permission' });
    expect(connection.lost?.reason).to.equal('permission');
  });

  it('do not join those whose patience ended before they were sent', async () => {
    const { clock, connection, single } = scene();
    for (const key of keysOf(64 * 32)) void single.get(key);
    await turn();
    const impatient = single.get('a');
    await clock.advance(103);
    expect(await impatient).to.equal(IMPATIENT);
    const next = single.get('a');
    for (const { args, answer } of connection.sent.splice(0)) answer(valuesOf(args));
    await turn();
    connection.take().answer('1');
    expect(await next).to.equal('1');
  });

  it('have a patience, sent or not, and what was not sent is dropped', async () => {
    const { clock, connection, single } = scene();
    const reads = keysOf(70 * 32).map((key) => single.get(key));
    await turn();
    expect(connection.sent.length).to.equal(32);
    await clock.advance(103);
    const unsent = await Promise.all(reads.slice(64 * 32));
    expect(new Set(unsent)).to.deep.equal(new Set([IMPATIENT]));
    expect(await reads[0]).to.equal(IMPATIENT);
    const sent = connection.sent.splice(0);
    for (const { args, answer } of sent) answer(valuesOf(args));
    await turn();
    expect(connection.sent.length).to.equal(0);
    expect(connection.lost).to.equal(undefined);
  });

  it('end later than the deadline of their command, which tells more', async () => {
    const { clock, connection, single } = scene();
    const read = single.get('a');
    await turn();
    await clock.advance(100);
    connection.take().answer(TIMED_OUT);
    expect(await read).to.equal(TIMED_OUT);
    await clock.advance(10);
    expect(clock.pending).to.equal(0);
  });

  it('do not count time in which the process was busy', async () => {
    const { clock, connection, single } = scene();
    let idle = 0;
    clock.idleTime = () => idle;
    let outcome: unknown;
    void single.get('a').then((slot) => {
      outcome = slot;
    });
    await turn();
    await clock.advance(1_000);
    expect(outcome).to.equal(undefined);
    idle = 103;
    await clock.advance(200);
    expect(outcome).to.equal(IMPATIENT);
    void connection;
  });

  it('are spared when Redis hesitates, now or later', async () => {
    const { connection, single } = scene(['a', 'b']);
    const reads = ['a', 'x'].map((key) => single.get(key));
    await turn();
    connection.hesitate();
    expect(await reads[0]).to.equal(HESITATES);
    const [late, unspared] = [single.get('b'), single.get('y')];
    expect(await late).to.equal(HESITATES);
    expect(connection.names).to.deep.equal(['MGET 2', 'MGET 2']);
    connection.unanswered = 40;
    expect(await single.get('b')).to.equal(HESITATES);
    expect(connection.names.length).to.equal(2);
    connection.take().answer(['1', '2']);
    connection.take().answer(['3', '4']);
    expect([await reads[1], await unspared]).to.deep.equal(['2', '4']);
  });

  it('settle on a connection that has ended, sent or not', async () => {
    const { clock, connection, single } = scene();
    const reads = keysOf(70 * 32).map((key) => single.get(key));
    await turn();
    connection.lose(TIMED_OUT);
    const outcomes = new Set(await Promise.all(reads));
    expect(outcomes).to.deep.equal(new Set([TIMED_OUT]));
    expect(await single.get('later')).to.equal(TIMED_OUT);
    await clock.advance(200);
    expect(clock.pending).to.equal(0);
  });

  it('ask for fewer keys at once where values are large', async () => {
    const { connection, single } = scene();
    const first = single.get('a');
    await turn();
    connection.take().answer('x'.repeat(1_000_000));
    await first;
    for (const key of keysOf(32)) void single.get(key);
    await turn();
    expect(connection.names.slice(0, 3)).to.deep.equal(['MGET 2', 'MGET 2', 'MGET 2']);
    expect(connection.sent[0]?.cost.largest).to.equal(1_000_000);
    expect(connection.sent.length).to.be.below(6);
  });
});

describe('bulk reads', () => {
  it('ask for 128 keys at once, and give the replies in order', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(keysOf(300), 'bulk');
    await turn();
    expect(connection.names).to.deep.equal(['MGET 128', 'MGET 128', 'MGET 44']);
    for (const { args, answer } of [...connection.sent].reverse()) answer(valuesOf(args));
    expect(await read).to.deep.equal(keysOf(300).map((key) => `=${key}`));
    expect(await bulk.getMany([], 'bulk')).to.deep.equal([]);
  });

  it('give the reply of one command as it is', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(['a', 'b'], 'request');
    await turn();
    const reply = ['1', null];
    connection.take().answer(reply);
    expect(await read).to.equal(reply);
  });

  it('ask for one key with GET', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(['a'], 'request');
    await turn();
    const { args, answer } = connection.take();
    expect(args).to.deep.equal(['GET', 'a']);
    answer('1');
    expect(await read).to.deep.equal(['1']);
  });

  it('wait behind the window, and requests overtake', async () => {
    const { connection, bulk, single } = scene();
    const many = bulk.getMany(keysOf(128 * 100), 'bulk');
    await turn();
    const inWindow = connection.sent.length;
    expect(inWindow).to.equal(8);
    void single.get('urgent');
    await turn();
    expect(connection.names.at(-1)).to.equal('GET 1');
    for (let i = 0; i < 200 && connection.sent.length > 0; i++) {
      const { args, answer } = connection.take();
      answer(args[0] === 'GET' ? null : valuesOf(args));
      await Promise.resolve();
      await Promise.resolve();
    }
    expect((await many).length).to.equal(12_800);
  });

  it('ask again for what was overtaken by its deadline while Redis answered', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(keysOf(256), 'bulk');
    await turn();
    const [first, second] = [connection.take(), connection.take()];
    first.answer(valuesOf(first.args));
    await turn();
    second.answer(TIMED_OUT);
    await turn();
    const again = connection.take();
    expect(again.args).to.deep.equal(second.args);
    again.answer(TIMED_OUT);
    const slots = await read;
    expect([slots[0], slots[127], slots[128]]).to.deep.equal(['=k0', '=k127', TIMED_OUT]);
  });

  it('ask one by one where MGET does not work', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(['a', 'b', 'c'], 'request');
    await turn();
    connection.take().answer(error("CROSSSLOT Keys in request don't hash to the same slot"));
    await turn();
    expect(connection.names).to.deep.equal(['GET 1', 'GET 1', 'GET 1']);
    for (const { args, answer } of connection.sent) answer(`=${args[1]}`);
    expect(await read).to.deep.equal(['=a', '=b', '=c']);
  });

  it('end the connection for a reply of another shape', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(['a', 'b'], 'request');
    await turn();
    connection.take().answer(['1', 2]);
    expect((await read)[0]).to.include({ reason: 'protocol_error' });
    expect(connection.lost?.reason).to.equal('protocol_error');
  });

  it('are spared key by key when Redis hesitates', async () => {
    const { connection, bulk } = scene(['a', 'b']);
    const all = bulk.getMany(['a', 'b'], 'request');
    const some = bulk.getMany(['a', 'x'], 'request');
    await turn();
    connection.hesitate();
    expect(await all).to.deep.equal([HESITATES, HESITATES]);
    const later = bulk.getMany(['b'], 'request');
    expect(await later).to.deep.equal([HESITATES]);
    connection.take().answer(['1', '2']);
    connection.take().answer(['3', '4']);
    expect(await some).to.deep.equal([HESITATES, '4']);
  });

  it('settle when the connection ends, sent or not', async () => {
    const { connection, bulk } = scene();
    const read = bulk.getMany(keysOf(128 * 100), 'bulk');
    await turn();
    connection.lose(TIMED_OUT);
    expect(new Set(await read)).to.deep.equal(new Set([TIMED_OUT]));
  });
});
