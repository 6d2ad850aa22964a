import { expect } from 'chai';
import { type CommandSource, Pipeline } from '../../../lib/redis/commands/flow/pipeline.js';
import { ReplySizes } from '../../../lib/redis/commands/flow/reply-sizes.js';
import { TIMED_OUT } from '../../../lib/redis/failure.js';
import type { Lane } from '../../../lib/redis/remote.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeConnection, turn } from '../fake-connection.js';

describe('the pipeline', () => {
  const scene = () => {
    const connection = new FakeConnection();
    const pipeline = new Pipeline(connection, new ManualClock());
    connection.listen({ ended: () => pipeline.end() });
    /** Has `left` commands of that name. */
    const source = (name: string, lane: Lane, left: number): { left: number } => {
      const state = { left };
      const sendNext: CommandSource['sendNext'] = (asked) => {
        if (asked !== lane || state.left === 0) return false;
        state.left--;
        pipeline.send({ args: [name], lane, keys: 1, bytes: 10 }, () => {});
        return true;
      };
      pipeline.add({ sendNext });
      return state;
    };
    const names = (): string => connection.sent.map(({ args }) => args[0]).join('');
    return { connection, pipeline, source, names };
  };

  it('sends at the end of the turn, the sources in turn, requests first', async () => {
    const { pipeline, source, names } = scene();
    source('b', 'bulk', 2);
    source('r', 'request', 3);
    source('s', 'request', 2);
    pipeline.wake();
    pipeline.wake();
    expect(names()).to.equal('');
    await turn();
    expect(names()).to.equal('rsrsrbb');
  });

  it('sends on when a reply makes room', async () => {
    const { connection, pipeline, source } = scene();
    const state = source('r', 'request', 100);
    pipeline.wake();
    await turn();
    expect(state.left).to.equal(36);
    connection.take().answer('x');
    await turn();
    expect(state.left).to.equal(35);
  });

  it('lets bulk work go on where requests fill the window', async () => {
    const { connection, pipeline, source } = scene();
    source('r', 'request', 1_000);
    const bulk = source('b', 'bulk', 10);
    pipeline.wake();
    await turn();
    expect(bulk.left).to.equal(9);
    connection.sent.find(({ args }) => args[0] === 'b')?.answer('x');
    await turn();
    expect(bulk.left).to.equal(8);
  });

  it('sends everything at once, to be refused, when the connection has ended', async () => {
    const { connection, pipeline, source } = scene();
    const states = [source('r', 'request', 1_000), source('b', 'bulk', 1_000)];
    pipeline.wake();
    await turn();
    connection.lose(TIMED_OUT);
    expect(states.map(({ left }) => left)).to.deep.equal([0, 0]);
    expect(await pipeline.direct(['PING'])).to.equal(TIMED_OUT);
  });

  it('counts what Redis answered, not what it left unanswered', async () => {
    const { connection, pipeline } = scene();
    const replies = [pipeline.direct(['TIME']), pipeline.direct(['TIME'])];
    connection.take().answer('x');
    connection.take().answer(TIMED_OUT);
    await Promise.all(replies);
    expect(pipeline.answers).to.equal(1);
  });
});

describe('the sizes of replies', () => {
  it('are learned a key, and the largest is forgotten slowly', async () => {
    const clock = new ManualClock();
    const sizes = new ReplySizes(clock);
    for (let i = 0; i < 100; i++) sizes.observe(4, 400, 200);
    expect(sizes.average).to.be.closeTo(100, 1);
    expect(sizes.largest).to.equal(200);
    await clock.advance(5_000);
    sizes.observe(1, 10, 10);
    expect(sizes.largest).to.equal(100);
    sizes.observe(1, 500, 500);
    expect(sizes.largest).to.equal(500);
  });
});
