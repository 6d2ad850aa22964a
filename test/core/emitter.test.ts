import { expect } from 'chai';
import { Emitter } from '../../lib/core/emitter.js';
import { settle } from '../support/manual-clock.js';
import { unhandled } from '../support/wait.js';

interface Events {
  sold: { readonly count: number };
  closed: Record<never, never>;
}

describe('Emitter', () => {
  let errors: unknown[];
  let events: Emitter<Events>;
  beforeEach(() => {
    errors = [];
    events = new Emitter<Events>((error) => errors.push(error));
  });

  function tell(count = 1): void {
    events.emit('sold', { count });
  }

  it('tells each listener of the event, in the order in which they came, and at once', () => {
    const heard: string[] = [];
    events.on('sold', ({ count }) => heard.push(`first ${count}`));
    events.on('sold', ({ count }) => heard.push(`second ${count}`));
    events.on('closed', () => heard.push('closed'));
    tell(3);
    expect(heard).to.deep.equal(['first 3', 'second 3']);
  });

  it('does nothing without a listener', () => {
    expect(() => tell()).to.not.throw();
    expect(events.hears('sold')).to.equal(false);
  });

  it('knows whether there is a listener', () => {
    const stop = events.on('sold', () => {});
    expect(events.hears('sold')).to.equal(true);
    expect(events.hears('closed')).to.equal(false);
    stop();
    expect(events.hears('sold')).to.equal(false);
  });

  it('takes a listener away, also when asked twice', () => {
    const heard: number[] = [];
    const stop = events.on('sold', ({ count }) => heard.push(count));
    events.on('sold', ({ count }) => heard.push(-count));
    tell(1);
    stop();
    stop();
    tell(2);
    expect(heard).to.deep.equal([1, -1, -2]);
  });

  it('holds one function twice, each registration for itself', () => {
    let times = 0;
    const count = (): void => {
      times++;
    };
    const stop = events.on('sold', count);
    events.on('sold', count);
    tell();
    expect(times).to.equal(2);
    stop();
    stop();
    tell();
    expect(times).to.equal(3);
  });

  it('lets a listener be removed during an event', () => {
    const heard: string[] = [];
    const stopFirst = events.on('sold', () => {
      heard.push('first');
      stopFirst();
      stopSecond();
    });
    const stopSecond = events.on('sold', () => heard.push('second'));
    events.on('sold', () => heard.push('third'));
    tell();
    tell();
    expect(heard).to.deep.equal(['first', 'third', 'third']);
  });

  it('gives a listener that is added during an event the next event only', () => {
    let listeners = 0;
    const join = (): void => {
      listeners++;
      events.on('sold', join);
    };
    events.on('sold', join);
    tell();
    expect(listeners).to.equal(1);
    tell();
    expect(listeners).to.equal(3);
  });

  it('bears an event that a listener tells', () => {
    const heard: number[] = [];
    events.on('sold', ({ count }) => {
      if (count < 3) tell(count + 1);
      heard.push(count);
    });
    tell(1);
    expect(heard).to.deep.equal([3, 2, 1]);
  });

  describe('when a listener fails', () => {
    const failure = new Error('not my day');
    let loose: { stop(): unknown[] };
    beforeEach(() => {
      loose = unhandled();
    });
    afterEach(() => {
      loose.stop();
    });

    const WAYS: [title: string, listener: () => unknown][] = [
      [
        'throws',
        () => {
          throw failure;
        },
      ],
      ['rejects', () => Promise.reject(failure)],
      [
        'rejects later',
        async () => {
          await Promise.resolve();
          throw failure;
        },
      ],
      [
        'rejects with a promise of its own making',
        // biome-ignore lint/suspicious/noThenProperty: a promise of another library has one.
        () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(failure) }),
      ],
      [
        'gives what throws when it is looked at',
        () => ({
          // biome-ignore lint/suspicious/noThenProperty: so that asking for it fails.
          get then(): never {
            throw failure;
          },
        }),
      ],
    ];
    for (const [title, listener] of WAYS) {
      it(`reports one that ${title}, and tells the others`, async () => {
        const heard: number[] = [];
        events.on('sold', listener);
        events.on('sold', ({ count }) => heard.push(count));
        tell(1);
        tell(2);
        await settle();
        expect(heard).to.deep.equal([1, 2]);
        expect(errors).to.deep.equal([failure, failure]);
        expect(loose.stop()).to.deep.equal([]);
      });
    }
  });

  it('reports nothing of a listener whose promise is kept', async () => {
    events.on('sold', async () => 'done');
    events.on('sold', () => null);
    tell();
    await settle();
    expect(errors).to.deep.equal([]);
  });
});
