import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../lib/core/time/clock.js';
import { nginx } from '../../lib/edge/adapters/nginx.js';
import type { Edge, PurgeReply } from '../../lib/edge/edge.js';
import { EdgeTier } from '../../lib/edge/edge-tier.js';
import { PurgeQueue } from '../../lib/edge/queue/purge-queue.js';
import { ManualClock } from '../support/manual-clock.js';
import { type Received, VendorFake } from './vendor-fake.js';
import { CASES } from './vendors.js';

const MANY = 10_000;
const ROUND_MS = 3_000;

interface Stand {
  readonly clock: ManualClock;
  readonly fake: VendorFake;
  readonly queue: PurgeQueue;
  readonly lines: string[];
  /** Moves time on; the fake answers in no time. */
  pass(ms: number): Promise<void>;
}

describe('the purges of an edge', () => {
  const open: VendorFake[] = [];
  afterEach(async () => {
    for (const fake of open.splice(0)) await fake.stop();
  });

  async function stand(name: string): Promise<Stand> {
    const { vendor, edge: makeEdge } = CASES[name] as (typeof CASES)[string];
    const clock = new ManualClock();
    const fake = await new VendorFake(vendor, clock).start();
    open.push(fake);
    const edge = makeEdge(fake.url);
    let asking = 0;
    const counted: Edge = {
      ...edge,
      async purge(order): Promise<PurgeReply> {
        asking++;
        try {
          return await edge.purge(order);
        } finally {
          asking--;
        }
      },
    };
    const lines: string[] = [];
    const log = {
      refused: (name: string) => void lines.push(`${name} refused`),
      accepts: (name: string) => void lines.push(`${name} accepts`),
    };
    const queue = new PurgeQueue({ edge: counted, clock, log, random: () => 1 });
    const idle = async (): Promise<void> => {
      while (asking > 0 && fake.faults[0] !== 'hang') await new Promise(setImmediate);
    };
    const pass = async (ms: number): Promise<void> => {
      const end = clock.now() + ms;
      while (clock.now() < end) {
        await clock.advance(Math.min(50, end - clock.now()));
        await idle();
      }
    };
    return { clock, fake, queue, lines, pass };
  }

  for (const name of Object.keys(CASES)) {
    it(`of ${name} stay within the documented limits in a burst of ${MANY} tags`, async () => {
      const { fake, queue, pass } = await stand(name);
      const tags = Array.from({ length: MANY }, (_, i) => `product-${i}`);
      for (let i = 0; i < MANY; i += 500) queue.add(tags.slice(i, i + 500), true);
      for (let s = 0; s < 180 && queue.backlog > 0; s++) await pass(1_000);
      await pass(40_000);
      const { 200: accepted = 0, 429: throttled = 0, ...other } = fake.statuses();
      expect(other).to.deep.equal({});
      expect(throttled).to.be.at.most((accepted + throttled) / 100);
      const counts = fake.accepted();
      const isCovered = (counts.get('all') ?? 0) >= 2;
      const once = tags.filter((tag) => (counts.get(tag) ?? 0) < 2);
      expect(isCovered ? [] : once).to.deep.equal([]);
      expect(queue.backlog).to.equal(0);
    });

    it(`of ${name} are the requests of the golden file`, async () => {
      const { fake, queue, pass } = await stand(name);
      queue.add(['product-1', 'product~'], true);
      await pass(ROUND_MS);
      queue.add(['h-abcdefghij0123456789'], false);
      await pass(ROUND_MS);
      queue.add(['all'], false);
      await pass(100);
      const file = join('test/edge/golden', `${name.replace(/\W+/g, '-').replace(/-$/, '')}.txt`);
      const real = fake.received.map(shown).join('\n');
      if (process.env.UPDATE_GOLDEN) (await import('node:fs')).writeFileSync(file, real);
      expect(real).to.equal(readFileSync(file, 'utf8'));
    });
  }

  it('are tried again when the edge fails, hangs or breaks the connection, and are said once', async () => {
    const { fake, queue, lines, pass, clock } = await stand('fastly');
    fake.faults.push(500, 'reset', 500);
    queue.add(['a'], true);
    await pass(5_000);
    expect(fake.accepted().get('a')).to.equal(2);
    expect(lines).to.deep.equal(['fastly refused', 'fastly accepts']);
    fake.faults.push('hang');
    queue.add(['b'], true);
    await clock.advance(2);
    while (!fake.isBusy) await new Promise(setImmediate);
    while (fake.faults.length > 0) await new Promise(setImmediate);
    expect(queue.lastError).to.equal(undefined);
    await clock.advance(10_000);
    expect(queue.lastError?.text).to.include('no answer within 10 s');
    await pass(5_000);
    expect(fake.accepted().get('b')).to.equal(2);
  });

  it('wait as long as a 429 says, and end in one of everything if there are too many', async () => {
    const { fake, queue, pass } = await stand('cloudflare pro');
    fake.faults.push(429);
    queue.add(['a'], true);
    await pass(900);
    expect(fake.statuses()).to.deep.equal({ 429: 1 });
    await pass(4_000);
    expect(fake.accepted().get('a')).to.equal(2);
    queue.add(
      Array.from({ length: MANY + 1 }, (_, i) => `t${i}`),
      true,
    );
    await pass(100);
    expect(queue.counts.overflows).to.equal(1);
    expect(fake.received.at(-1)?.tags).to.deep.equal(['all']);
  });

  it('are of all known addresses if there are too many, for an edge that has no tags', async () => {
    const clock = new ManualClock();
    const accepted = new Set<string>();
    let isDown = true;
    const edge: Edge = {
      ...nginx({ url: 'http://127.0.0.1:9', secret: 'not-one' }),
      async purge({ names }) {
        if (isDown) return { kind: 'failed', error: 'down' };
        for (const name of names) accepted.add(name);
        return { kind: 'accepted' };
      },
    };
    const tiers = { mode: 'normal', state: { journal: { entries: 0 } } } as never;
    const log = { refused: () => {}, accepts: () => {} };
    const tier = new EdgeTier({ edge, clock, log, tiers });
    const how = { isSoft: false, isDeferred: false };
    for (let i = 0; i <= MANY; i++) {
      tier.tagField([`key:${i}`], `http://shop/${i}`);
      tier.keysChanged([`key:${i}`], how);
    }
    expect(tier.state.counts.overflows).to.equal(1);
    isDown = false;
    for (let s = 0; s < 60; s++) await clock.advance(1_000);
    expect(tier.state.backlog).to.equal(0);
    expect(accepted.size).to.equal(5_000);
    expect(accepted).to.include(`http://shop/${MANY}`).and.not.include('all');
    await tier.close();
  });

  it('stop after a refusal, and are tried again each minute', async () => {
    const { fake, queue, pass } = await stand('bunny');
    fake.faults.push(401, 401);
    queue.add(['a'], false);
    await pass(59_000);
    expect(fake.statuses()).to.deep.equal({ 401: 1 });
    expect(queue.backlog).to.equal(1);
    expect(queue.oldestMs).to.be.above(58_000);
    expect(queue.lastError?.text).to.include('401');
    await pass(125_000);
    expect(fake.accepted().get('a')).to.equal(2);
    expect([queue.backlog, queue.lastError]).to.deep.equal([0, undefined]);
  });

  it('are hard if one of two changes of a tag was a delete, and start over when the tag changes again', async () => {
    const { fake, queue, pass } = await stand('fastly');
    queue.add(['a'], false);
    queue.add(['a'], true);
    await pass(1_000);
    queue.add(['a'], true);
    await pass(5_000);
    const isSoft = fake.received.map(({ headers }) => headers['fastly-soft-purge'] === '1');
    expect(isSoft).to.deep.equal([false, false, false]);
  });

  it('that no edge understands become one of everything', async () => {
    const { queue, pass, fake } = await stand('fastly');
    queue.add(['x'.repeat(1_025), 'a'], true);
    await pass(2_000);
    expect(fake.received.map(({ status, tags }) => [status, tags.length])).to.deep.equal([
      [400, 2],
      [200, 1],
    ]);
    expect(fake.accepted().get('all')).to.equal(1);
  });

  it('are sent before close() ends, within its deadline', async () => {
    const edge = CASES.fastly as (typeof CASES)[string];
    const fake = await new VendorFake(edge.vendor, systemClock).start();
    open.push(fake);
    const log = { refused: () => {}, accepts: () => {} };
    const queue = new PurgeQueue({ edge: edge.edge(fake.url), clock: systemClock, log });
    queue.add(['a'], true);
    await queue.close(5_000);
    expect(fake.accepted().get('a')).to.equal(1);
    const lost = new PurgeQueue({ edge: edge.edge('http://127.0.0.1:9'), clock: systemClock, log });
    lost.add(['a'], true);
    await lost.close(50);
    expect(lost.backlog).to.equal(1);
  });
});

/** A request as it stands in a golden file. */
function shown({ method, path, headers, body }: Received): string {
  const omitted = new Set([
    'host',
    'connection',
    'user-agent',
    'accept-language',
    'sec-fetch-mode',
  ]);
  const fields = Object.entries(headers)
    .filter(([name]) => !omitted.has(name) && name !== 'accept-encoding')
    .map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path}`, ...fields.sort()].join('\n')}\n\n${body}\n`;
}
