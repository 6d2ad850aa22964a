import { entryHead } from '../../lib/entry/entry.js';
import { fingerprint } from '../../lib/entry/fingerprint.js';
import { ANOMALY_MICROS, LEASE_MS } from '../../lib/entry/layout.js';
import { hideTexts } from '../../lib/redis/commands/batches/hidden-texts.js';
import * as Lua from '../../lib/redis/commands/scripts.js';
import { Failure } from '../../lib/redis/failure.js';
import type {
  ChangeSource,
  ClaimReply,
  Commands,
  FillItem,
  Lane,
  ScanPage,
  SlotReply,
  TagReply,
} from '../../lib/redis/remote.js';
import type { FakeRedis, FakeWire } from './fake-redis.js';

type Leases = readonly { key: string; token: string }[];
type Verdicts = readonly ('done' | 'void')[] | Failure;

export interface FakeCommandsOptions {
  readonly server: FakeRedis;
  readonly wire: FakeWire;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly generation: () => string;
  /** Whether changes are pulled by themselves. */
  readonly isAutomatic: () => boolean;
}

let echoes = 0;

/** The commands of one connection, without batches or a window of their own. */
export class FakeCommands implements Commands {
  readonly wire: FakeWire;
  readonly #options: FakeCommandsOptions;
  #source: ChangeSource | undefined;
  /** The lanes and sizes of the calls so far. */
  readonly calls: string[] = [];
  reads = 0;
  /** Whether the source of changes may have something. */
  isAwake = false;

  constructor(options: FakeCommandsOptions) {
    this.#options = options;
    this.wire = options.wire;
  }

  get unanswered(): number {
    return this.wire.unrun.length + this.wire.unanswered.length;
  }

  get(key: string): Promise<SlotReply> {
    this.reads++;
    return this.#execute('GET', key) as Promise<SlotReply>;
  }

  async getMany(keys: readonly string[], lane: Lane): Promise<readonly SlotReply[]> {
    this.reads++;
    this.calls.push(`MGET ${lane} ${keys.length}`);
    const replies = await this.#execute('MGET', ...keys);
    return replies instanceof Failure ? keys.map(() => replies) : (replies as SlotReply[]);
  }

  setChangeSource(source: ChangeSource): void {
    this.#source = source;
  }

  wake(): void {
    this.isAwake = true;
    if (this.#options.isAutomatic()) queueMicrotask(() => this.pullAll());
  }

  pullAll(): void {
    while (this.pull()) {}
  }

  /** Sends the next batch of changes. */
  pull(maxKeys = 32, maxBytes = 64 * 1_024): boolean {
    if (!this.wire.isAlive) return false;
    for (const lane of ['request', 'bulk'] as const) {
      const batch = this.#source?.next(lane, maxKeys, maxBytes);
      if (batch === undefined) continue;
      this.calls.push(`WRITE ${lane} ${batch.items.length}`);
      const { texts, lengths } = hideTexts(batch.items);
      const args: (string | Buffer)[] = [...this.#times(), '10000', `${ANOMALY_MICROS}`, texts];
      batch.items.forEach(({ limit, pxMs }, i) => {
        args.push(`${limit}`, lengths[i] as string, `${pxMs}`);
      });
      const keys = batch.items.map(({ key }) => key);
      void this.#script(Lua.WRITE, keys, args).then((reply) => {
        batch.settled(outcomes<'done' | 'older'>(reply, keys.length, ['done', 'older']));
        this.wake();
      });
      return true;
    }
    this.isAwake = false;
    return false;
  }

  async claim(keys: readonly string[], mode: 'load' | 'refresh'): Promise<readonly ClaimReply[]> {
    const { generation, prefix } = this.#options;
    const token = `t${`${++echoes}`.padStart(9, '0')}`;
    const head = (key: string): string =>
      entryHead(generation(), fingerprint(key.slice(prefix.length)));
    const args = [token, `${LEASE_MS}`, mode, ...keys.map(head)];
    const replies = await this.wire.script(Lua.CLAIM_OVER, keys, args);
    if (replies instanceof Failure) return keys.map(() => replies);
    return (replies as string[]).slice(1).map((text) => parseClaim(text, token));
  }

  async fill(items: readonly FillItem[]): Promise<Verdicts> {
    const { texts, lengths } = hideTexts(items);
    const args: (string | Buffer)[] = [...this.#times(), texts];
    items.forEach(({ token, pxMs }, i) => {
      args.push(token, lengths[i] as string, `${pxMs}`);
    });
    const keys = items.map(({ key }) => key);
    return this.#verdicts(Lua.FILL, keys, args);
  }

  renew(leases: Leases): Promise<Verdicts> {
    return this.#verdicts(Lua.RENEW, keysOf(leases), [`${LEASE_MS}`, ...tokensOf(leases)]);
  }

  async release(leases: Leases): Promise<Failure | undefined> {
    const reply = await this.#script(Lua.RELEASE, keysOf(leases), tokensOf(leases));
    return reply instanceof Failure ? reply : undefined;
  }

  async tags(requests: readonly { key: string; lifeMs: number }[]): Promise<readonly TagReply[]> {
    const { generation, prefix } = this.#options;
    const lifeMs = Math.max(...requests.map((request) => request.lifeMs));
    const args = requests.flatMap(({ key }) => [
      entryHead(generation(), fingerprint(key.slice(prefix.length))),
      `v${`${++echoes}`.padStart(9, '0')}`,
    ]);
    const replies = await this.#script(Lua.TAG, keysOf(requests), [`${lifeMs}`, ...args]);
    if (replies instanceof Failure) return requests.map(() => replies);
    return (replies as string[]).slice(1).map(parseTag);
  }

  async scan(cursor: string, glob: string): Promise<ScanPage | Failure> {
    const reply = await this.#execute('SCAN', cursor, 'MATCH', glob, 'COUNT', '1000');
    if (reply instanceof Failure) return reply;
    const [next, keys] = reply as [string, string[]];
    return { next, keys };
  }

  async sweep(
    items: readonly { key: string; fingerprint: string; limit: number }[],
  ): Promise<number | Failure> {
    const args = items.flatMap((item) => [`${item.limit}`, item.fingerprint]);
    return removedOf(await this.#script(Lua.SWEEP, keysOf(items), args));
  }

  async sweepDead(
    items: readonly { key: string; fingerprint: string; limit: number }[],
    generation: string,
  ): Promise<number | Failure> {
    const args = items.flatMap((item) => [`${item.limit}`, item.fingerprint]);
    return removedOf(await this.#script(Lua.SWEEP_DEAD, keysOf(items), [generation, ...args]));
  }

  recheck(key: string): Promise<SlotReply> {
    return this.wire.send('RECHECK', () =>
      this.#options.server.redis.execute(['GET', key]),
    ) as Promise<SlotReply>;
  }

  readText(key: string, maxBytes: number): Promise<string | Failure> {
    return this.#execute('GETRANGE', key, '0', `${maxBytes - 1}`) as Promise<string | Failure>;
  }

  async writeText(key: string, text: string, lifeMs: number): Promise<Failure | undefined> {
    const reply = await this.#execute('SET', key, text, 'PX', `${lifeMs}`);
    return reply instanceof Failure ? reply : undefined;
  }

  desync(what: string): Failure {
    this.calls.push(`desync: ${what}`);
    return new Failure('unavailable', 'protocol_error', new Error(what));
  }

  async #verdicts(script: Lua.Script, keys: readonly string[], args: Words): Promise<Verdicts> {
    const reply = await this.#script(script, keys, args);
    const found = outcomes(reply, keys.length, ['done', 'void']);
    return found as Verdicts;
  }

  #script(script: Lua.Script, keys: readonly string[], args: Words): Promise<unknown> {
    return this.wire.script(script, keys, [`e${++echoes}`, ...args]);
  }

  #execute(...args: string[]): Promise<unknown> {
    return this.wire.send(args[0] ?? '', () => this.#options.server.redis.execute(args));
  }

  /** The deadline of a write, and the time before which it may not run. */
  #times(): Words {
    const { server, commandTimeoutMs } = this.#options;
    const now = Math.floor(server.nowMs);
    return [`${now + 2 * commandTimeoutMs}`, `${now - 250}`];
  }
}

type Words = readonly (string | Buffer)[];

const keysOf = (items: readonly { key: string }[]): string[] => items.map(({ key }) => key);
const tokensOf = (items: Leases): string[] => items.map(({ token }) => token);

function outcomes<T extends string>(
  reply: unknown,
  count: number,
  [usual, exception]: readonly [T, T],
): readonly (T | 'late')[] | Failure {
  if (reply instanceof Failure) return reply;
  const [, positions = '', ...more] = String(reply).split('|');
  if (more.length > 0) return new Array(count).fill('late');
  const exceptions = new Set(positions.split(','));
  return Array.from({ length: count }, (_, i) => (exceptions.has(`${i + 1}`) ? exception : usual));
}

function removedOf(reply: unknown): number | Failure {
  return reply instanceof Failure ? reply : Number(String(reply).split('|')[1]);
}

function parseClaim(text: string, token: string): ClaimReply {
  const rest = text.slice(1);
  if (text.startsWith('v')) return { kind: 'value', entry: rest };
  if (text.startsWith('h')) return { kind: 'held', leftMs: Number(rest) };
  return {
    kind: 'granted',
    token,
    at: Number(rest.slice(0, 16)),
    stale: rest.slice(16) || undefined,
  };
}

function parseTag(text: string): TagReply {
  return {
    version: text.slice(1, 11),
    madeAt: Number(text.slice(11, 27)),
    leftMs: Number(text.slice(27)),
    wasRemoved: text.startsWith('r'),
  };
}
