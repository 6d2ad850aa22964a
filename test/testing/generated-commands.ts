import fc from 'fast-check';
import * as S from '../../lib/entry/layout.js';
import * as Lua from '../../lib/redis/commands/scripts.js';

/** When a generated sequence begins: milliseconds since 1970. */
export const START_MS = 1_800_000_000_000;
const START = START_MS * 1_000;

/** One step: a command, or so many microseconds of the servers' clocks. */
export type Step = { readonly command: readonly string[] } | { readonly advance: number };

export const POS = 'p:__ech:pos';
export const GEN = 'p:__ech:gen';
export const KEYS = ['p:a', 'p:b', 'p:é', POS, GEN] as const;

type Text = fc.Arbitrary<string>;

const fixed = (...texts: readonly string[]): Text => fc.constantFrom(...texts);
const echo = fixed('echo1', 'echo2');
const key = fixed('p:a', 'p:a', 'p:b', 'p:é');
const anyKey = fixed(...KEYS);
const generation = fixed('gen001', 'gen002');
const fingerprint = fixed('fingerp1', 'fingerp2');
const token = fixed('token00001', 'token00002');

/** Moments around the beginning, in microseconds, at the edges of what the scripts compare. */
const micros = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(-1, 0, 0, 1) },
    { weight: 2, arbitrary: fc.constantFrom(999_999, 1_000_000, 1_000_001) },
    fc.constantFrom(-100_000_000, -5_500, 70_000_000),
  )
  .map((offset) => START + offset);
const ms = fc
  .constantFrom(-100_000, -1, 0, 0, 1, 60_000, 60_001, 100_000)
  .map((offset) => `${START_MS + offset}`);
const past = fc.constantFrom('0', '0', `${START_MS}`, `${START_MS + 1}`);
const future = fc.constantFrom(`${START_MS - 1}`, `${START_MS}`, `${START_MS + 100_000}`);
const version = fc.oneof(
  { weight: 12, arbitrary: micros.map((at) => at.toString(16).padStart(S.VERSION_LENGTH, '0')) },
  fixed('0000000000000', 'not-hexadecim', '  1f         ', '-00000000001f', '0x6651728a000', 'F'),
);
/** Milliseconds in base 36. */
const span = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 3, 5_000, 60_000, 100_000, 2e12).map(base36) },
  fixed('-0000001', '!!!!!!!!', 'ZZ'),
);

function base36(value: number): string {
  return value.toString(36).padStart(S.TTL_LENGTH, '0');
}

const payload = fc.oneof(
  fixed('"x"', '"é"', ''),
  // Records of tags.
  fixed('rmversion001', 'rrversion002'),
  // Around what the scripts call small, in bytes and not in characters.
  fc.constantFrom(985, 986, 987).map((length) => 'y'.repeat(length)),
  fixed('é'.repeat(493), 'é'.repeat(494)),
);

const value = fc
  .tuple(generation, fingerprint, fixed('v', 'v', 'g', 'x'), version, span, span, payload)
  .map(([gen, print, kind, at, ttl, grace, text]) => {
    const head = `${S.MARK}${gen}${print}${kind}${at}${ttl}`;
    return kind === 'g' ? `${head}${grace}00001${text}` : head + text;
  });
const tombstone = fc
  .tuple(generation, version)
  .map(([gen, at]) => `${S.MARK}${gen}${S.NO_FINGERPRINT}t${at}`);
const oldEntry = fc
  .tuple(generation, fingerprint, fixed('v', 't'), version)
  .map(([gen, print, kind, at]) => `${S.OLD_MARK}${gen}${print}${kind}${at}00000rs0"x"`);
const entry = fc.oneof({ weight: 4, arbitrary: value }, tombstone, oldEntry);

const until = fc.oneof(
  { weight: 9, arbitrary: ms },
  fixed('not-a-number!', '1e12', '-000000000001', '          inf', '0x1a3185c5000'),
);
const leaseText = fc
  .tuple(token, until, fc.option(entry, { nil: '' }))
  .map(([own, end, rest]) => `${S.LEASE_MARK}${own}${end}${rest}`);

/** What may be in a slot, also what the scripts would not write. */
export const slot: Text = fc.oneof(
  { weight: 4, arbitrary: entry },
  { weight: 3, arbitrary: leaseText },
  fixed(
    'foreign',
    '',
    'L',
    'London',
    'London is a town of some size',
    'Ltoken00001123456789012',
    'E2',
    'E1',
    'é',
  ),
);

const life = fixed('1', '20', '5000', '60000', '90000');
const ahead = fixed('0', `${S.ANOMALY_MICROS}`);
const leaseMs = fixed('1', '5000', '60000', '80000');
const someKeys = fc.uniqueArray(key, { minLength: 1, maxLength: 3 });

type Words = fc.Arbitrary<readonly string[]>;

/** A script with some keys, arguments for all of them, and some for each. */
function batch(script: Lua.Script, common: readonly Text[], each: readonly Text[]): Words {
  return someKeys.chain((keys) =>
    fc
      .tuple(fc.tuple(...common), fc.tuple(...keys.map(() => fc.tuple(...each))))
      .map(([first, others]) => call(script, keys, [...first, ...others.flat()])),
  );
}

/** A script whose texts lie one behind the other in one argument. For each key: an argument, a length, a life. */
function batchOfTexts(
  script: Lua.Script,
  common: readonly Text[],
  { text, before }: { readonly text: Text; readonly before: Text },
): Words {
  const isSame = fc.boolean();
  return someKeys.chain((keys) =>
    fc
      .tuple(fc.tuple(...common), fc.tuple(...keys.map(() => fc.tuple(before, text, life, isSame))))
      .map(([first, items]) => {
        let texts = '';
        const others = items.flatMap(([own, one, px, same], i) => {
          if (same && i > 0) return [own, '', px];
          texts += one;
          return [own, `${Buffer.byteLength(one)}`, px];
        });
        return call(script, keys, [...first, texts, ...others]);
      }),
  );
}

function call(script: Lua.Script, keys: readonly string[], args: readonly string[]): string[] {
  return ['EVALSHA', script.sha, `${keys.length}`, ...keys, ...args];
}

function records(script: Lua.Script, ...args: readonly Text[]): Words {
  return fc.tuple(...args).map((given) => call(script, [POS, GEN], given));
}

const limit = micros.map((at) => `${at}`);
const expectedHead = fc.tuple(generation, fingerprint).map(([g, f]) => `${S.MARK}${g}${f}`);
const reign = fixed('reign1', 'reign2', 'reign3');
const lifeOfServer = fixed('life1', 'life2');
const serial = fixed('-1', '0', '7', `${START_MS + 5}`);

const scripts: Words = fc.oneof(
  {
    weight: 4,
    arbitrary: batchOfTexts(Lua.WRITE, [echo, future, past, life, ahead], {
      text: entry,
      before: limit,
    }),
  },
  { weight: 2, arbitrary: batch(Lua.CLAIM, [token, leaseMs], []) },
  {
    weight: 4,
    arbitrary: batch(Lua.CLAIM_OVER, [token, leaseMs, fixed('load', 'refresh')], [expectedHead]),
  },
  {
    weight: 3,
    arbitrary: batchOfTexts(Lua.FILL, [echo, future, past], { text: value, before: token }),
  },
  { weight: 2, arbitrary: batch(Lua.RENEW, [echo, leaseMs], [token]) },
  { weight: 2, arbitrary: batch(Lua.RELEASE, [echo], [token]) },
  { weight: 4, arbitrary: batch(Lua.TAG, [echo, leaseMs], [expectedHead, token]) },
  { weight: 3, arbitrary: batch(Lua.SWEEP, [echo], [limit, fingerprint]) },
  { weight: 3, arbitrary: batch(Lua.SWEEP_DEAD, [echo, generation], [limit, fingerprint]) },
);

const random = fixed('gen001', 'gen002', 'gen003');
const recordScripts: Words = fc.oneof(
  { weight: 3, arbitrary: records(Lua.OPEN, lifeOfServer, reign, random, serial) },
  { weight: 2, arbitrary: records(Lua.FENCE, reign) },
  { weight: 2, arbitrary: records(Lua.BUMP, random, serial) },
);

const reignText = fc
  .tuple(reign, lifeOfServer, fixed('0', '5'), fixed('0', `${START_MS}`))
  .map((parts) => parts.join(':'));
const chain = fc.oneof(
  fc.array(reignText, { maxLength: 3 }).map((reigns) => reigns.join(',')),
  fc.tuple(reignText, fc.integer({ min: 13, max: 17 })).map(([last, before]) => {
    const others = Array.from({ length: before }, (_, i) => `older${i}:life0:0:0`);
    return [...others, last].join(',');
  }),
  fixed('', ',', 'odd', ',a:b', 'a::b,', 'x,:reign1::life1', 'reign1::life1:'),
);
const generationText = fixed(
  '7:gen001',
  '7:gen002',
  '1234567890123456:gen001',
  '12345678901234567:gen001',
  '9:gen01',
  '9:gen0001',
  '8:gen002',
  `${START_MS + 9}:gen003`,
  'odd',
  '',
  ':',
  '7x:a',
);
const recordField = fc.oneof(
  chain.map((text) => ['chain', text]),
  fixed('0', '5', '1000', 'odd', '1e3', '').map((n) => ['n', n]),
  generationText.map((text) => ['gen', text]),
);

/** The records, also in states in which nobody leaves them. */
const recordCommands: Words = fc.oneof(
  recordField.map((pair) => ['HSET', POS, ...pair]),
  generationText.map((text) => ['SET', GEN, text]),
  fixed(POS, GEN).map((name) => ['DEL', name]),
  fc.constantFrom(['SET', POS, 'x'], ['HSET', GEN, 'a', 'b'], ['HMGET', POS, 'chain', 'n', 'gen']),
);

const number = fixed('-100', '-3', '-1', '0', '1', '2', '24', '1000', 'x', '01', '1.5', '');
const setOption = fixed('NX', 'XX', 'GET', 'KEEPTTL', 'PX', '5000', '0', '-1', 'x', 'nx', 'px');
const field = fixed('n', 'm', 'gen');

const plainCommands: Words = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(key, slot, life).map(([k, v, px]) => ['SET', k, v, 'PX', px]) },
  fc
    .tuple(anyKey, slot, fc.array(setOption, { maxLength: 4 }))
    .map(([k, v, options]) => ['SET', k, v, ...options]),
  anyKey.map((k) => ['GET', k]),
  fc.array(anyKey, { maxLength: 4 }).map((keys) => ['MGET', ...keys]),
  fc
    .tuple(fixed('DEL', 'UNLINK', 'EXISTS'), fc.array(anyKey, { maxLength: 3 }))
    .map((w) => w.flat()),
  fc.tuple(fixed('GETRANGE'), anyKey, number, number),
  fc.tuple(fixed('SETRANGE'), anyKey, number, fixed('', 'abc', 'é')),
  fc.tuple(fixed('PEXPIRE'), anyKey, fc.oneof(number, life)),
  fc.tuple(fixed('PTTL', 'PERSIST', 'TYPE'), anyKey),
  fc.tuple(fixed('HGET'), anyKey, field),
  fc.tuple(fixed('HMGET'), anyKey, field, field),
  fc.tuple(fixed('HSET'), anyKey, field, number).map((words) => [...words]),
  fc.tuple(fixed('HSET'), anyKey, field, number, field, number),
  fc.tuple(fixed('HINCRBY'), anyKey, field, number),
);

const commands: Words = fc.oneof(
  { weight: 6, arbitrary: scripts },
  { weight: 4, arbitrary: plainCommands },
  { weight: 4, arbitrary: recordScripts },
  { weight: 3, arbitrary: recordCommands },
  fixed('p:*', '*', 'p:__ech:*', 'p:?', 'q*').map((glob) => ['SCAN', '0', 'MATCH', glob]),
  fc.constantFrom(
    ['TIME'],
    ['PING'],
    ['PING', 'é'],
    ['ECHO', 'é'],
    ['GET'],
    ['TIME', 'x'],
    ['FLUSHALL'],
    ['SCRIPT', 'odd'],
    ['SCAN', 'x'],
    ['SCAN', '0', 'COUNT', '0'],
    ['SCAN', '0', 'COUNT', 'x'],
    ['SCAN', '0', 'MATCH'],
    ['EVALSHA', '0'.repeat(40), '0'],
    ['EVALSHA', Lua.CLAIM.sha, '-1'],
    ['EVALSHA', Lua.CLAIM.sha, '2', 'a'],
    ['EVALSHA', Lua.CLAIM.sha, 'x'],
    ['nothing', 'a', 'é'],
  ),
);

const advances = fc.constantFrom(
  ...[1, 499, 500, 501, 1_000, 5_000, 20_000, 5_000_000, 60_000_000, -1, -300_000, -5_000_000],
);

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: commands.map((command) => ({ command })) },
    { weight: 2, arbitrary: advances.map((advance) => ({ advance })) },
  ),
  { minLength: 1, maxLength: 30, size: 'max' },
);

/** The records of a prefix, and a script that meets them. */
export const recordScene: fc.Arbitrary<readonly Step[]> = fc
  .tuple(chain, fixed('0', '5', 'odd'), generationText, generationText, recordScripts)
  .map(([reigns, n, copy, gen, script]) => [
    { command: ['HSET', POS, 'chain', reigns, 'n', n, 'gen', copy] },
    { command: ['SET', GEN, gen] },
    { command: script },
  ]);

/** One key, what is under it, and a script that meets it: where most of what the scripts compare is decided. */
export const scene: fc.Arbitrary<readonly Step[]> = fc
  .tuple(slot, life, scripts, fc.constantFrom(0, 0, 0, 1, 1_000, 5_000_000, -1))
  .map(([text, px, script, advance]) => [
    { command: ['SET', 'p:a', text, 'PX', px] },
    ...(advance === 0 ? [] : [{ advance }]),
    { command: script },
  ]);
