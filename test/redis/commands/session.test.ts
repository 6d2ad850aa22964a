import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { entryHead } from '../../../lib/entry/entry.js';
import { fingerprint } from '../../../lib/entry/fingerprint.js';
import * as Lua from '../../../lib/redis/commands/scripts.js';
import { Session } from '../../../lib/redis/commands/session.js';
import { CLOSED, classify, Failure, TIMED_OUT } from '../../../lib/redis/failure.js';
import type { ChangeBatch, Lane, WriteItem, WriteOutcome } from '../../../lib/redis/remote.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ErrorReply } from '../fake-client.js';
import { FakeConnection, type Sent, turn } from '../fake-connection.js';

const error = (message: string): Failure => classify(new ErrorReply(message));

const scene = () => {
  const clock = new ManualClock();
  const connection = new FakeConnection();
  const shown: number[][] = [];
  const session = new Session(connection, {
    prefix: 'p:',
    clock,
    time: {
      now: () => 1_000_000,
      latest: () => 1_000_003,
      ceiling: 0,
      observe: (...sample) => shown.push(sample),
    },
    commandTimeoutMs: 100,
    maxValueBytes: 33_554_432,
    generation: () => 'gen001',
    spare: () => false,
  });
  return { clock, connection, session, shown };
};

/** The parts of an EVALSHA. */
const partsOf = ({ args }: Sent) => {
  const count = Number(args[2]);
  return {
    script: Lua.ALL_SCRIPTS.find(({ sha }) => sha === args[1])?.name,
    keys: args.slice(3, 3 + count),
    argv: args.slice(3 + count),
  };
};

const write = (key: string, text = `text of ${key}`): WriteItem => ({
  key,
  text,
  limit: 7,
  pxMs: 5_000,
});

/** A source that has these items, and notes what became of them. */
const sourceOf = (items: readonly WriteItem[], laneOf: Lane = 'request') => {
  const left = [...items];
  const outcomes: (readonly (WriteOutcome | Failure)[] | Failure)[] = [];
  const asked: string[] = [];
  const next = (lane: Lane, maxKeys: number, maxBytes: number): ChangeBatch | undefined => {
    asked.push(`${lane} ${maxKeys} ${maxBytes}`);
    if (lane !== laneOf || left.length === 0) return undefined;
    return { items: left.splice(0, maxKeys), settled: (outcome) => outcomes.push(outcome) };
  };
  return { next, outcomes, asked, left };
};

describe('changes', () => {
  it('are pulled in batches of 64 keys and sent as one script each', async () => {
    const { connection, session } = scene();
    const source = sourceOf(Array.from({ length: 72 }, (_, i) => write(`p:${i}`)));
    session.setChangeSource(source);
    await turn();
    expect(source.asked[0]).to.equal('request 64 65536');
    expect(connection.sent.length).to.equal(2);
    const { script, keys, argv } = partsOf(connection.sent[1] as Sent);
    expect([script, keys.length]).to.deep.equal(['WRITE', 8]);
    expect(argv.slice(1, 5)).to.deep.equal(['1005004', '999747', '10000', '1000000']);
    const texts = argv[5];
    expect(String(texts)).to.equal('?');
    expect(Buffer.isBuffer(texts) && texts.subarray(0, 12).toString()).to.equal('text of p:64');
    expect(argv.slice(6, 9)).to.deep.equal(['7', '12', '5000']);
  });

  it('count the bytes of their texts, not the characters', async () => {
    const { connection, session } = scene();
    session.setChangeSource(
      sourceOf([write('p:a', 'x'.repeat(10)), write('p:b', '漢'.repeat(10))]),
    );
    await turn();
    const { cost } = connection.take();
    expect(cost.bytes).to.equal(10 + 30 + 2 * 64);
  });

  it('get an outcome each', async () => {
    const { connection, session } = scene();
    const source = sourceOf([write('p:a'), write('p:b'), write('p:c')]);
    session.setChangeSource(source);
    await turn();
    const sent = connection.take();
    sent.answer(`${partsOf(sent).argv[0]}|2,`);
    await turn();
    expect(source.outcomes).to.deep.equal([['done', 'older', 'done']]);
  });

  it('are late together', async () => {
    const { connection, session } = scene();
    const source = sourceOf([write('p:a'), write('p:b')]);
    session.setChangeSource(source);
    await turn();
    const sent = connection.take();
    sent.answer(`${partsOf(sent).argv[0]}|late|123`);
    await turn();
    expect(source.outcomes).to.deep.equal([['late', 'late']]);
  });

  for (const reply of ['9|', 'x', 5, null, ['0|'], '0|x,', '0|3,', '0|0,', '0|1']) {
    it(`end the connection for the reply ${JSON.stringify(reply)}`, async () => {
      const { connection, session } = scene();
      const source = sourceOf([write('p:a'), write('p:b')]);
      session.setChangeSource(source);
      await turn();
      connection.take().answer(reply);
      await turn();
      expect(source.outcomes[0]).to.include({ reason: 'protocol_error' });
      expect(connection.lost?.reason).to.equal('protocol_error');
    });
  }

  it('are sent again with the text of the script where Redis does not know it', async () => {
    const { connection, session } = scene();
    const source = sourceOf([write('p:a')]);
    session.setChangeSource(source);
    await turn();
    const first = connection.take();
    first.answer(error('NOSCRIPT No matching script. Please use EVAL.'));
    await turn();
    const again = connection.take();
    expect(again.args.slice(0, 2)).to.deep.equal(['EVAL', Lua.WRITE.source]);
    expect(again.args.slice(2)).to.deep.equal(first.args.slice(2));
    again.answer(`${partsOf(first).argv[0]}|`);
    await turn();
    expect(source.outcomes).to.deep.equal([['done']]);
  });

  it('go one by one where their keys are of several slots', async () => {
    const { connection, session } = scene();
    const source = sourceOf([write('p:a'), write('p:b')]);
    session.setChangeSource(source);
    await turn();
    connection.take().answer(error("CROSSSLOT Keys in request don't hash to the same slot"));
    await turn();
    for (const sent of connection.sent)
      sent.answer(`${partsOf(sent).argv[0]}|${partsOf(sent).keys[0] === 'p:b' ? '1,' : ''}`);
    await turn();
    expect(source.outcomes).to.deep.equal([['done', 'older']]);
  });

  it('share the text of their tombstones', async () => {
    const { connection, session } = scene();
    session.setChangeSource(
      sourceOf([write('p:a', 'gone'), write('p:b', 'gone'), write('p:c', 'x')]),
    );
    await turn();
    const { argv } = partsOf(connection.take());
    expect(Buffer.isBuffer(argv[5]) && argv[5].subarray().toString()).to.equal('gonex');
    expect([argv[7], argv[10], argv[13]]).to.deep.equal(['4', '', '1']);
  });

  it('get one failure for all, and are not pulled for a connection that has ended', async () => {
    const { connection, session } = scene();
    const source = sourceOf(Array.from({ length: 3_000 }, (_, i) => write(`p:${i}`)));
    session.setChangeSource(source);
    await turn();
    expect(connection.sent.length).to.equal(32);
    connection.lose(TIMED_OUT);
    await turn();
    expect(source.outcomes).to.deep.equal(new Array(32).fill(TIMED_OUT));
    session.wake();
    await turn();
    expect(source.left.length).to.equal(3_000 - 32 * 64);
  });

  it('of requests overtake those of bulk calls', async () => {
    const { connection, session } = scene();
    const bulk = sourceOf(
      Array.from({ length: 64 * 32 }, (_, i) => write(`p:${i}`)),
      'bulk',
    );
    const urgent: WriteItem[] = [];
    session.setChangeSource({
      next: (lane, maxKeys, maxBytes) => {
        const [item] = lane === 'request' ? urgent.splice(0, 1) : [];
        if (item === undefined) return bulk.next(lane, maxKeys, maxBytes);
        return { items: [item], settled: () => {} };
      },
    });
    await turn();
    expect(connection.sent.length).to.equal(16);
    urgent.push(write('p:urgent'));
    session.wake();
    await turn();
    expect(connection.sent.length).to.equal(17);
    expect(partsOf(connection.sent[16] as Sent).keys).to.deep.equal(['p:urgent']);
  });

  it('that a reply makes room for are sent in no context of a caller', async () => {
    const { connection, session } = scene();
    const storage = new AsyncLocalStorage<string>();
    const stores: (string | undefined)[] = [];
    const send = connection.send.bind(connection);
    connection.send = (args, cost) => {
      stores.push(storage.getStore());
      return send(args, cost);
    };
    const source = sourceOf(Array.from({ length: 33 * 64 }, (_, i) => write(`p:${i}`)));
    storage.run('request', () => session.setChangeSource(source));
    await turn();
    const sent = connection.take();
    sent.answer(`${partsOf(sent).argv[0]}|`);
    await turn();
    expect([stores[0], stores.length, stores.at(-1)]).to.deep.equal(['request', 33, undefined]);
  });
});

describe('claims', () => {
  it('of one turn join, and absent keys cost one small script', async () => {
    const { connection, session } = scene();
    const claims = ['p:a', 'p:b'].map((key) => session.claim([key], 'load', 'request'));
    await turn();
    const sent = connection.take();
    const { script, keys, argv } = partsOf(sent);
    expect([script, keys, argv[1]]).to.deep.equal(['CLAIM', ['p:a', 'p:b'], '600']);
    const token = String(argv[0]);
    expect(token.length).to.equal(10);
    sent.answer(`${token}|1700000000000000|`);
    const granted = { kind: 'granted', token, at: 1_700_000_000_000_000, stale: undefined };
    expect(await Promise.all(claims)).to.deep.equal([[granted], [granted]]);
  });

  it('look at what is under a key that is taken', async () => {
    const { connection, session } = scene();
    const claim = session.claim(['p:a', 'p:b', 'p:c', 'p:d'], 'load', 'request');
    await turn();
    const first = connection.take();
    first.answer(`${partsOf(first).argv[0]}|5|2,3,4,`);
    await turn();
    const over = connection.take();
    const { script, keys, argv } = partsOf(over);
    expect([script, keys]).to.deep.equal(['CLAIM_OVER', ['p:b', 'p:c', 'p:d']]);
    expect(argv.slice(1, 4)).to.deep.equal(['600', 'load', entryHead('gen001', fingerprint('b'))]);
    const token = argv[0];
    over.answer([`${token}|6`, 'ventry', 'h250', 'g1700000000000000stale']);
    expect(await claim).to.deep.equal([
      { kind: 'granted', token: partsOf(first).argv[0], at: 5, stale: undefined },
      { kind: 'value', entry: 'entry' },
      { kind: 'held', leftMs: 250 },
      { kind: 'granted', token, at: 1_700_000_000_000_000, stale: 'stale' },
    ]);
  });

  it('show the server’s clock, whether a key is free or taken', async () => {
    const { clock, connection, session, shown } = scene();
    for (const positions of ['', '1,']) {
      void session.claim(['p:a'], 'load', 'request');
      const sentAt = clock.now();
      clock.jump(7);
      await turn();
      const sent = connection.take();
      sent.answer(`${partsOf(sent).argv[0]}|1700000000000000|${positions}`);
      await turn();
      expect(shown).to.deep.equal([[1_700_000_000_000, sentAt]]);
      shown.length = 0;
    }
  });

  it('to refresh look at once, which shows it, too', async () => {
    const { clock, connection, session, shown } = scene();
    const claim = session.claim(['p:a'], 'refresh', 'request');
    const sentAt = clock.now();
    clock.jump(7);
    await turn();
    const sent = connection.take();
    const { script, argv } = partsOf(sent);
    expect([script, argv[2]]).to.deep.equal(['CLAIM_OVER', 'refresh']);
    sent.answer([`${argv[0]}|1700000000000000`, 'ventry']);
    expect(await claim).to.deep.equal([{ kind: 'value', entry: 'entry' }]);
    expect(shown).to.deep.equal([[1_700_000_000_000, sentAt]]);
  });

  for (const change of ['x', 'v', 'h', 'hx', 'g12', '', 5, null]) {
    it(`end the connection for the answer ${JSON.stringify(change)}`, async () => {
      const { connection, session } = scene();
      const claim = session.claim(['p:a'], 'refresh', 'request');
      await turn();
      const sent = connection.take();
      sent.answer([`${partsOf(sent).argv[0]}|5`, change]);
      expect((await claim)[0]).to.include({ reason: 'protocol_error' });
    });
  }

  it('of many keys go in batches, and a failure is reported for its own keys', async () => {
    const { connection, session } = scene();
    const claim = session.claim(
      Array.from({ length: 72 }, (_, i) => `p:${i}`),
      'load',
      'bulk',
    );
    await turn();
    const [first, second] = [connection.take(), connection.take()];
    first.answer(`${partsOf(first).argv[0]}|5|`);
    second.answer(error('BUSY Redis is busy running a script'));
    const replies = await claim;
    expect(replies[63]).to.include({ kind: 'granted' });
    expect(replies[64]).to.be.instanceOf(Failure);
  });
});

describe('leases', () => {
  it('of several calls are filled, renewed and released together', async () => {
    const { connection, session } = scene();
    const item = (key: string) => ({ key, text: key, pxMs: 5, token: `token-${key}` });
    const fills = [session.fill([item('a'), item('b')], 'bulk'), session.fill([item('c')], 'bulk')];
    await turn();
    const sent = connection.take();
    const { script, keys, argv } = partsOf(sent);
    expect([script, keys]).to.deep.equal(['FILL', ['a', 'b', 'c']]);
    expect(String(argv[3])).to.equal('?');
    expect(Buffer.isBuffer(argv[3]) && argv[3].subarray().toString()).to.equal('abc');
    expect(argv.slice(4, 7)).to.deep.equal(['token-a', '1', '5']);
    sent.answer(`${argv[0]}|2,`);
    expect(await Promise.all(fills)).to.deep.equal([['done', 'void'], ['done']]);
    const renewed = session.renew([{ key: 'a', token: 't' }]);
    const released = session.release([{ key: 'b', token: 't' }]);
    await turn();
    const [renew, release] = [connection.take(), connection.take()];
    expect(partsOf(renew).argv.slice(1)).to.deep.equal(['600', 't']);
    renew.answer(`${partsOf(renew).argv[0]}|1,`);
    release.answer(error('BUSY Redis is busy running a script'));
    expect(await renewed).to.deep.equal(['void']);
    expect(await released).to.include({ reason: 'busy' });
  });

  it('are filled in batches of 64 KiB', async () => {
    const { connection, session } = scene();
    const text = 'x'.repeat(40_000);
    const items = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, text, pxMs: 5, token: 't' }));
    void session.fill(items, 'request');
    await turn();
    expect(connection.sent.map((sent) => partsOf(sent).keys.length)).to.deep.equal([2, 2, 1]);
  });
});

describe('the door’s commands', () => {
  it('are sent at once, past the window', async () => {
    const { connection, session } = scene();
    session.setChangeSource(sourceOf(Array.from({ length: 3_000 }, (_, i) => write(`p:${i}`))));
    await turn();
    const before = connection.sent.length;
    void session.readRecords();
    void session.time();
    void session.info('replication');
    void session.bump('random', 5);
    void session.recheck('p:a');
    expect(connection.names.slice(before)).to.deep.equal([
      'HMGET 4',
      'GET 1',
      'TIME 0',
      'INFO 1',
      'EVALSHA 6',
      'GET 1',
    ]);
  });

  it('tell what cannot be understood, and end the connection', async () => {
    const { connection, session } = scene();
    const time = session.time();
    connection.take().answer(['1', 'x']);
    expect(await time).to.include({ reason: 'protocol_error' });
    expect(connection.lost?.reason).to.equal('protocol_error');
  });

  it('read a number of at most sixteen digits, and no more reigns than are kept', async () => {
    const { connection, session } = scene();
    const read = session.readRecords();
    const chain = Array.from({ length: 1_000 }, (_, i) => `r${i}:life:${i}:5`).join(',');
    connection.take().answer([`x:y,${chain}`, '1'.repeat(17), '5:abcdef']);
    connection.take().answer('99999999999999999999:abcdef');
    const records = await read;
    if (records instanceof Failure) throw records.error;
    expect(records.chain.length).to.equal(32);
    expect(records.chain.at(-1)).to.deep.equal({
      id: 'r999',
      life: 'life',
      base: 999,
      openedAt: 5,
    });
    expect(records).to.include({ count: 0, generation: '5:abcdef', isWhole: false });
  });

  it('scan without the package’s own keys', async () => {
    const { connection, session } = scene();
    const scan = session.scan('0', 'p:*');
    connection.take().answer(['18446744073709551615', ['p:a', 'p:__ech:{ech}:pos']]);
    expect(await scan).to.deep.equal({ next: '18446744073709551615', keys: ['p:a'] });
  });

  it('sweep a hundred keys at a time, one call after the other', async () => {
    const { connection, session } = scene();
    const items = Array.from({ length: 150 }, (_, i) => ({
      key: `p:${i}`,
      fingerprint: 'f',
      limit: 5,
    }));
    const swept = session.sweep(items);
    await turn();
    expect(connection.sent.length).to.equal(1);
    const first = connection.take();
    expect(partsOf(first).keys.length).to.equal(100);
    first.answer(`${partsOf(first).argv[0]}|60`);
    await turn();
    const second = connection.take();
    second.answer(`${partsOf(second).argv[0]}|1`);
    expect(await swept).to.equal(61);
  });

  it('adapt the reads to a server without MGET', async () => {
    const { connection, session } = scene();
    session.adapt({ mget: true });
    void session.getMany(['p:a', 'p:b'], 'bulk');
    await turn();
    session.adapt({ mget: false });
    void session.getMany(['p:a', 'p:b'], 'bulk');
    void session.get('p:a');
    void session.get('p:b');
    await turn();
    expect(connection.names).to.deep.equal(['MGET 2', 'GET 1', 'GET 1', 'GET 1', 'GET 1']);
  });

  it('end the connection, told or untold', () => {
    const [told, untold] = [scene(), scene()];
    told.session.lose(TIMED_OUT);
    untold.session.dispose(TIMED_OUT);
    expect([told.connection.lost, untold.connection.lost]).to.deep.equal([TIMED_OUT, undefined]);
  });

  it('settle with the reason after the end', async () => {
    const { session } = scene();
    session.dispose();
    expect(await session.time()).to.equal(CLOSED);
    expect(await session.get('p:a')).to.equal(CLOSED);
    expect(await session.claim(['p:a'], 'load', 'request')).to.deep.equal([CLOSED]);
    expect(await session.scan('0', '*')).to.equal(CLOSED);
    expect(await session.sweepDead([{ key: 'a', fingerprint: 'f', limit: 1 }], 'gen001')).to.equal(
      CLOSED,
    );
  });
});
