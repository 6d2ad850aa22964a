import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { RedisConnection } from '../../../lib/redis/connection/redis-connection.js';
import { NO_PROGRESS, type Progress } from '../../../lib/redis/connection/socket-meter.js';
import { Failure } from '../../../lib/redis/failure.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ErrorReply, FakeClient } from '../fake-client.js';

const SMALL = { keys: 1, bytes: 50 };

describe('a connection of a node-redis client', () => {
  const scene = ({ isOurs = true, progress = NO_PROGRESS } = {}) => {
    const clock = new ManualClock();
    const client = new FakeClient();
    const lost: string[] = [];
    const connection = new RedisConnection({
      client,
      clock,
      commandTimeoutMs: 100,
      isOurs,
      progress,
      onLost: (failure) => lost.push(failure.reason),
    });
    connection.start();
    const outcome = async (cost = SMALL): Promise<string> => {
      const reply = await connection.send(['GET', 'k'], cost);
      return reply instanceof Failure ? `${reply.kind} ${reply.reason}` : String(reply);
    };
    return { clock, client, connection, lost, outcome };
  };

  it('gives the reply, and nothing rejects', async () => {
    const { client, connection, outcome } = scene();
    const [good, bad] = [outcome(), outcome()];
    client.sent[0]?.resolve('value');
    client.sent[1]?.reject(new ErrorReply('WRONGTYPE Operation against a key'));
    expect([await good, await bad]).to.deep.equal(['value', 'command protocol_error']);
    expect(connection.unanswered).to.equal(0);
  });

  it('gives a command the more time the more is unanswered', async () => {
    const { clock, outcome } = scene();
    let isSettled = false;
    const large = outcome({ keys: 1_000, bytes: 5_000_000 }).then(() => {
      isSettled = true;
    });
    await clock.advance(609);
    expect(isSettled).to.equal(false);
    await clock.advance(2);
    await large;
    expect(isSettled).to.equal(true);
  });

  it('waits for the largest reply that may come first', async () => {
    const { clock, connection } = scene();
    let isSettled = false;
    const sent = connection.send(['GET', 'k'], { ...SMALL, largest: 2_000_000 });
    void sent.then(() => {
      isSettled = true;
    });
    await clock.advance(250);
    expect(isSettled).to.equal(false);
    await clock.advance(60);
    expect(isSettled).to.equal(true);
  });

  it('ends when three in a row are missing, and settles all', async () => {
    const { clock, client, connection, lost, outcome } = scene();
    const all = Promise.all([outcome(), outcome(), outcome(), outcome()]);
    await clock.advance(103);
    expect(await all).to.deep.equal(new Array(4).fill('unavailable timeout'));
    expect(lost).to.deep.equal(['timeout']);
    expect(client.destroyed).to.be.above(0);
    expect(await outcome()).to.equal('unavailable timeout');
    expect(connection.unanswered).to.equal(4);
  });

  it('counts from zero after an answer in time, but not after a late one', async () => {
    const { clock, client, lost, outcome } = scene();
    const missing = async (): Promise<void> => {
      void outcome();
      await clock.advance(101);
      client.sent.at(-1)?.resolve('late');
      await clock.advance(0);
    };
    await missing();
    await missing();
    const good = outcome();
    client.sent.at(-1)?.resolve('in time');
    expect(await good).to.equal('in time');
    await missing();
    await missing();
    expect(lost).to.deep.equal([]);
    await missing();
    expect(lost).to.deep.equal(['timeout']);
  });

  it('gives late answers while Redis answers anything, and ends after three of them in a row', async () => {
    const { clock, client, lost, outcome } = scene();
    const replies = Array.from({ length: 6 }, () => outcome());
    for (let i = 0; i < 5; i++) {
      await clock.advance(80);
      client.sent[i]?.resolve(`${i}`);
      await clock.advance(0);
    }
    expect(await Promise.all(replies)).to.deep.equal([
      '0',
      '1',
      '2',
      'unavailable timeout',
      'unavailable timeout',
      'unavailable timeout',
    ]);
    expect(lost).to.deep.equal(['timeout']);
  });

  it('does not end because of a large reply for which others had to wait', async () => {
    const progress: Progress = { replied: () => {}, hasMoved: () => true, arrived: () => 0 };
    const { clock, client, lost, outcome } = scene({ progress });
    const large = outcome();
    const others = [outcome(), outcome(), outcome()];
    await clock.advance(1_000);
    for (const { resolve } of client.sent) resolve('value');
    expect(await Promise.all([large, ...others])).to.deep.equal(new Array(4).fill('value'));
    expect(lost).to.deep.equal([]);
  });

  it('ends when a lone command stays without an answer for three deadlines', async () => {
    const { clock, lost, outcome } = scene();
    void outcome();
    await clock.advance(299);
    expect(lost).to.deep.equal([]);
    await clock.advance(5);
    expect(lost).to.deep.equal(['timeout']);
  });

  it('does not end when the lone command was answered late', async () => {
    const { clock, client, lost, outcome } = scene();
    void outcome();
    await clock.advance(150);
    client.sent[0]?.resolve('late');
    await clock.advance(1_000);
    expect(lost).to.deep.equal([]);
  });

  it('is lost with its client, and tells listeners after it settled all', async () => {
    const { client, connection, lost, outcome } = scene();
    const order: string[] = [];
    connection.listen({ ended: (failure) => order.push(`ended ${failure.reason}`) });
    const pending = outcome().then((reply) => order.push(reply));
    client.emit('error', Object.assign(new Error('x'), { code: 'ECONNRESET' }));
    client.emit('end');
    await pending;
    expect(lost).to.deep.equal(['connection_lost']);
    expect(order).to.deep.equal(['ended connection_lost', 'unavailable connection_lost']);
  });

  it('is lost when Redis cannot serve at all', async () => {
    const { client, lost, outcome } = scene();
    const reply = outcome();
    client.sent[0]?.reject(new ErrorReply('LOADING Redis is loading the dataset in memory'));
    expect(await reply).to.equal('unavailable loading');
    expect(lost).to.deep.equal(['loading']);
  });

  it('leaves no listener on a client that is not ours, and does not destroy it', () => {
    const { client, connection } = scene({ isOurs: false });
    expect(client.listenersInAll).to.be.above(0);
    connection.dispose();
    expect([client.listenersInAll, client.destroyed]).to.deep.equal([0, 0]);
  });

  it('says once that Redis hesitates, and passes on what the server says unasked', async () => {
    const { clock, client, connection, outcome } = scene();
    const heard: string[] = [];
    const leave = connection.listen({
      hesitating: () => heard.push('hesitating'),
      message: (message) => heard.push(message.join(' ')),
    });
    void outcome();
    await clock.advance(40);
    expect([heard, connection.hesitates]).to.deep.equal([['hesitating'], true]);
    client.emit('invalidate', 'key');
    leave();
    client.emit('invalidate', 'other');
    expect(heard).to.deep.equal(['hesitating', 'invalidate key']);
  });

  it('starts its timers in no context of a caller', () => {
    const storage = new AsyncLocalStorage<string>();
    const stores: (string | undefined)[] = [];
    class WatchedClock extends ManualClock {
      override setTimer(callback: () => void, ms: number): ReturnType<ManualClock['setTimer']> {
        stores.push(storage.getStore());
        return super.setTimer(callback, ms);
      }
    }
    const connection = new RedisConnection({
      client: new FakeClient(),
      clock: new WatchedClock(),
      commandTimeoutMs: 100,
      isOurs: true,
      progress: NO_PROGRESS,
      onLost: () => {},
    });
    storage.run('request', () => void connection.send(['GET', 'k'], SMALL));
    expect(stores).to.deep.equal([undefined, undefined]);
  });
});
