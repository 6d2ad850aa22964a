import { expect } from 'chai';
import fc from 'fast-check';
import { createClient } from 'redis';
import {
  ACQUIRE,
  CLEAR,
  FENCE,
  FILL,
  RELEASE,
  REMOVE,
  RENEW,
  type Script,
  STORE,
} from '../../lib/redis/commands/scripts.js';
import { RedisServer } from '../support/redis-server.js';
import { ErrorReply, ScriptedRedis } from './scripted-redis.js';

/** Times that the two tell apart by less than this are the same. */
const TOLERANCE_MS = 2_000;

const LONG_MS = 100_000;

const generation = fc.constantFrom('gen001', 'gen002');
/** Microseconds since 1970, as the entries carry them. */
const hex = (micros: number): string => micros.toString(16).padStart(13, '0');

/** Long past, just now, to come, and nothing of the kind. */
const version = fc.constantFrom(
  hex(1),
  hex(2),
  hex((Date.now() - LONG_MS) * 1_000),
  hex((Date.now() + LONG_MS) * 1_000),
  'not-hexadecim',
);
/** Of a value's ttl or grace: one that has passed (versions are of 1970), and one that has not. */
const life = fc.constantFrom('00000000', 'zzzzzzzz');
const token = fc.constantFrom('token00001', 'token00002');
const key = fc.constantFrom('p:a', 'p:b');
const kind = fc.constantFrom('v', 'v', 'g', 't');
const ttl = fc.constantFrom('60000', '90000');

const entry = fc.tuple(generation, kind, version, life).map(([gen, which, at, ms]) => {
  if (which === 't') return `E1${gen}fingerprt${at}`;
  const head = `E1${gen}fingerpr${which}${at}${ms}`;
  return which === 'v' ? `${head}"x"` : `${head}00000000000001"x"`;
});

const until = fc.constantFrom(-LONG_MS, LONG_MS);

/** What may be in a slot, also what the scripts would not write. */
const slot = fc.oneof(
  entry,
  fc
    .tuple(token, until, fc.option(entry, { nil: '' }))
    .map(([own, ms, rest]) => `L${own}${`${Date.now() + ms}`.padStart(13, '0')}${rest}`),
  fc.constantFrom('foreign', '', 'L', 'E1'),
);

const call = (
  script: Script,
  target: fc.Arbitrary<string>,
  ...args: fc.Arbitrary<string>[]
): fc.Arbitrary<string[]> =>
  fc
    .tuple(target, fc.tuple(...args))
    .map(([on, given]) => ['EVALSHA', script.sha, '1', on, ...given]);

const stamp = fc.constantFrom('stamp1', 'stamp2');
const tail = fc.constantFrom('zzzzzzzz"x"', 'zzzzzzzz"y"');
const sentBefore = fc.constantFrom(
  '1',
  `${(Date.now() - LONG_MS) * 1_000 + 1}`,
  `${Date.now()}999`,
);
const deadline = until.map((ms) => `${Date.now() + ms}`);
const head = generation.map((gen) => `E1${gen}fingerpr`);
const leaseMs = fc.constantFrom('50000', '80000');
const count = fc.constantFrom('0', '5', '1000');
const id = fc.constantFrom('lineage1', 'lineage2');

const command: fc.Arbitrary<string[]> = fc.oneof<fc.Arbitrary<string[]>[]>(
  fc.tuple(key, slot, ttl).map(([on, value, ms]) => ['SET', on, value, 'PX', ms]),
  key.map((on) => ['GET', on]),
  fc.constant(['MGET', 'p:a', 'p:b', 'p:c']),
  fc.constant(['SCAN', '0', 'MATCH', 'p:*', 'COUNT', '1000']),
  fc.constant(['HMGET', 'p:f', 'id', 'n', 'gen']),
  call(
    STORE,
    key,
    stamp,
    head.map((text) => `${text}v`),
    tail,
    sentBefore,
    ttl,
    deadline,
  ),
  call(
    REMOVE,
    key,
    stamp,
    head.map((text) => `${text}t`),
    ttl,
  ),
  call(CLEAR, key),
  call(ACQUIRE, key, token, leaseMs, head, fc.constantFrom('load', 'refresh')),
  call(
    FILL,
    key,
    token,
    head.map((text) => `${text}v`),
    tail,
    ttl,
    deadline,
  ),
  call(RENEW, key, token, leaseMs),
  call(RELEASE, key, token),
  call(
    FENCE,
    fc.constantFrom('p:f', 'p:f', 'p:f', 'p:a'),
    fc.constantFrom('pulse', 'bump'),
    id,
    count,
    generation,
    fc.constantFrom('', 'gen001', 'gen002'),
  ),
);

/** A reply with its times taken out, which are read off two clocks, and these times (ms). */
function apart(reply: unknown): { readonly shape: unknown; readonly times: number[] } {
  if (Array.isArray(reply)) {
    const isKeys = reply.length > 0 && reply.every((item) => /^p:/.test(String(item)));
    // SCAN may give its keys in any order; other replies keep theirs.
    const parts = (isKeys ? [...reply].sort() : reply).map(apart);
    return { shape: parts.map(({ shape }) => shape), times: parts.flatMap(({ times }) => times) };
  }
  if (typeof reply === 'number' && reply > TOLERANCE_MS) return { shape: 'time', times: [reply] };
  return typeof reply === 'string' ? textApart(reply) : { shape: reply, times: [] };
}

/** A slot's text: when its lease ends, and when its entry was stored. */
function textApart(text: string): { readonly shape: string; readonly times: number[] } {
  const lease = /^L.{10}(\d{13})/.exec(text);
  const rest = lease === null ? text : text.slice(24);
  const stored = /^E1.{15}([0-9a-f]{13})/.exec(rest);
  const times = [
    ...(lease === null ? [] : [Number(lease[1])]),
    ...(stored === null ? [] : [Number.parseInt(stored[1] ?? '', 16) / 1_000]),
  ];
  const head = lease === null ? '' : text.slice(0, 11);
  return {
    shape: stored === null ? head + rest : head + rest.slice(0, 17) + rest.slice(30),
    times,
  };
}

function expectSame(scripted: unknown, real: unknown, what: string): void {
  const [ours, theirs] = [apart(scripted), apart(real)];
  expect(ours.shape, what).to.deep.equal(theirs.shape);
  ours.times.forEach((time, i) => {
    expect(time, `a time in ${what}`).to.be.closeTo(theirs.times[i] ?? Number.NaN, TOLERANCE_MS);
  });
}

describe('the scripted Redis of the scheduler test', () => {
  let server: RedisServer;
  let client: ReturnType<typeof createClient>;

  before(async () => {
    server = await RedisServer.start();
    client = createClient({ url: server.url });
    await client.connect();
  });

  after(async () => {
    client.destroy();
    await server.stop();
  });

  const real = async (args: string[]): Promise<unknown> => {
    try {
      return await client.sendCommand(args);
    } catch (error) {
      return { error: String((error as Error).message).split(' ')[0] };
    }
  };

  it('answers as the real one does', async function () {
    this.timeout(60_000);
    const scripts = [STORE, REMOVE, CLEAR, ACQUIRE, FILL, RENEW, RELEASE, FENCE];
    for (const { source } of scripts) await client.sendCommand(['SCRIPT', 'LOAD', source]);
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 1, maxLength: 25, size: 'max' }),
      async (commands) => {
        await client.sendCommand(['FLUSHALL']);
        const scripted = new ScriptedRedis(() => Date.now());
        for (const { source } of scripts) scripted.execute(['SCRIPT', 'LOAD', source]);
        for (const args of commands) {
          const answer = scripted.execute(args);
          const shown =
            answer instanceof ErrorReply ? { error: answer.message.split(' ')[0] } : answer;
          expectSame(shown, await real(args), args.join(' '));
          for (const each of ['p:a', 'p:b', 'p:f']) {
            const left = Number(await real(['PTTL', each]));
            expect(scripted.msLeft(each), `PTTL ${each} after ${args.join(' ')}`).to.be.closeTo(
              left,
              left < 0 ? 0 : TOLERANCE_MS,
            );
          }
        }
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});
