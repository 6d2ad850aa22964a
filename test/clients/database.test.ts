import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { until } from '../support/wait.js';
import { Instance } from './instance.js';
import { Postgres } from './postgres.js';

const PROBES = 500;

/** Issue and kubelet alike: a probe has a second. */
const PATIENCE_MS = 1_000;

interface Pings {
  readonly runs: number;
  readonly outstanding: number;
  readonly most: number;
}

interface Answer {
  readonly code: string;
  readonly ms: number;
}

describe('a real PostgreSQL', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let service: Instance;

  const pings = async (): Promise<Pings> => (await service.ask({})) as Pings;
  const ready = async (): Promise<string> => (await probe()).code;

  /** As a kubelet does: a connection of its own, and the time from its beginning to the answer. */
  async function probe(path = '/health/ready'): Promise<Answer & { readonly text: string }> {
    const startedAt = performance.now();
    const socket = connect(service.port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    const ms = performance.now() - startedAt;
    socket.destroy();
    const text = first.toString();
    return { code: text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length), ms, text };
  }

  /** Many probes at once, in the moment in which the first ping goes out that will not come back. */
  async function probesOnFreshPing(): Promise<Answer[]> {
    const { runs } = await pings();
    const early: Promise<Answer>[] = [];
    await until(async () => {
      early.push(probe());
      return (await pings()).runs > runs;
    }, 'the verdict has aged and another ping is sent');
    const answers = await Promise.all(Array.from({ length: PROBES }, () => probe()));
    await Promise.all(early);
    return answers;
  }

  async function expectOnePing(answers: readonly Answer[], runsBefore: number): Promise<void> {
    const slowest = Math.round(Math.max(...answers.map(({ ms }) => ms)));
    const after = await pings();
    console.log(
      `      ${answers.length} probes: slowest ${slowest} ms; pings outstanding ${after.outstanding}, at most ${after.most}`,
    );
    expect([...new Set(answers.map(({ code }) => code))]).to.deep.equal(['503']);
    expect(slowest).to.be.below(PATIENCE_MS);
    expect([after.outstanding, after.most, after.runs - runsBefore]).to.deep.equal([1, 1, 1]);
  }

  beforeEach(async () => {
    postgres = await Postgres.start();
    service = await Instance.start(postgres.url, 'database-service');
    await until(async () => (await ready()) === '200', 'the database is up', 30_000);
  });

  afterEach(async () => {
    await service.stop();
    await postgres.stop();
  });

  it('frozen, with 500 concurrent probes: one ping, an answer for each within a second, up again within two of the thaw', async () => {
    postgres.freeze();
    const { runs } = await pings();
    await expectOnePing(await probesOnFreshPing(), runs);
    // Later ones are answered from what is known, and start nothing.
    await expectOnePing(await Promise.all(Array.from({ length: PROBES }, () => probe())), runs);
    const thawedAt = performance.now();
    postgres.thaw();
    await until(async () => (await ready()) === '200', 'the database is up again', 2_000);
    console.log(`      up ${Math.round(performance.now() - thawedAt)} ms after the thaw`);
  });

  it('killed: down as soon as the verdict has aged, with a code that says why', async () => {
    await postgres.kill();
    await until(async () => (await ready()) === '503', 'the database is down', 2_000);
    const { text, ms } = await probe('/health');
    expect(ms).to.be.below(PATIENCE_MS);
    const { error } = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
    expect(error.database.code).to.match(/^(57P01|ECONNREFUSED|ECONNRESET)$/);
  });

  it('replaced by a black hole: down within the probe’s second, with one ping out', async () => {
    await postgres.kill();
    const hole = await blackHole(postgres.port);
    try {
      const { runs } = await pings();
      await until(async () => (await ready()) === '503', 'the lost connection is noticed');
      const answers = await Promise.all(Array.from({ length: PROBES }, () => probe()));
      const slowest = Math.max(...answers.map(({ ms }) => ms));
      console.log(`      ${PROBES} probes: slowest ${Math.round(slowest)} ms`);
      expect(answers.every(({ code }) => code === '503')).to.equal(true);
      expect(slowest).to.be.below(PATIENCE_MS);
      const after = await pings();
      expect(after.most).to.equal(1);
      expect(after.runs - runs).to.be.at.most(3);
    } finally {
      hole.close();
    }
  });
});

/** A server that accepts and says nothing. */
async function blackHole(port: number): Promise<{ close(): void }> {
  const swallowed = new Set<Socket>();
  const server: Server = createServer((socket) => swallowed.add(socket.on('error', () => {})));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    close() {
      for (const socket of swallowed) socket.destroy();
      server.close();
    },
  };
}
