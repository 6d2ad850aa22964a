import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { Failure } from '../../../lib/redis/failure.js';
import type { WriteItem } from '../../../lib/redis/remote.js';
import { RedisServer } from '../../support/redis-server.js';
import { type OpenSession, openSession, PREFIX, writeAll } from '../open-session.js';

const COMMAND_TIMEOUT_MS = 100;

const item = (i: number, text = `E2gen001fingerpr${'v'}${'0'.repeat(21)}${i}`): WriteItem => ({
  key: `${PREFIX}${i}`,
  text,
  limit: Date.now() * 1_000,
  pxMs: 60_000,
});

const countOf = (all: readonly unknown[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const one of all) {
    const name = one instanceof Failure ? `${one.kind} ${one.reason}` : String(one);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('load of our own on a real Redis', () => {
  let server: RedisServer;
  let open: OpenSession;
  beforeEach(async () => {
    server = await RedisServer.start();
    open = await openSession(server.port, COMMAND_TIMEOUT_MS);
  });
  afterEach(async () => {
    open.session.dispose();
    await server.stop();
  });

  it('30,000 changes and reads at once are no fault, and all are right', async () => {
    const { session, lost } = open;
    const items = Array.from({ length: 30_000 }, (_, i) => item(i));
    expect(countOf(await writeAll(session, items, 'bulk'))).to.deep.equal({ done: 30_000 });
    const keys = items.map(({ key }) => key);
    expect(await session.getMany(keys, 'bulk')).to.deep.equal(items.map(({ text }) => text));
    const claims = await session.claim(
      keys.map((key) => `${key}:absent`),
      'load',
      'bulk',
    );
    expect(
      countOf(claims.map((claim) => (claim instanceof Failure ? claim : claim.kind))),
    ).to.deep.equal({
      granted: 30_000,
    });
    const singles = await Promise.all(keys.map((key) => session.get(key)));
    for (const [i, slot] of singles.entries()) {
      const isRight = slot instanceof Failure ? slot.isImpatient : slot === items[i]?.text;
      expect(isRight).to.equal(true);
    }
    expect(lost).to.deep.equal([]);
  });

  it('large values are no fault, and small reads beside them get their answer', async () => {
    const { session, lost } = open;
    const half = Array.from({ length: 16 }, (_, i) => item(i, `E2${'x'.repeat(512 * 1_024)}`));
    expect(countOf(await writeAll(session, half))).to.deep.equal({ done: 16 });
    const large = item(99, `E2${'y'.repeat(16 * 1_024 * 1_024)}`);
    expect(await writeAll(session, [large, item(100)])).to.deep.equal(['done', 'done']);
    for (let round = 0; round < 5; round++) {
      const [slots, small] = await Promise.all([
        session.getMany([large.key, ...half.map(({ key }) => key)], 'request'),
        session.getMany([`${PREFIX}100`], 'request'),
      ]);
      expect(slots.map((slot) => String(slot).length)).to.deep.equal([
        large.text.length,
        ...half.map(({ text }) => text.length),
      ]);
      expect(small).to.deep.equal([item(100).text]);
    }
    expect(lost).to.deep.equal([]);
  });

  it('a hang is found with three commands, and with one', async () => {
    const { session, lost } = open;
    server.hang();
    const startedAt = performance.now();
    const slots = await Promise.all(
      [1, 2, 3].map((i) => session.getMany([`${PREFIX}${i}`], 'request')),
    );
    expect(countOf(slots.flat())).to.deep.equal({ 'unavailable timeout': 3 });
    expect(lost).to.deep.equal(['timeout']);
    expect(performance.now() - startedAt).to.be.within(95, 2_000);
    server.thaw();
    const lone = await openSession(server.port, COMMAND_TIMEOUT_MS);
    server.hang();
    expect(await lone.session.get(`${PREFIX}1`)).to.include({ reason: 'timeout' });
    while (lone.lost.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(lone.lost).to.deep.equal(['timeout']);
    server.thaw();
  });

  it('shows keys to tracers, and no value', async () => {
    const seen: string[] = [];
    const channel = 'tracing:node-redis:command:start';
    const onCommand = (message: unknown): void => {
      seen.push(JSON.stringify((message as { args: unknown }).args));
    };
    subscribe(channel, onCommand);
    try {
      const { session } = open;
      const secret = `E2${'card 4111111111111111'.repeat(3)}`;
      await writeAll(session, [item(1, secret)]);
      const [claim] = await session.claim([`${PREFIX}2`], 'load', 'request');
      const token = claim instanceof Failure || claim?.kind !== 'granted' ? '' : claim.token;
      await session.fill([{ key: `${PREFIX}2`, text: secret, pxMs: 1_000, token }], 'request');
    } finally {
      unsubscribe(channel, onCommand);
    }
    const text = seen.join('\n');
    expect(text).to.include(`${PREFIX}1`).and.to.include(`${PREFIX}2`);
    expect(text).not.to.include('41111');
  });
});
