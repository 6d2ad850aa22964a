import { expect } from 'chai';
import { entryText, tombstoneText } from '../../../lib/entry/entry.js';
import { fingerprint } from '../../../lib/entry/fingerprint.js';
import type { Commands, News } from '../../../lib/redis/remote.js';
import type { Found } from '../../../lib/tiers/store.js';
import { PREFIX } from '../../support/fake-door.js';
import { settle } from '../../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../../support/tier-fixture.js';

const MAX_STALE_MS = 250;

/** What a server tells, when the test says so. */
class FakeNews implements News {
  isOn = true;
  completeUntil = 0;
  asked = 0;
  tracked: string[] = [];
  readonly #commands: Commands;
  readonly #listeners = new Set<(key: string | undefined) => void>();

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  get: News['get'] = (key) => {
    this.tracked.push(key);
    return this.#commands.get(key);
  };

  getMany: News['getMany'] = (keys, lane) => {
    this.tracked.push(...keys);
    return this.#commands.getMany(keys, lane);
  };

  getRecord: News['getRecord'] = (key) => this.get(key);

  listen(onChange: (key: string | undefined) => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  ask(): void {
    this.asked++;
  }

  tell(key: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(key === undefined ? key : PREFIX + key);
  }
}

describe('the near cache', () => {
  let fixture: TierFixture;
  let news: FakeNews;
  let silent: number;

  beforeEach(async () => {
    silent = 0;
    const onSilent = (): void => void silent++;
    fixture = new TierFixture({ near: { maxStaleMs: MAX_STALE_MS, onSilent } });
    fixture.shards.start();
    connect();
  });

  afterEach(() => fixture.shards.close());

  /** A connection whose server tells. */
  function connect(): void {
    const [door] = fixture.doors;
    if (door === undefined) throw new Error('no door');
    news = new FakeNews(door.commands);
    Object.defineProperty(door.commands, 'news', { value: news, configurable: true });
    door.open();
    answered();
  }

  /** Redis has answered something that was sent now. */
  const answered = (): void => {
    news.completeUntil = fixture.clock.now();
  };

  const rest = settle;

  const read = async (key = 'a'): Promise<Found | undefined> => {
    const reading = fixture.store.get(key);
    await rest();
    return reading;
  };

  /** Redis shows this from now on, and tells. */
  const foreign = (key: string, slot: string): void => {
    fixture.server.redis.execute(['SET', PREFIX + key, slot]);
    news.tell(key);
  };

  /** A value that another process made. */
  const entryOf = (key: string, payload: string, ageMs = 0): string =>
    entryText({
      ...value(payload),
      generation: fixture.door.generation,
      fingerprint: fingerprint(key),
      version: (fixture.server.nowMs - ageMs) * 1_000,
    });

  /** Reads it until the next read can be near. */
  async function warm(key = 'a', payload = 'one'): Promise<void> {
    foreign(key, entryOf(key, payload));
    for (let i = 0; i < 3; i++) expect((await read(key))?.tier).to.equal('redis');
    answered();
  }

  const tierOf = async (key = 'a'): Promise<string | undefined> => (await read(key))?.tier;

  it('answers the fourth read: one to keep it, one to see that it is hot, one that the server notes', async () => {
    await warm();
    expect(news.tracked).to.deep.equal([`${PREFIX}a`]);
    const { reads } = fixture.door.commands;
    expect(await tierOf()).to.equal('near');
    expect(fixture.door.commands.reads).to.equal(reads);
  });

  it('goes to Redis after a change that the server told, and is near again after that', async () => {
    await warm();
    foreign('a', entryOf('a', 'two'));
    const found = await read();
    expect([found?.tier, payloadOf(found)]).to.deep.equal(['redis', 'two']);
    expect(await tierOf()).to.equal('near');
  });

  for (const what of [undefined, '__ech:{ech}:gen']) {
    it(`has nothing near any more when ${what ?? 'anything'} may have changed`, async () => {
      await warm('a');
      await warm('b');
      news.tell(what);
      expect([await tierOf('a'), await tierOf('b')]).to.deep.equal(['redis', 'redis']);
    });
  }

  for (const told of ['a', undefined])
    it(`keeps no reply that was in flight when the server told a change of ${told ?? 'anything'}`, async () => {
      await warm();
      news.tell('a');
      fixture.door.isAutomatic = false;
      const { wire } = fixture.door.commands;
      const reading = fixture.store.get('a');
      await rest();
      wire.run();
      // The server executed the read, then the change; the message is seen first.
      fixture.server.redis.execute(['SET', `${PREFIX}a`, entryOf('a', 'two')]);
      news.tell(told);
      wire.answer();
      expect(payloadOf(await reading)).to.equal('one');
      fixture.door.isAutomatic = true;
      expect(payloadOf(await read())).to.equal('two');
    });

  it('is as old as the last answer of the server, and asks in time for another', async () => {
    await warm();
    await fixture.clock.advance(MAX_STALE_MS / 2);
    expect([await tierOf(), news.asked]).to.deep.equal(['near', 0]);
    await fixture.clock.advance(10);
    expect([await tierOf(), news.asked]).to.deep.equal(['near', 1]);
    await fixture.clock.advance(MAX_STALE_MS / 2);
    expect(await tierOf()).to.equal('redis');
    answered();
    expect(await tierOf()).to.equal('near');
  });

  const OWN: Readonly<Record<string, () => Promise<unknown>>> = {
    set: () => fixture.store.put('a', value('own')),
    delete: () => fixture.store.remove('a'),
    'clear of a pattern': () => fixture.store.clear('a*'),
    'clear of everything': () => fixture.store.clear('*'),
  };
  for (const [name, change] of Object.entries(OWN)) {
    it(`the next read after an own ${name} goes to Redis`, async () => {
      await warm();
      const changing = change();
      await rest();
      await changing;
      const { reads } = fixture.door.commands;
      expect(await tierOf()).to.not.equal('near');
      expect(fixture.door.commands.reads).to.be.above(reads);
    });
  }

  it('an own value that was loaded is read again first', async () => {
    await warm();
    const claiming = fixture.store.claim(['a'], 'refresh');
    await rest();
    const [claim] = await claiming;
    if (claim?.kind !== 'granted') throw new Error('no lease');
    const filling = fixture.store.fill([{ key: 'a', lease: claim.lease, value: value('loaded') }]);
    await rest();
    await filling;
    const found = await read();
    expect([found?.tier, payloadOf(found)]).to.deep.equal(['redis', 'loaded']);
  });

  it('ends with the connection, and stays in memory as the fallback', async () => {
    await warm();
    fixture.door.lose();
    expect((await read())?.tier).to.equal('memory');
    void fixture.door.reconnect();
    await rest();
    connect();
    expect(await tierOf()).to.equal('redis');
  });

  it('what others changed is not given in an outage either', async () => {
    await warm('a');
    await warm('b');
    foreign('a', entryOf('a', 'two'));
    fixture.door.lose();
    expect([await tierOf('a'), await tierOf('b')]).to.deep.equal([undefined, 'memory']);
  });

  it('needs a connection whose data is proven', async () => {
    await warm();
    fixture.door.proven = false;
    expect(await tierOf()).to.equal('redis');
  });

  it('gives the object that memory shares', async () => {
    fixture.shards.close();
    fixture = new TierFixture({
      near: { maxStaleMs: MAX_STALE_MS, onSilent: () => {} },
      share: 'frozen',
    });
    fixture.shards.start();
    connect();
    await warm('a', 'j{"n":1}');
    const [one, two] = [await read(), await read()];
    expect([one?.tier, two?.tier]).to.deep.equal(['near', 'near']);
    expect(one?.kept?.value).to.deep.equal({ n: 1 });
    expect(one?.kept === two?.kept).to.equal(true);
  });

  it('reads hot keys of a bulk call near, and the others as ever', async () => {
    await warm('a');
    for (const key of ['b', 'c']) foreign(key, entryOf(key, key));
    news.tracked = [];
    const many = async (): Promise<string> => {
      const found = fixture.store.getMany(['a', 'b', 'c', 'none']);
      await rest();
      return (await found).map((each) => `${each?.tier} ${payloadOf(each)}`).join(', ');
    };
    const cold = 'redis b, redis c, undefined undefined';
    expect(await many()).to.equal(`near one, ${cold}`);
    expect(await many()).to.equal(`near one, ${cold}`);
    expect(news.tracked).to.deep.equal([]);
    expect(await many()).to.equal(`near one, ${cold}`);
    expect(news.tracked).to.deep.equal([`${PREFIX}b`, `${PREFIX}c`]);
    expect(await many()).to.equal('near one, near b, near c, undefined undefined');
  });

  it('gives no stale value, no tombstone and nothing of another generation', async () => {
    await warm();
    fixture.door.generation = 'gen999';
    expect(await tierOf()).to.equal(undefined);
  });

  it('forgets what memory evicted', async () => {
    await warm();
    fixture.shards.evicted('a', 'entries');
    expect(await tierOf()).to.equal('redis');
  });

  it('is off where the server does not tell, and says so', async () => {
    news.isOn = false;
    foreign('a', entryOf('a', 'one'));
    for (let i = 0; i < 5; i++) expect(await tierOf()).to.equal('redis');
    expect([news.tracked, silent]).to.deep.equal([[], 0]);
    fixture.door.lose();
    void fixture.door.reconnect();
    await rest();
    expect(silent).to.equal(1);
  });

  describe('one hit in 10,000', () => {
    async function hit(times: number): Promise<void> {
      for (let i = 0; i < times; i++) fixture.store.get('a');
      await rest();
    }

    it('also asks Redis, and reports 0 for the current value', async () => {
      await warm();
      const { reads } = fixture.door.commands;
      await hit(9_999);
      expect(fixture.door.commands.reads).to.equal(reads);
      await hit(1);
      expect(fixture.door.commands.reads).to.equal(reads + 1);
      expect(fixture.observer.nearAges).to.deep.equal([0]);
    });

    for (const [what, slot] of [
      ['value', () => entryOf('a', 'two', 40)],
      [
        'tombstone',
        () => tombstoneText(fixture.door.generation, (fixture.server.nowMs - 40) * 1_000),
      ],
    ] as const) {
      it(`reports for how long there has been another ${what}`, async () => {
        await warm();
        await fixture.clock.advance(100);
        answered();
        fixture.server.redis.execute(['SET', `${PREFIX}a`, slot()]);
        await hit(10_000);
        const [age = 0] = fixture.observer.nearAges;
        expect(age).to.be.within(39, 41);
      });
    }

    it('reports nothing for a key that is gone', async () => {
      await warm();
      fixture.server.redis.execute(['DEL', `${PREFIX}a`]);
      await hit(10_000);
      expect(fixture.observer.nearAges).to.deep.equal([]);
    });
  });
});
