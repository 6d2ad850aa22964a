import { createHash } from 'node:crypto';
import { compileGlob } from '../../lib/core/glob.js';
import {
  ACQUIRE,
  CLEAR,
  FENCE,
  FILL,
  RELEASE,
  REMOVE,
  RENEW,
  STORE,
} from '../../lib/redis/commands/scripts.js';

type Value = string | Map<string, string>;

interface Slot {
  readonly value: Value;
  readonly expiresAtMs: number;
}

/** What a slot holds, taken apart as the scripts' common beginning does. */
interface Parts {
  readonly entry: string;
  /** 0 where there is none. */
  readonly version: number;
  readonly token: string;
  readonly untilMs: number;
}

type Run = (redis: ScriptedRedis, key: string, args: readonly string[]) => unknown;

/** An error that Redis replies; node-redis rejects with one of the same class name. */
export class ErrorReply extends Error {}

/**
 * A Redis that is a few lines of deterministic code: exactly the commands and scripts that this package
 * sends. conformance.test.ts holds it against the real one.
 */
export class ScriptedRedis {
  runId = newRunId();
  readonly #nowMs: () => number;
  #slots = new Map<string, Slot>();
  #dump = new Map<string, Slot>();
  #known = new Set<string>();

  /** `nowMs`: its own clock, milliseconds since 1970. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Replies, or an `ErrorReply`. */
  execute(args: readonly string[]): unknown {
    const [name = '', key = '', ...rest] = args;
    switch (name) {
      case 'TIME':
        return [
          `${Math.floor(this.#nowMs() / 1_000)}`,
          `${Math.floor((this.#nowMs() % 1_000) * 1_000)}`,
        ];
      case 'GET':
        return this.#get(key);
      case 'MGET':
        return [key, ...rest].map((each) => stringOr(this.#value(each), null));
      case 'SET':
        this.#set(key, rest[0] ?? '', rest[1] === 'PX' ? Number(rest[2]) : undefined);
        return 'OK';
      case 'HMGET':
        return this.#hmget(key, rest);
      case 'SCAN':
        return ['0', this.#keys(rest[rest.indexOf('MATCH') + 1] ?? '*')];
      case 'INFO':
        return `# Server\r\nrun_id:${this.runId}\r\n`;
      case 'SCRIPT': {
        const sha = createHash('sha1')
          .update(rest[0] ?? '')
          .digest('hex');
        this.#known.add(sha);
        return sha;
      }
      case 'EVALSHA':
        if (!this.#known.has(key)) return new ErrorReply('NOSCRIPT No matching script.');
        return this.#run(key, rest);
      case 'EVAL': {
        const sha = createHash('sha1').update(key).digest('hex');
        this.#known.add(sha);
        return this.#run(sha, rest);
      }
      default:
        return new ErrorReply(`ERR unknown command '${name}'`);
    }
  }

  save(): void {
    this.#dump = new Map(this.#slots);
  }

  /** Another process, with the dump or with nothing. */
  restart(isEmpty: boolean): void {
    this.runId = newRunId();
    this.#known = new Set();
    this.#slots = new Map(isEmpty ? [] : this.#dump);
  }

  /** Whole milliseconds. */
  clock(): number {
    return Math.floor(this.#nowMs());
  }

  micros(): number {
    return Math.floor(this.#nowMs() * 1_000);
  }

  parts(key: string): Parts {
    const text = stringOr(this.#value(key), '');
    const isLeased = text.startsWith('L');
    const rest = isLeased ? text.slice(24) : text;
    const digits = rest.slice(17, 30);
    const version = /^[0-9a-f]+$/i.test(digits) ? Number.parseInt(digits, 16) : 0;
    const isEntry = rest.startsWith('E1') && /^[0-9a-f]+$/i.test(digits);
    return {
      entry: isEntry ? rest : '',
      version: isEntry ? version : 0,
      token: isLeased ? text.slice(1, 11) : '',
      untilMs: isLeased ? Number(text.slice(11, 24)) || 0 : 0,
    };
  }

  put(key: string, value: string, ttlMs: number): void {
    this.#set(key, value, ttlMs);
  }

  putKeepingTtl(key: string, value: string): void {
    const expiresAtMs = this.#slots.get(key)?.expiresAtMs ?? Number.POSITIVE_INFINITY;
    this.#slots.set(key, { value, expiresAtMs });
  }

  remove(key: string): number {
    return this.#value(key) !== undefined && this.#slots.delete(key) ? 1 : 0;
  }

  /** -2: nothing there, -1: no end. */
  msLeft(key: string): number {
    if (this.#value(key) === undefined) return -2;
    const left = (this.#slots.get(key)?.expiresAtMs ?? 0) - this.clock();
    return Number.isFinite(left) ? left : -1;
  }

  hash(key: string): Map<string, string> {
    const value = this.#value(key);
    if (value instanceof Map) return value;
    const created = new Map<string, string>();
    this.#slots.set(key, { value: created, expiresAtMs: Number.POSITIVE_INFINITY });
    return created;
  }

  #value(key: string): Value | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined && slot.expiresAtMs <= this.#nowMs()) {
      this.#slots.delete(key);
      return undefined;
    }
    return slot?.value;
  }

  #get(key: string): unknown {
    const value = this.#value(key);
    if (value instanceof Map) return wrongType();
    return value ?? null;
  }

  #set(key: string, value: string, ttlMs: number | undefined): void {
    const expiresAtMs = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.clock() + ttlMs;
    this.#slots.set(key, { value, expiresAtMs });
  }

  #hmget(key: string, fields: readonly string[]): unknown {
    const value = this.#value(key);
    if (typeof value === 'string') return wrongType();
    return fields.map((field) => value?.get(field) ?? null);
  }

  #keys(glob: string): string[] {
    const matches = compileGlob(glob);
    return [...this.#slots.keys()].filter((key) => this.#value(key) !== undefined && matches(key));
  }

  #run(sha: string, [, key = '', ...args]: readonly string[]): unknown {
    const run = SCRIPTS.get(sha);
    return run === undefined ? new ErrorReply('ERR not scripted') : run(this, key, args);
  }
}

let runs = 0;

function newRunId(): string {
  return `${runs++}`.padStart(40, '0');
}

function stringOr<T>(value: Value | undefined, other: T): string | T {
  return typeof value === 'string' ? value : other;
}

function wrongType(): ErrorReply {
  return new ErrorReply('WRONGTYPE Operation against a key holding the wrong kind of value');
}

const ANOMALY_MICROS = 1_000_000;

function hex(micros: number): string {
  return micros.toString(16).padStart(13, '0');
}

function base36(text: string): number {
  return Number.parseInt(text, 36) || 0;
}

function isTombstone(entry: string): boolean {
  return entry !== '' && entry.charAt(16) === 't';
}

/** A lease before what is in the slot, which lives as long as both. */
function lease(
  redis: ScriptedRedis,
  key: string,
  token: string,
  leaseMs: number,
  isNew: boolean,
): void {
  const { entry } = redis.parts(key);
  const until = `${redis.clock() + leaseMs}`.padStart(13, '0');
  const left = redis.msLeft(key);
  const lifeMs = (isNew && entry === '') || left < leaseMs ? leaseMs : left;
  redis.put(key, `L${token}${until}${entry}`, lifeMs);
}

const store: Run = (redis, key, [stamp, head, tail, sentBefore, ttl, deadline]) => {
  const { version } = redis.parts(key);
  if (redis.clock() > Number(deadline)) return ['late', stamp, redis.clock()];
  if (version > Number(sentBefore) && version < redis.micros() + ANOMALY_MICROS) {
    return ['older', stamp, redis.clock()];
  }
  redis.put(key, `${head}${hex(redis.micros())}${tail}`, Number(ttl));
  return ['applied', stamp, redis.clock()];
};

const remove: Run = (redis, key, [stamp, head, ttl]) => {
  const { entry, version } = redis.parts(key);
  redis.put(key, `${head}${hex(Math.max(redis.micros(), version))}`, Number(ttl));
  return ['applied', stamp, entry !== '' && !isTombstone(entry) ? 1 : 0];
};

const clear: Run = (redis, key) => {
  const { entry, token } = redis.parts(key);
  if (!isTombstone(entry)) return redis.remove(key);
  if (token !== '') redis.putKeepingTtl(key, entry);
  return 0;
};

const acquire: Run = (redis, key, [own = '', leaseMs, head = '', mode]) => {
  const { entry: slot, version, token, untilMs } = redis.parts(key);
  const isValue = slot.slice(0, 16) === head && 'vg'.includes(slot.charAt(16));
  const entry = isValue ? slot : '';
  const freshUntil = version / 1_000 + base36(slot.slice(30, 38));
  if (entry !== '' && mode !== 'refresh' && freshUntil > redis.clock()) {
    return ['value', own, entry];
  }
  if (token !== '' && token !== own && untilMs > redis.clock())
    return ['held', own, untilMs - redis.clock(), entry];
  lease(redis, key, own, Number(leaseMs), true);
  return ['granted', own, entry];
};

const ifHeld =
  (work: Run): Run =>
  (redis, key, args) => {
    const [own = ''] = args;
    if (redis.parts(key).token !== own) return ['void', own];
    work(redis, key, args);
    return ['applied', own];
  };

const fill: Run = (redis, key, [token, head, tail, ttl, deadline]) => {
  if (redis.parts(key).token !== token || redis.clock() > Number(deadline)) return ['void', token];
  redis.put(key, `${head}${hex(redis.micros())}${tail}`, Number(ttl));
  return ['applied', token];
};

const renew = ifHeld((redis, key, [own = '', leaseMs]) =>
  lease(redis, key, own, Number(leaseMs), false),
);

const release = ifHeld((redis, key) => {
  const { entry } = redis.parts(key);
  if (entry === '') redis.remove(key);
  else redis.putKeepingTtl(key, entry);
});

const fence: Run = (redis, key, [mode, id = '', count = '0', generation = '', expected]) => {
  const record = redis.hash(key);
  const set = (n: number, gen: string): void => {
    record.set('n', `${n}`);
    record.set('gen', gen);
  };
  const n = (): number => Number(record.get('n') ?? '0') || 0;
  if (record.get('id') === undefined || record.get('gen') === undefined) {
    record.set('id', id);
    set(Number(count), generation);
  } else if (mode === 'bump' && (expected === '' || record.get('gen') === expected)) {
    set(Math.max(n(), Number(count)), generation);
  }
  if (mode === 'bump' || record.get('id') === id) record.set('n', `${n() + 1}`);
  return [record.get('id'), n(), record.get('gen'), redis.clock()];
};

const SCRIPTS: ReadonlyMap<string, Run> = new Map([
  [STORE.sha, store],
  [REMOVE.sha, remove],
  [CLEAR.sha, clear],
  [ACQUIRE.sha, acquire],
  [FILL.sha, fill],
  [RENEW.sha, renew],
  [RELEASE.sha, release],
  [FENCE.sha, fence],
]);
