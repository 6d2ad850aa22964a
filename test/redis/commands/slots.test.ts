import { expect } from 'chai';
import { Session } from '../../../lib/redis/commands/session.js';
import { classify, Failure } from '../../../lib/redis/failure.js';
import type { ChangeBatch, WriteItem, WriteOutcome } from '../../../lib/redis/remote.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ErrorReply } from '../fake-client.js';
import { FakeConnection, type Sent, turn } from '../fake-connection.js';

const MOVED: Failure = classify(new ErrorReply('MOVED 1 127.0.0.1:7001'));

/** The keys `p:a1` and `p:a2` are of one slot, `p:b1` of another. */
const slotOf = (key: string): number => key.charCodeAt(2);

const scene = () => {
  const connection = new FakeConnection();
  const session = new Session(connection, {
    prefix: 'p:',
    clock: new ManualClock(),
    time: { now: () => 1_000_000, latest: () => 1_000_003, ceiling: 0, observe: () => {} },
    commandTimeoutMs: 100,
    maxValueBytes: 1_000_000,
    generation: () => 'gen001',
    spare: () => false,
    slotOf,
  });
  return { connection, session };
};

/** The keys of each command that was sent. */
const keysOf = ({ args }: Sent): readonly string[] => {
  const words = args.map(String);
  return words[0] === 'EVALSHA' ? words.slice(3, 3 + Number(words[2])) : words.slice(1);
};

const echoOf = ({ args }: Sent): string => String(args[3 + Number(args[2])]);

/** Each key with `=` before it, as GET and MGET would answer. */
const valuesOf = (sent: Sent): unknown => {
  const values = keysOf(sent).map((key) => `=${key}`);
  return sent.args[0] === 'GET' ? values[0] : values;
};

const write = (key: string): WriteItem => ({ key, text: key, limit: 7, pxMs: 5_000 });

const sourceOf = (items: readonly WriteItem[]) => {
  const left = [...items];
  const outcomes: (readonly (WriteOutcome | Failure)[] | Failure)[] = [];
  const next = (lane: string, maxKeys: number): ChangeBatch | undefined =>
    lane === 'request' && left.length > 0
      ? { items: left.splice(0, maxKeys), settled: (outcome) => outcomes.push(outcome) }
      : undefined;
  return { next, outcomes };
};

describe('keys of several slots', () => {
  const keys = ['p:b1', 'p:a1', 'p:c1', 'p:a2', 'p:b1'];
  const groups = [['p:b1', 'p:b1'], ['p:a1', 'p:a2'], ['p:c1']];

  it('single reads of one turn: one command for each slot, each caller gets its own', async () => {
    const { connection, session } = scene();
    const reads = keys.map((key) => session.get(key));
    await turn();
    expect(connection.sent.map(keysOf)).to.deep.equal(groups);
    for (const sent of connection.sent) sent.answer(valuesOf(sent));
    expect(await Promise.all(reads)).to.deep.equal(keys.map((key) => `=${key}`));
  });

  it('bulk reads: one command for each slot, the answers in the order of the call', async () => {
    const { connection, session } = scene();
    const reading = session.getMany(keys, 'bulk');
    await turn();
    expect(connection.sent.map(keysOf)).to.deep.equal(groups);
    for (const sent of [...connection.sent].reverse()) sent.answer(valuesOf(sent));
    expect(await reading).to.deep.equal(keys.map((key) => `=${key}`));
  });

  it('reads: a slot that has moved fails its own keys alone', async () => {
    for (const isBulk of [true, false]) {
      const { connection, session } = scene();
      const reading = isBulk
        ? session.getMany(keys, 'request')
        : Promise.all(keys.map((key) => session.get(key)));
      await turn();
      for (const sent of connection.sent) {
        sent.answer(keysOf(sent)[0] === 'p:a1' ? MOVED : valuesOf(sent));
      }
      const found = (await reading) as readonly unknown[];
      expect(found).to.deep.equal(['=p:b1', MOVED, '=p:c1', MOVED, '=p:b1']);
      expect(connection.lost).to.equal(undefined);
    }
  });

  it('changes: one script for each slot in one go, an outcome for each change', async () => {
    const { connection, session } = scene();
    const source = sourceOf(['p:b1', 'p:a1', 'p:c1', 'p:a2'].map(write));
    session.setChangeSource(source);
    await turn();
    expect(connection.sent.map(keysOf)).to.deep.equal([['p:b1'], ['p:a1', 'p:a2'], ['p:c1']]);
    const [b, a, c] = connection.sent as [Sent, Sent, Sent];
    a.answer(`${echoOf(a)}|2,`);
    c.answer(MOVED);
    await turn();
    expect(source.outcomes).to.deep.equal([]);
    b.answer(`${echoOf(b)}|`);
    await turn();
    expect(source.outcomes).to.deep.equal([['done', 'done', MOVED, 'older']]);
  });

  it('claims: a failure in the place of the keys that it concerns', async () => {
    const { connection, session } = scene();
    const claiming = session.claim(['p:a1', 'p:b1', 'p:a2'], 'load', 'request');
    await turn();
    const [a, b] = connection.sent as [Sent, Sent];
    a.answer(`${echoOf(a)}|5|`);
    b.answer(MOVED);
    const claims = await claiming;
    expect(claims.map((each) => (each instanceof Failure ? each : each.kind))).to.deep.equal([
      'granted',
      MOVED,
      'granted',
    ]);
  });

  it('sweeps: the sum of what each script removed', async () => {
    const { connection, session } = scene();
    const item = (key: string) => ({ key, fingerprint: 'f', limit: 1 });
    const sweeping = session.sweep(['p:a1', 'p:b1', 'p:a2'].map(item));
    await turn();
    const [a, b] = connection.sent as [Sent, Sent];
    a.answer(`${echoOf(a)}|2`);
    b.answer(`${echoOf(b)}|1`);
    expect(await sweeping).to.equal(3);
  });

  it('count as one command in the window, so that a bulk call needs no more round trips than with one slot', async () => {
    const { connection, session } = scene();
    const many = Array.from({ length: 1_000 }, (_, i) => `p:${String.fromCharCode(300 + i)}`);
    void session.getMany(many, 'bulk');
    await turn();
    expect(connection.sent.length).to.equal(1_000);
    void session.get('p:a1');
    await turn();
    expect(connection.sent.length).to.equal(1_001);
  });

  it('go one by one where the server counts slots differently', async () => {
    const { connection, session } = scene();
    const source = sourceOf(['p:a1', 'p:a2'].map(write));
    session.setChangeSource(source);
    const reading = session.getMany(['p:a1', 'p:a2'], 'request');
    await turn();
    const crossed = classify(
      new ErrorReply("CROSSSLOT Keys in request don't hash to the same slot"),
    );
    for (const { answer } of connection.sent.splice(0)) answer(crossed);
    await turn();
    expect(connection.sent.map(keysOf)).to.have.deep.members([
      ['p:a1'],
      ['p:a1'],
      ['p:a2'],
      ['p:a2'],
    ]);
    for (const sent of connection.sent)
      sent.answer(sent.args[0] === 'GET' ? valuesOf(sent) : `${echoOf(sent)}|`);
    expect(await reading).to.deep.equal(['=p:a1', '=p:a2']);
    await turn();
    expect(source.outcomes).to.deep.equal([['done', 'done']]);
  });
});
