import { expect } from 'chai';
import type { DoorSession } from '../../../lib/redis/door/door-session.js';
import { GenerationNews } from '../../../lib/redis/door/generation-news.js';
import { CLOSED, type Failure } from '../../../lib/redis/failure.js';
import { ManualClock, settle } from '../../support/manual-clock.js';

describe('news of the generation', () => {
  const RECORD = 'app:__ech:{ech}:gen';
  type Listener = (key: string | undefined) => void;

  /** A session whose server tells what the test says. */
  function scene(record: string | null | Failure = '1:known') {
    const clock = new ManualClock();
    const listeners = new Set<Listener>();
    const reads: string[] = [];
    const found = { record };
    const news = {
      getRecord: async (key: string) => {
        reads.push(key);
        return found.record;
      },
      listen: (listener: Listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const session = { news, ownKey: (name: string) => `app:__ech:{ech}:${name}` };
    let changes = 0;
    const watch = new GenerationNews({
      clock,
      isKnown: (text) => text === '1:known',
      onChange: () => changes++,
    });
    const tell = (key: string | undefined): void => {
      for (const listener of [...listeners]) listener(key);
    };
    return {
      ...{ clock, watch, reads, found, tell, listeners },
      session: session as unknown as DoorSession,
      changes: () => changes,
    };
  }

  it('reads the record once, which asks the server to tell', async () => {
    const { watch, session, reads, changes } = scene();
    watch.start(session);
    watch.start(session);
    await settle();
    expect(reads).to.deep.equal([RECORD]);
    expect(changes()).to.equal(0);
  });

  for (const key of [RECORD, undefined]) {
    it(`reads it again when ${key ?? 'everything'} may have changed, and notices a new one`, async () => {
      const { clock, watch, session, reads, found, tell, changes } = scene();
      watch.start(session);
      await clock.advance(20);
      found.record = '2:other';
      tell(key);
      await settle();
      expect(reads).to.deep.equal([RECORD, RECORD]);
      expect(changes()).to.equal(1);
    });
  }

  it('notices that the record is gone', async () => {
    const { watch, session, changes } = scene(null);
    watch.start(session);
    await settle();
    expect(changes()).to.equal(1);
  });

  it('does not care about other keys', async () => {
    const { clock, watch, session, reads, tell } = scene();
    watch.start(session);
    await clock.advance(20);
    tell('app:product:1');
    await clock.advance(20);
    expect(reads).to.have.lengthOf(1);
  });

  it('reads once for changes that follow one another soon', async () => {
    const { clock, watch, session, reads, tell } = scene();
    watch.start(session);
    await settle();
    for (let i = 0; i < 100; i++) tell(RECORD);
    await clock.advance(20);
    expect(reads).to.have.lengthOf(2);
  });

  it('leaves the rest to the heartbeat when no answer came', async () => {
    const { watch, session, changes } = scene(CLOSED);
    watch.start(session);
    await settle();
    expect(changes()).to.equal(0);
  });

  it('stops: no listener, no timer, no reads', async () => {
    const { clock, watch, session, reads, tell, listeners } = scene();
    watch.start(session);
    await settle();
    tell(RECORD);
    watch.stop();
    expect([listeners.size, clock.pending]).to.deep.equal([0, 0]);
    await clock.advance(100);
    expect(reads).to.have.lengthOf(1);
  });

  it('does nothing where the connection hears no messages', async () => {
    const { clock, watch } = scene();
    watch.start({} as DoorSession);
    await clock.advance(100);
    expect(clock.pending).to.equal(0);
  });
});
