import { expect } from 'chai';
import type { Connection } from '../../../lib/redis/connection/connection.js';
import { CLOSED, Failure } from '../../../lib/redis/failure.js';

/** A connection under test, which is open. Redis answers by itself. */
export interface ConnectionSubject {
  readonly connection: Connection;
  /** How `onLost` was called. */
  readonly lost: readonly Failure[];
  /** From now on Redis answers nothing, and executes nothing. */
  hang(): void;
  thaw(): void;
  /** Redis, or the network, ends the connection. */
  cut(): Promise<void> | void;
  /** The server sends a message that this key was changed. */
  invalidate(key: string): Promise<void> | void;
  /** Lets time pass until the condition holds. */
  until(condition: () => boolean, what: string): Promise<void>;
  stop(): Promise<void> | void;
}

export interface ConnectionKind {
  readonly name: string;
  /** Whether the server sends messages that are no replies. */
  readonly hasMessages: boolean;
  make(): Promise<ConnectionSubject> | ConnectionSubject;
}

const COST = { keys: 1, bytes: 50 };

const GONE = new Failure('unavailable', 'data_replaced', new Error('ended by the test'));

/** What every Connection promises to the commands and the door. */
export function connectionConformance(kind: ConnectionKind): void {
  describe(`the connection port: ${kind.name}`, () => {
    let subject: ConnectionSubject;
    let connection: Connection;

    beforeEach(async () => {
      subject = await kind.make();
      ({ connection } = subject);
    });

    afterEach(async () => {
      subject.thaw();
      connection.dispose();
      await subject.stop();
    });

    const send = (...args: (string | Buffer)[]): Promise<unknown> => connection.send(args, COST);

    it('answers in the order of the calls, and executes them in that order', async () => {
      const order: number[] = [];
      const calls = [
        send('SET', 'k', 'one'),
        send('GET', 'k'),
        send('SET', 'k', 'two'),
        send('GET', 'k'),
        send('DEL', 'k'),
        send('GET', 'k'),
      ];
      for (const [i, call] of calls.entries()) void call.then(() => order.push(i));
      const replies = await Promise.all(calls);
      expect(replies).to.deep.equal(['OK', 'one', 'OK', 'two', 1, null]);
      expect(order).to.deep.equal([0, 1, 2, 3, 4, 5]);
    });

    it('sends texts and buffers alike', async () => {
      await send('SET', Buffer.from('ké'), Buffer.from('wért'));
      expect(await send('GET', 'ké')).to.equal('wért');
    });

    it('resolves to a failure where Redis answers with an error, and lives on', async () => {
      await send('SET', 'k', 'text');
      const reply = await send('HGET', 'k', 'field');
      expect(reply).to.be.instanceOf(Failure);
      expect(reply).to.include({ kind: 'command' });
      expect((reply as Failure).isAbout('WRONGTYPE')).to.equal(true);
      expect(await send('GET', 'k')).to.equal('text');
      expect(subject.lost).to.deep.equal([]);
    });

    it('counts the commands that Redis has not answered', async () => {
      expect(connection.unanswered).to.equal(0);
      subject.hang();
      const calls = [send('GET', 'a'), send('GET', 'b')];
      expect(connection.unanswered).to.equal(2);
      subject.thaw();
      await Promise.all(calls);
      expect(connection.unanswered).to.equal(0);
      expect(connection.arrived).to.equal(0);
    });

    it('begins to hesitate once when answers take long, and ends with an answer', async () => {
      let times = 0;
      connection.listen({ hesitating: () => times++ });
      await send('GET', 'a');
      expect(connection.hesitates).to.equal(false);
      subject.hang();
      const calls = [send('GET', 'a'), send('GET', 'b')];
      await subject.until(() => connection.hesitates, 'it hesitates');
      expect(times).to.equal(1);
      subject.thaw();
      await Promise.all(calls);
      expect([connection.hesitates, times]).to.deep.equal([false, 1]);
    });

    it('settles every command of a Redis that hangs, and is lost', async () => {
      subject.hang();
      const calls = [send('GET', 'a'), send('GET', 'b')];
      await subject.until(() => subject.lost.length > 0, 'it is lost');
      for (const reply of await Promise.all(calls)) {
        expect(reply).to.include({ kind: 'unavailable', reason: 'timeout' });
      }
      expect(subject.lost.map(({ reason }) => reason)).to.deep.equal(['timeout']);
    });

    it('settles every command when it is cut, and tells once', async () => {
      const ended: Failure[] = [];
      connection.listen({ ended: (failure) => ended.push(failure) });
      subject.hang();
      const calls = [send('GET', 'a'), send('GET', 'b')];
      await subject.cut();
      await subject.until(() => subject.lost.length > 0, 'it is lost');
      for (const reply of await Promise.all(calls)) {
        expect(reply).to.include({ kind: 'unavailable', reason: 'connection_lost' });
      }
      expect(subject.lost).to.have.lengthOf(1);
      expect(ended).to.deep.equal(subject.lost);
      expect(await send('GET', 'a')).to.equal(ended[0]);
    });

    for (const [name, isTold] of [
      ['lose', true],
      ['dispose', false],
    ] as const) {
      it(`${name}: settles every command first, then tells each listener once`, async () => {
        const order: string[] = [];
        // `ended` looks as early as a caller that waits: a command settled later would come behind it.
        const ended = (failure: Failure): void => {
          expect(failure).to.equal(GONE);
          queueMicrotask(() => order.push('ended'));
        };
        connection.listen({ ended });
        connection.listen({ ended });
        subject.hang();
        for (const key of ['a', 'b'])
          void send('GET', key).then((reply) => {
            expect(reply).to.equal(GONE);
            order.push('settled');
          });
        connection[name](GONE);
        connection.lose(CLOSED);
        connection.dispose(CLOSED);
        await new Promise((resolve) => setImmediate(resolve));
        expect(order).to.deep.equal(['settled', 'settled', 'ended', 'ended']);
        expect(subject.lost).to.deep.equal(isTold ? [GONE] : []);
      });
    }

    it('stays ended, with the first reason, and sends nothing any more', async () => {
      connection.dispose();
      connection.dispose(GONE);
      expect(await send('GET', 'k')).to.equal(CLOSED);
      await new Promise((resolve) => setImmediate(resolve));
      const before = connection.unanswered;
      expect(await Promise.all([send('SET', 'k', 'v'), send('GET', 'k')])).to.deep.equal([
        CLOSED,
        CLOSED,
      ]);
      expect(connection.unanswered).to.equal(before);
    });

    it('tells a listener that was removed nothing', () => {
      const heard: string[] = [];
      const remove = connection.listen({ ended: () => heard.push('first') });
      connection.listen({ ended: () => heard.push('second') });
      remove();
      remove();
      connection.dispose();
      expect(heard).to.deep.equal(['second']);
    });

    it('lets a listener remove itself while it is called', () => {
      const heard: string[] = [];
      const remove = connection.listen({
        ended: () => {
          heard.push('first');
          remove();
        },
      });
      connection.listen({ ended: () => heard.push('second') });
      connection.dispose();
      expect(heard).to.deep.equal(['first', 'second']);
    });

    it('says when the last command that Redis answered was sent', async () => {
      await send('GET', 'a');
      const first = connection.answeredAt;
      expect(first).to.be.above(Number.NEGATIVE_INFINITY);
      subject.hang();
      const call = send('GET', 'a');
      expect(connection.answeredAt).to.equal(first);
      subject.thaw();
      await call;
      expect(connection.answeredAt).to.be.least(first);
      const second = connection.answeredAt;
      subject.hang();
      const lost = send('GET', 'a');
      connection.lose(GONE);
      await lost;
      expect(connection.answeredAt).to.equal(second);
    });

    it('says whether it hears messages of the server', () => {
      expect(connection.hearsMessages).to.equal(kind.hasMessages);
    });

    if (!kind.hasMessages) return;

    it('passes on what the server says unasked', async () => {
      const heard: (readonly unknown[])[] = [];
      connection.listen({ message: (message) => heard.push(message) });
      await subject.invalidate('k');
      await subject.until(() => heard.length > 0, 'it has the message');
      expect(heard.map(([kind, key]) => [kind, String(key)])).to.deep.equal([['invalidate', 'k']]);
    });
  });
}
