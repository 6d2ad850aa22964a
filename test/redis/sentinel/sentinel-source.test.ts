import { expect } from 'chai';
import type { Address } from '../../../lib/redis/address.js';
import type { Connection } from '../../../lib/redis/connection/connection.js';
import { Failure } from '../../../lib/redis/failure.js';
import type { NamedSource } from '../../../lib/redis/naming/named-source.js';
import { sentinelSource } from '../../../lib/redis/sentinel/sentinel-source.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ErrorReply, FakeClient } from '../fake-client.js';

type Mood = 'answers' | 'refuses' | 'hangs';

/** A Sentinel that the test plays. */
interface Sentinel {
  mood: Mood;
  names: string;
  epoch: number;
  asked: number;
  /** Refuses SENTINEL MASTER. */
  hidesEpoch: boolean;
}

class SentinelClient extends FakeClient {
  readonly #sentinel: Sentinel;

  constructor(sentinel: Sentinel) {
    super();
    this.#sentinel = sentinel;
    this.connectWith = () => this.#answer(undefined);
  }

  override sendCommand(args: readonly (string | Buffer)[]): Promise<unknown> {
    const { names, epoch, hidesEpoch } = this.#sentinel;
    if (args[1] === 'MASTER') {
      if (hidesEpoch) return Promise.reject(new ErrorReply('NOPERM no permission'));
      return this.#answer({ name: 'shop', 'config-epoch': `${epoch}` });
    }
    this.#sentinel.asked++;
    return this.#answer(names === '' ? null : [names, '6379']);
  }

  #answer(reply: unknown): Promise<unknown> {
    const { mood } = this.#sentinel;
    if (mood === 'hangs') return new Promise(() => {});
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    return mood === 'refuses' ? Promise.reject(refused) : Promise.resolve(reply);
  }
}

describe('connections to the server that Sentinels name', () => {
  let clock: ManualClock;
  let sentinels: Sentinel[];
  let source: NamedSource;
  let made: { readonly host: string; readonly client: FakeClient }[];
  let lost: string[];
  let ready: number;
  /** The handshake with a server of this name. */
  let handshakes: Map<string, () => Promise<unknown>>;

  beforeEach(() => {
    clock = new ManualClock();
    sentinels = [1, 2, 3].map(() => ({
      mood: 'answers',
      names: 'old',
      epoch: 1,
      asked: 0,
      hidesEpoch: false,
    }));
    [made, lost, ready, handshakes] = [[], [], 0, new Map()];
    const connect = ({ host }: Address): FakeClient => {
      const client = new FakeClient();
      client.connectWith = handshakes.get(host) ?? (() => Promise.resolve());
      made.push({ host, client });
      return client;
    };
    source = sentinelSource(
      {
        kind: 'sentinel',
        master: 'shop',
        sentinels: sentinels.map((_, i) => ({ host: `s${i}`, port: 1 })),
        connect,
        connectSentinel: ({ host }) => new SentinelClient(sentinels[Number(host[1])] as Sentinel),
        nat: (address) => address,
      },
      {
        clock,
        commandTimeoutMs: 100,
        onLost: (_, failure) => lost.push(failure.reason),
        onReady: () => ready++,
      },
    );
  });
  afterEach(() => source.close());

  const open = async (): Promise<Connection | Failure> => {
    const opening = source.open();
    await clock.advance(0);
    return opening;
  };
  const opened = async (): Promise<Connection> => {
    const connection = await open();
    if (connection instanceof Failure) throw new Error(String(connection.error));
    return connection;
  };
  const switchTo = (host: string, of = sentinels): void => {
    for (const each of of) Object.assign(each, { names: host, epoch: each.epoch + 1 });
  };
  const all = (mood: Mood): void => {
    for (const each of sentinels) each.mood = mood;
  };
  const reasonOf = (outcome: Connection | Failure): string =>
    outcome instanceof Failure ? outcome.reason : 'open';

  it('go where they say', async () => {
    await opened();
    expect(made.map(({ host }) => host)).to.deep.equal(['old']);
  });

  it('end at once when another server is named, by whichever Sentinel', async () => {
    await opened();
    switchTo('new', sentinels.slice(2));
    await clock.advance(500);
    // The one that is asked while all is well does not know it yet.
    expect(lost).to.deep.equal([]);
    switchTo('new', sentinels.slice(0, 1));
    await clock.advance(500);
    expect(lost).to.deep.equal(['failover']);
    expect(ready).to.be.above(0);
    await opened();
    expect(made.at(-1)?.host).to.equal('new');
  });

  it('are not used when another server is named during the handshake', async () => {
    handshakes.set('old', async () => switchTo('new'));
    expect(reasonOf(await open())).to.equal('failover');
    expect(made[0]?.client.destroyed).to.be.above(0);
    expect(reasonOf(await open())).to.equal('open');
    expect(made.map(({ host }) => host)).to.deep.equal(['old', 'new']);
  });

  it('end in the middle of a handshake that hangs, when another server is named', async () => {
    handshakes.set('old', () => new Promise(() => {}));
    const opening = source.open();
    await clock.advance(10);
    switchTo('new');
    await clock.advance(250);
    expect(reasonOf(await opening)).to.equal('failover');
  });

  it('are not made without a word', async () => {
    all('refuses');
    const failure = await open();
    expect(reasonOf(failure)).to.equal('no_primary');
    expect(String((failure as Failure).error)).to.match(/Sentinel s0:1: refused; Sentinel s1:1/);
    expect(made).to.deep.equal([]);
  });

  it('do not come back to a server that only an outdated Sentinel names', async () => {
    await opened();
    switchTo('new');
    const [late, ...others] = sentinels as [Sentinel, Sentinel, Sentinel];
    Object.assign(late, { names: 'old', epoch: 1 });
    await clock.advance(1_000);
    expect(reasonOf(await open())).to.equal('open');
    for (const each of others) each.mood = 'refuses';
    const failure = await open();
    expect(reasonOf(failure)).to.equal('no_primary');
    expect(String((failure as Failure).error)).to.contain('an outdated answer: old:6379');
  });

  it('go on when no Sentinel answers any more, and that is said', async () => {
    const connection = await opened();
    for (const mood of ['refuses', 'hangs'] as const) {
      all(mood);
      for (let i = 0; i < 100; i++) {
        await clock.advance(100);
        expect(source.isNamed(connection), `after ${i} steps`).to.equal(true);
      }
      expect(source.notice).to.match(/No Sentinel has answered for (?:\d|10)/);
    }
    expect(lost).to.deep.equal([]);
    all('answers');
    await clock.advance(2_000);
    expect(source.notice).to.equal(undefined);
  });

  it('do not count when this process was suspended, until a Sentinel says so', async () => {
    const connection = await opened();
    expect(source.isNamed(connection)).to.equal(true);
    switchTo('new');
    clock.jump(3_000);
    expect(source.isNamed(connection)).to.equal(false);
    const confirming = source.confirm(connection);
    await clock.advance(0);
    expect(await confirming).to.equal(false);
    expect(lost).to.deep.equal(['failover']);
  });

  it('count again when a Sentinel still names the server', async () => {
    const connection = await opened();
    clock.jump(3_000);
    const confirming = source.confirm(connection);
    await clock.advance(0);
    expect(await confirming).to.equal(true);
  });

  it('cost one question twice a second', async () => {
    await opened();
    await clock.advance(1_000);
    for (const each of sentinels) each.asked = 0;
    await clock.advance(10_000);
    const asked = sentinels.map((each) => each.asked).toSorted((a, b) => a - b);
    expect(asked).to.deep.equal([0, 0, 20]);
  });

  it('are found where Sentinels hide the epoch', async () => {
    for (const each of sentinels) each.hidesEpoch = true;
    await opened();
    switchTo('new');
    await clock.advance(1_000);
    expect(lost).to.deep.equal(['failover']);
  });

  it('are not made after a close, and those in use end', async () => {
    const connection = await opened();
    let end = '';
    connection.listen({ ended: ({ reason }) => (end = reason) });
    source.close();
    expect(end).to.equal('closed');
    expect(reasonOf(await open())).to.equal('closed');
    await clock.advance(10_000);
    expect(clock.pending).to.equal(0);
  });
});
