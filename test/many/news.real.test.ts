import { expect } from 'chai';
import { systemClock } from '../../lib/core/time/clock.js';
import { parseRedis } from '../../lib/redis/redis-options.js';
import type { Door } from '../../lib/redis/remote.js';
import { SingleRemote } from '../../lib/redis/single.js';
import { openSession } from '../redis/open-session.js';
import { RecordingListener } from '../redis/recording-listener.js';
import { type Monitor, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';

const PREFIX = 'app:';

describe('news from the server', function () {
  this.timeout(20_000);
  let redis: RedisServer;
  const remotes: SingleRemote[] = [];

  before(async () => {
    redis = await RedisServer.start();
  });

  beforeEach(() => redis.command('FLUSHALL'));

  afterEach(() => {
    for (const remote of remotes.splice(0)) remote.close();
  });

  after(() => redis.stop());

  async function join(url = redis.url): Promise<Door> {
    const { source } = parseRedis(url);
    if (source === undefined || source.kind === 'cluster') throw new Error('no Redis');
    const options = { prefix: PREFIX, commandTimeoutMs: 1_000, maxValueBytes: 1e6 };
    const remote = new SingleRemote({ ...options, source, clock: systemClock });
    remotes.push(remote);
    remote.start(new RecordingListener());
    const [door] = remote.doors;
    if (door === undefined) throw new Error('no door');
    await until(() => door.state.name === 'closed', 'it serves');
    return door;
  }

  const lines = (monitor: Monitor, words: string): number =>
    monitor.lines.filter((line) => line.includes(words)).length;

  it('a new generation is read because the server told, and each one after it', async () => {
    const [one, other] = [await join(), await join()];
    await until(() => one.isProven() && other.isProven(), 'both are at rest');
    for (let i = 0; i < 3; i++) {
      const monitor = await redis.monitor();
      const generation = await one.bump();
      await until(() => other.generation === generation, 'the other one knows it');
      await monitor.stop();
      // The server tells both, and they read the record in the way that asks to be told again.
      await until(() => one.generation === generation, 'it knows its own');
      expect(lines(monitor, '"CLIENT" "CACHING" "YES"')).to.be.least(1);
    }
  });

  it('a server that may not tell is used all the same, and the heartbeat notices', async () => {
    await redis.command(
      'ACL',
      'SETUSER',
      'shop',
      'on',
      '>pw',
      '~*',
      '&*',
      '+@all',
      '-client|tracking',
    );
    const [one, other] = [await join(), await join(redis.url.replace('//', '//shop:pw@'))];
    expect(other.writer?.news).to.equal(undefined);
    const generation = await one.bump();
    await until(() => other.generation === generation, 'the heartbeat shows it');
  });

  it('the server tells of reads that ask for it, and of no others', async () => {
    const { session } = await openSession(redis.port, 1_000);
    const { news } = session;
    if (news === undefined) throw new Error('it hears nothing');
    await news.start();
    expect(news.isOn).to.equal(true);
    const told: (string | undefined)[] = [];
    news.listen((key) => told.push(key));
    await Promise.all([
      session.get('app:plain'),
      news.get('app:a'),
      news.get('app:b'),
      news.getMany(['app:c', 'app:d'], 'bulk'),
      session.getMany(['app:e', 'app:f'], 'bulk'),
    ]);
    for (const name of ['plain', 'a', 'b', 'c', 'd', 'e', 'f', 'a']) {
      await redis.command('SET', `app:${name}`, 'x');
    }
    await session.get('app:last');
    expect(told.toSorted()).to.deep.equal(['app:a', 'app:b', 'app:c', 'app:d']);
    // A change of its own is told too: it needs no list of what it wrote.
    await news.get('app:a');
    await session.send(['SET', 'app:a', 'y']);
    await session.get('app:last');
    expect(told.filter((key) => key === 'app:a')).to.have.lengthOf(2);
    await news.get('app:a');
    await redis.command('FLUSHALL');
    await session.get('app:last');
    expect(told.at(-1)).to.equal(undefined);
    session.dispose();
  });

  it('counts as off once the server does not track any more', async () => {
    const { session } = await openSession(redis.port, 1_000);
    await session.news?.start();
    await session.send(['CLIENT', 'TRACKING', 'OFF']);
    await session.news?.get('app:a');
    expect(session.news?.isOn).to.equal(false);
    session.dispose();
  });

  it('an answer proves that the server told everything before it', async () => {
    const { session } = await openSession(redis.port, 5_000);
    const { news } = session;
    if (news === undefined) throw new Error('it hears nothing');
    await news.start();
    const before = news.completeUntil;
    redis.hang();
    news.ask();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(news.completeUntil).to.equal(before);
    redis.thaw();
    await until(() => news.completeUntil > before, 'the answer came');
    session.dispose();
  });
});
