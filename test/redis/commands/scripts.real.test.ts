import { expect } from 'chai';
import { entryText, tombstoneText } from '../../../lib/entry/entry.js';
import { fingerprint } from '../../../lib/entry/fingerprint.js';
import * as S from '../../../lib/entry/layout.js';
import type { Session } from '../../../lib/redis/commands/session.js';
import { Failure } from '../../../lib/redis/failure.js';
import type { ClaimReply, WriteItem, WriteOutcome } from '../../../lib/redis/remote.js';
import { RedisServer } from '../../support/redis-server.js';
import { GENERATION, openSession, PREFIX, writeAll } from '../open-session.js';

describe('the scripts on a real Redis', () => {
  let server: RedisServer;
  let session: Session;
  let step: (ms: number) => void;
  let setBack: () => void;

  const micros = (): number => Date.now() * 1_000;
  const send = (...args: string[]): Promise<unknown> => session.send(args);
  const get = (key: string): Promise<unknown> => send('GET', PREFIX + key);
  const value = (
    key: string,
    payload: string,
    version = micros(),
    generation = GENERATION,
  ): string =>
    entryText({
      generation,
      fingerprint: fingerprint(key),
      version,
      ttlMs: 60_000,
      graceMs: 0,
      loadMs: 0,
      payload,
    });
  const item = (key: string, text: string, limit = micros()): WriteItem => ({
    key: PREFIX + key,
    text,
    limit,
    pxMs: 60_000,
  });
  const write = (...items: WriteItem[]): Promise<readonly (WriteOutcome | Failure)[]> =>
    writeAll(session, items);
  const claimOne = async (key: string, mode: 'load' | 'refresh' = 'load'): Promise<ClaimReply> => {
    const [reply] = await session.claim([PREFIX + key], mode, 'request');
    if (reply === undefined) throw new Error('no reply');
    return reply;
  };
  const tokenOf = (reply: ClaimReply): string => {
    if (reply instanceof Failure || reply.kind !== 'granted') throw new Error('not granted');
    return reply.token;
  };
  const fill = (key: string, text: string, token: string) =>
    session.fill([{ key: PREFIX + key, text, pxMs: 60_000, token }], 'request');

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.stop());
  beforeEach(async () => {
    ({ session, step, setBack } = await openSession(server.port, 2_000));
    await send('FLUSHALL');
  });
  afterEach(() => session.dispose());

  describe('WRITE', () => {
    it('stores values and tombstones, also after SCRIPT FLUSH', async () => {
      await send('SCRIPT', 'FLUSH');
      const outcomes = await write(
        item('a', value('a', '"ä€🙂"')),
        item('b', tombstoneText(GENERATION, micros())),
        item('c', value('c', 'x'.repeat(3_000))),
      );
      expect(outcomes).to.deep.equal(['done', 'done', 'done']);
      expect(await get('a')).to.match(/"ä€🙂"$/);
      expect(await get('b')).to.equal(
        tombstoneText(GENERATION, 0).slice(0, 17) + String(await get('b')).slice(17),
      );
      expect(String(await get('c')).length).to.equal(3_038);
      expect(await send('PTTL', `${PREFIX}a`)).to.be.within(59_000, 60_000);
    });

    for (const [size, payload] of [
      ['small', 'old'],
      ['large', 'o'.repeat(3_000)],
    ] as const) {
      it(`leaves a newer ${size} value, with its life`, async () => {
        const called = micros();
        await write(item('a', value('a', payload, called + 500)));
        const outcomes = await write(item('a', value('a', 'late', called), called));
        expect(outcomes).to.deep.equal(['older']);
        expect(await get('a')).to.match(new RegExp(`${payload}$`));
        expect(await send('PTTL', `${PREFIX}a`)).to.be.within(50_000, 60_000);
      });
    }

    it('leaves a newer tombstone, against small and large values', async () => {
      const called = micros();
      await write(item('a', tombstoneText(GENERATION, called + 500)));
      for (const payload of ['x', 'x'.repeat(3_000)]) {
        expect(await write(item('a', value('a', payload, called), called))).to.deep.equal([
          'older',
        ]);
      }
      expect(await get('a')).to.equal(tombstoneText(GENERATION, called + 500));
      expect(await send('PTTL', `${PREFIX}a`)).to.be.within(5_000, 60_000);
    });

    it('overwrites a version of the far future: the clock was set back since', async () => {
      await write(item('a', value('a', 'future', micros() + 60_000_000)));
      expect(await write(item('a', value('a', 'now')))).to.deep.equal(['done']);
      expect(await get('a')).to.match(/now$/);
    });

    for (const payload of ['x', 'x'.repeat(3_000)]) {
      it(`after the clock was set back, a version above it dates from before; one below it is newer (${payload.length})`, async () => {
        const called = micros();
        await write(item('a', value('a', payload, called + 900_000)));
        await write(item('b', value('b', payload, called + 1)));
        const late = [
          item('a', value('a', 'late', called), called),
          item('b', value('b', 'late', called), called),
        ];
        expect(await write(...late)).to.deep.equal(['older', 'older']);
        setBack();
        expect(await write(...late)).to.deep.equal(['done', 'older']);
        expect(await get('b')).to.match(new RegExp(`${payload}$`));
      });
    }

    it('replaces a lease, which is void then, and a key of another type', async () => {
      const token = tokenOf(await claimOne('a'));
      await send('RPUSH', `${PREFIX}b`, '1');
      const outcomes = await write(item('a', value('a', 'set')), item('b', value('b', 'set')));
      expect(outcomes).to.deep.equal(['done', 'done']);
      expect(await fill('a', value('a', 'loaded'), token)).to.deep.equal(['void']);
      expect(await get('a')).to.match(/set$/);
      expect(await get('b')).to.match(/set$/);
    });

    it('does nothing after its deadline, nor where the clock was set back', async () => {
      step(-10_000);
      expect(await write(item('a', value('a', 'x')))).to.deep.equal(['late']);
      step(10_000);
      expect(await write(item('a', value('a', 'x')))).to.deep.equal(['late']);
      expect(await get('a')).to.equal(null);
    });
  });

  describe('CLAIM and CLAIM_OVER', () => {
    it('grant an absent key, once', async () => {
      const first = await claimOne('a');
      expect(first).to.include({ kind: 'granted', stale: undefined });
      const second = await claimOne('a');
      expect(second).to.include({ kind: 'held' });
      if (!(second instanceof Failure) && second.kind === 'held') {
        expect(second.leftMs).to.be.within(1, 600);
      }
    });

    it('answer with a fresh value, unless it is to be refreshed', async () => {
      await write(item('a', value('a', 'fresh')));
      expect(await claimOne('a')).to.deep.equal({ kind: 'value', entry: await get('a') });
      const refresh = await claimOne('a', 'refresh');
      expect(refresh).to.include({ kind: 'granted' });
      expect(String(await get('a')).slice(S.LEASE_WIDTH)).to.match(/fresh$/);
      expect(await send('PTTL', `${PREFIX}a`)).to.be.within(50_000, 60_000);
    });

    it('grant over a tombstone, a stale value, another generation and a foreign text', async () => {
      const old = micros() - 120_000_000;
      await write(
        item('gone', tombstoneText(GENERATION, micros())),
        item('stale', value('stale', 'old', old)),
        item('other', value('other', 'x', micros(), 'gen000')),
      );
      await send('SET', `${PREFIX}foreign`, 'hello');
      const keys = ['gone', 'stale', 'other', 'foreign', 'absent'];
      const replies = await session.claim(
        keys.map((key) => PREFIX + key),
        'load',
        'bulk',
      );
      expect(replies.map((reply) => reply instanceof Failure || reply.kind)).to.deep.equal(
        keys.map(() => 'granted'),
      );
      const stale = replies.map((reply) => (reply as { stale?: string }).stale);
      expect(stale.map((entry) => entry !== undefined)).to.deep.equal([
        false,
        true,
        false,
        false,
        false,
      ]);
      expect(stale[1]).to.match(/old$/);
    });

    it('grant above the version that is there', async () => {
      const version = micros() + 500_000;
      await write(item('a', tombstoneText(GENERATION, version), version));
      const reply = await claimOne('a');
      expect((reply as { at: number }).at).to.equal(version + 1);
    });
  });

  describe('FILL, RENEW and RELEASE', () => {
    it('store under the lease, once', async () => {
      const token = tokenOf(await claimOne('a'));
      expect(await fill('a', value('a', 'loaded'), token)).to.deep.equal(['done']);
      expect(await get('a')).to.match(/loaded$/);
      expect(await fill('a', value('a', 'again'), token)).to.deep.equal(['void']);
    });

    it('do not renew a lease of another token', async () => {
      await write(item('a', value('a', 'old')));
      await claimOne('a', 'refresh');
      const renewed = await session.renew([{ key: `${PREFIX}a`, token: 'another001' }]);
      expect(renewed).to.deep.equal(['void']);
    });

    it('store under a lease that was renewed too late, unless another process took it over', async () => {
      const late = tokenOf(await claimOne('a'));
      await send('SETRANGE', `${PREFIX}a`, `${S.UNTIL_AT}`, '0000000000001');
      const next = tokenOf(await claimOne('a'));
      expect(await fill('a', value('a', 'late'), late)).to.deep.equal(['void']);
      await send('SETRANGE', `${PREFIX}a`, `${S.UNTIL_AT}`, '0000000000001');
      expect(await fill('a', value('a', 'next'), next)).to.deep.equal(['done']);
      expect(await get('a')).to.match(/next$/);
    });

    it('leave the lease of a process that has died for half a minute at most', async () => {
      await claimOne('a');
      const left = Number(await send('PTTL', `${PREFIX}a`));
      expect(left).to.be.within(1, S.LEASE_KEPT_MS);
    });

    it('do nothing outside of their time', async () => {
      const token = tokenOf(await claimOne('a'));
      step(-10_000);
      expect(await fill('a', value('a', 'loaded'), token)).to.deep.equal(['void']);
      step(0);
      expect(await fill('a', value('a', 'loaded'), token)).to.deep.equal(['done']);
    });

    it('renew what is held, and say what is void', async () => {
      const token = tokenOf(await claimOne('a'));
      const before = Number(String(await get('a')).slice(S.UNTIL_AT, S.LEASE_WIDTH));
      await new Promise((resolve) => setTimeout(resolve, 30));
      const renewed = await session.renew([
        { key: `${PREFIX}a`, token },
        { key: `${PREFIX}b`, token },
      ]);
      expect(renewed).to.deep.equal(['done', 'void']);
      expect(Number(String(await get('a')).slice(S.UNTIL_AT, S.LEASE_WIDTH))).to.be.above(before);
    });

    it('release a lease and leave what stands behind it', async () => {
      await write(item('b', tombstoneText(GENERATION, micros())));
      const [a, b] = [tokenOf(await claimOne('a')), tokenOf(await claimOne('b'))];
      const leases = [
        { key: `${PREFIX}a`, token: a },
        { key: `${PREFIX}b`, token: b },
        { key: `${PREFIX}b`, token: a },
      ];
      expect(await session.release(leases)).to.equal(undefined);
      expect(await get('a')).to.equal(null);
      expect(String(await get('b')).startsWith(S.MARK)).to.equal(true);
    });
  });

  describe('SWEEP and SWEEP_DEAD', () => {
    const all = async (): Promise<string[]> => ((await send('KEYS', '*')) as string[]).sort();

    it('remove what is not younger than the clear, and void leases', async () => {
      const clear = micros();
      await write(
        item('old', value('old', 'x', clear - 1), clear + 9_000_000),
        item('young', value('young', 'x', clear + 1), clear + 9_000_000),
        item('gone', tombstoneText(GENERATION, clear - 1), clear + 9_000_000),
        item('leased', value('leased', 'x', clear + 1), clear + 9_000_000),
      );
      await send('SET', `${PREFIX}foreign`, 'hello');
      await send('SET', `${PREFIX}e1`, `E1gen001${fingerprint('e1')}v0000000000001`);
      await send('SET', `${PREFIX}nested`, value('other-cache', 'x', clear - 1));
      await claimOne('loading');
      await claimOne('leased', 'refresh');
      const page = await session.scan('0', `${PREFIX}*`);
      if (page instanceof Failure) throw page.error;
      const items = page.keys.map((key) => ({
        key,
        fingerprint: fingerprint(key.slice(PREFIX.length)),
        limit: clear,
      }));
      expect(await session.sweep(items)).to.equal(2);
      const left = ['foreign', 'gone', 'leased', 'nested', 'young'];
      expect(await all()).to.deep.equal(left.map((key) => PREFIX + key));
      expect(String(await get('leased')).startsWith(S.MARK)).to.equal(true);
    });

    it('remove what is of another generation and not younger than the clear', async () => {
      const clear = micros();
      await write(
        item('dead', value('dead', 'x', clear, 'gen000')),
        item('later', value('later', 'x', clear + 1, 'gen002')),
        item('alive', value('alive', 'x')),
        item('gone', tombstoneText('gen000', micros())),
      );
      await send('SET', `${PREFIX}foreign`, 'hello');
      const items = ['dead', 'alive', 'later', 'gone', 'foreign'].map((key) => ({
        key: PREFIX + key,
        fingerprint: fingerprint(key),
        limit: clear,
      }));
      expect(await session.sweepDead(items, GENERATION)).to.equal(1);
      const left = ['alive', 'foreign', 'gone', 'later'];
      expect(await all()).to.deep.equal(left.map((key) => PREFIX + key));
    });

    it('also work where UNLINK is forbidden, and TIME', async () => {
      const rights = ['on', '>x', '~*', '+@all', '-unlink', '-time'];
      await send('ACL', 'SETUSER', 'limited', ...rights);
      await send('AUTH', 'limited', 'x');
      expect(await write(item('dead', value('dead', 'x', micros(), 'gen000')))).to.deep.equal([
        'done',
      ]);
      const limit = micros() + 1_000_000;
      const items = [{ key: `${PREFIX}dead`, fingerprint: fingerprint('dead'), limit }];
      expect(await session.sweepDead(items, GENERATION)).to.equal(1);
      expect(await get('dead')).to.equal(null);
    });
  });

  describe('OPEN, FENCE and BUMP', () => {
    const opening = { life: 'life1', reign: 'reign1', random: 'rand01', serial: -1 };
    const must = <T>(reply: T | Failure): T => {
      if (reply instanceof Failure) throw reply.error;
      return reply;
    };
    const POS = `${PREFIX}__ech:{ech}:pos`;
    const GEN = `${PREFIX}__ech:{ech}:gen`;

    it('open a reign, join it, and begin another in another life', async () => {
      expect(must(await session.readRecords())).to.deep.include({
        chain: [],
        generation: '',
        isWhole: false,
      });
      const first = must(await session.open(opening));
      expect(first.chain).to.deep.equal([{ id: 'reign1', life: 'life1', base: 0, openedAt: 0 }]);
      expect(first.generation).to.match(/^\d{13}:rand01$/);
      expect(first.micros).to.be.closeTo(Date.now() * 1_000, 2_000_000);
      const joined = must(await session.open({ ...opening, reign: 'reign2', random: 'rand02' }));
      expect(joined.chain).to.deep.equal(first.chain);
      expect(joined.generation).to.equal(first.generation);
      const fenced = must(await session.fence('reign1'));
      expect(fenced.count).to.equal(1);
      expect(must(await session.fence('reign9')).count).to.equal(1);
      const other = must(await session.open({ ...opening, life: 'life2', reign: 'reign3' }));
      expect(other.chain.map(({ id, base }) => [id, base])).to.deep.equal([
        ['reign1', 0],
        ['reign3', 1],
      ]);
      expect(other.chain[1]?.openedAt).to.be.closeTo(Date.now(), 2_000);
      const read = must(await session.readRecords());
      expect(read).to.deep.equal({ ...other, micros: undefined });
      expect(read.isWhole).to.equal(true);
    });

    it('change the generation to a higher serial', async () => {
      const opened = must(await session.open(opening));
      const remembered = Number(opened.generation.split(':')[0]) + 1_000;
      const bumped = must(await session.bump('rand99', remembered));
      expect(bumped.generation).to.equal(`${remembered + 1}:rand99`);
      expect(must(await session.readRecords()).generation).to.equal(bumped.generation);
    });

    it('repair one lost record from the other, and what is no record of ours', async () => {
      const { generation } = must(await session.open(opening));
      await send('DEL', GEN);
      expect(must(await session.readRecords())).to.include({ generation, isWhole: false });
      expect(must(await session.fence('reign1')).generation).to.equal(generation);
      expect(must(await session.readRecords()).isWhole).to.equal(true);
      await send('DEL', POS);
      await send('RPUSH', POS, 'x');
      expect(must(await session.readRecords())).to.deep.include({
        chain: [],
        generation,
        isWhole: false,
      });
      expect(must(await session.open({ ...opening, reign: 'reign2' })).generation).to.equal(
        generation,
      );
      await send('SET', GEN, `${'9'.repeat(400)}:rand01`);
      await send('HDEL', POS, 'gen');
      const anew = must(await session.open({ ...opening, random: 'rand77' }));
      expect(anew.generation).to.match(/^\d{13}:rand77$/);
    });

    it('keep sixteen reigns', async () => {
      for (let i = 0; i < 20; i++) {
        await session.open({ life: `life${i}`, reign: `reign${i}`, random: 'rand01', serial: -1 });
      }
      const { chain } = must(await session.readRecords());
      expect([chain.length, chain[0]?.id]).to.deep.equal([16, 'reign4']);
    });
  });

  it('reads keys one by one and together, and INFO and TIME', async () => {
    await write(item('a', value('a', '1')));
    expect(await session.get(`${PREFIX}a`)).to.match(/1$/);
    expect(await Promise.all(['a', 'b'].map((key) => session.get(PREFIX + key)))).to.deep.equal([
      await get('a'),
      null,
    ]);
    const keys = Array.from({ length: 300 }, (_, i) => `${PREFIX}${i === 299 ? 'a' : i}`);
    const slots = await session.getMany(keys, 'bulk');
    expect(slots.length).to.equal(300);
    expect(slots[299]).to.equal(await get('a'));
    expect(await session.info('server')).to.match(/run_id:/);
    expect(await session.time()).to.be.closeTo(Date.now() * 1_000, 2_000_000);
  });
});
