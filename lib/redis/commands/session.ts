import type { Connection } from '../connection/connection.js';
import { Failure } from '../failure.js';
import { GetBatcher } from '../connection/get-batcher.js';
import type { Lineage } from './replies.js';
import {
  CLEAR_BATCH,
  type FenceReply,
  parseFence,
  parseScan,
  parseTagged,
  type Tagged,
} from './replies.js';
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
} from './scripts.js';

/** Removals sent together. */
const UNLINK_TOGETHER = 100;

/** Keys that begin so, after the prefix, are the package's own. */
export const RESERVED = '__ech:';

/** An entry without its version, which is the server's to give: it stands between the two. */
export interface EntryParts {
  readonly head: string;
  readonly tail: string;
}

export interface FillCommand extends EntryParts {
  readonly ttlMs: number;
  /** The server time after which it must not be stored. */
  readonly deadlineMs: number;
}

export interface StoreCommand extends FillCommand {
  /** Comes back with the reply. */
  readonly stamp: string;
  /** The latest server time at which this can have been sent. */
  readonly sentBeforeMicros: number;
}

export interface Bump {
  readonly generation: string;
  readonly expected?: string;
}

/**
 * The typed commands of one connection. Keys are complete (prefix included). Every method resolves to
 * its answer or to a `Failure`, within `commandTimeout`. A reply of the wrong shape means that replies
 * and commands have come apart, which ends the connection.
 */
export class Session {
  readonly connection: Connection;
  readonly #reserved: string;
  readonly #gets: GetBatcher;

  /** `canSpare`: whether the reader of a key can be served without Redis, should Redis hesitate. */
  constructor(connection: Connection, prefix: string, canSpare: (key: string) => boolean) {
    this.connection = connection;
    this.#reserved = prefix + RESERVED;
    const onOdd = (reply: unknown): unknown =>
      reply instanceof Failure ? this.#orDenied(reply) : this.desync('a reply of another length');
    this.#gets = new GetBatcher(connection, onOdd, canSpare);
  }

  #fenceKey(): string {
    return `${this.#reserved}fence`;
  }

  /** Resolves to what is under the key, `null`, or a `Failure`: `HESITATES` when its reader can be spared. */
  get(key: string): Promise<unknown> {
    return this.#gets.get(key);
  }

  /** What the cache cannot do without may have been forbidden meanwhile: the next probe will say so. */
  #orDenied(reply: unknown): unknown {
    if (!(reply instanceof Failure) || reply.reason !== 'permission') return reply;
    const failure = new Failure('unavailable', reply.reason, reply.error);
    this.connection.lose(failure);
    return failure;
  }

  /** `onResend` is called when Redis did not run it at first and it is sent again, later than what was sent after it. */
  store(key: string, write: StoreCommand, onResend: () => void): Promise<Tagged> {
    const { stamp, head, tail, sentBeforeMicros, ttlMs, deadlineMs } = write;
    const times = [`${Math.ceil(sentBeforeMicros)}`, `${ttlMs}`, `${Math.ceil(deadlineMs)}`];
    return this.#tagged(STORE, key, stamp, [stamp, head, tail, ...times], onResend);
  }

  remove(key: string, stamp: string, head: string, ttlMs: number): Promise<Tagged> {
    return this.#tagged(REMOVE, key, stamp, [stamp, head, `${ttlMs}`]);
  }

  acquire(
    key: string,
    token: string,
    leaseMs: number,
    head: string,
    isRefresh: boolean,
  ): Promise<Tagged> {
    const mode = isRefresh ? 'refresh' : 'load';
    return this.#tagged(ACQUIRE, key, token, [token, `${leaseMs}`, head, mode]);
  }

  fill(key: string, token: string, fill: FillCommand): Promise<Tagged> {
    const { head, tail, ttlMs, deadlineMs } = fill;
    const times = [`${ttlMs}`, `${Math.ceil(deadlineMs)}`];
    return this.#tagged(FILL, key, token, [token, head, tail, ...times]);
  }

  renew(key: string, token: string, leaseMs: number): Promise<Tagged> {
    return this.#tagged(RENEW, key, token, [token, `${leaseMs}`]);
  }

  release(key: string, token: string): Promise<Tagged> {
    return this.#tagged(RELEASE, key, token, [token]);
  }

  /** Counts on, or (with `bump`) changes the generation: whatever it is, or only if it is still the expected one. */
  async fence(lineage: Lineage, bump?: Bump): Promise<FenceReply | Failure> {
    const generation = bump?.generation ?? lineage.generation;
    const args = [lineage.id, `${lineage.count}`, generation, bump?.expected ?? ''];
    const mode = bump === undefined ? 'pulse' : 'bump';
    const reply = await this.#run(FENCE, this.#fenceKey(), [mode, ...args]);
    return reply instanceof Failure ? reply : this.#orDesync(parseFence(reply));
  }

  /** The prefix's record without touching it. */
  readFence(): Promise<unknown> {
    return this.connection.send(['HMGET', this.#fenceKey(), 'id', 'n', 'gen']);
  }

  /**
   * Removes the keys that match a glob: SCAN and UNLINK in batches, never KEYS. Resolves to how many.
   * Sees every key that was there all the time from beginning to end.
   */
  async clear(glob: string): Promise<number | Failure> {
    let cursor = '0';
    let removed = 0;
    do {
      const reply = await this.connection.send([
        'SCAN',
        cursor,
        'MATCH',
        glob,
        'COUNT',
        CLEAR_BATCH,
      ]);
      const page = reply instanceof Failure ? reply : this.#orDesync(parseScan(reply));
      if (page instanceof Failure) return page;
      const count = await this.#unlink(page.keys.filter((key) => !key.startsWith(this.#reserved)));
      if (count instanceof Failure) return count;
      removed += count;
      cursor = page.next;
    } while (cursor !== '0');
    return removed;
  }

  /** UNLINK, except that a tombstone stays; so few at a time that each has its answer soon. */
  async #unlink(keys: readonly string[]): Promise<number | Failure> {
    let removed = 0;
    for (let from = 0; from < keys.length; from += UNLINK_TOGETHER) {
      const some = keys.slice(from, from + UNLINK_TOGETHER);
      const counts = await Promise.all(some.map((key) => this.#run(CLEAR, key, [])));
      for (const count of counts) {
        if (count instanceof Failure) return count;
        if (typeof count !== 'number') return this.desync('no count of removed keys');
        removed += count;
      }
    }
    return removed;
  }

  /** Every reply echoes the stamp or token of its command: another one's echo is another one's reply. */
  async #tagged(
    script: Script,
    key: string,
    echo: string,
    args: string[],
    onResend?: () => void,
  ): Promise<Tagged> {
    const reply = await this.#run(script, key, args, onResend);
    return reply instanceof Failure ? reply : this.#orDesync(parseTagged(reply, echo));
  }

  async #run(script: Script, key: string, args: string[], onResend?: () => void): Promise<unknown> {
    const reply = await this.connection.send(['EVALSHA', script.sha, '1', key, ...args]);
    const isUnknown = reply instanceof Failure && reply.isAbout('NOSCRIPT');
    if (!isUnknown) return this.#orDenied(reply);
    onResend?.();
    return this.#orDenied(await this.connection.send(['EVAL', script.source, '1', key, ...args]));
  }

  #orDesync<T>(reply: T | undefined): T | Failure {
    return reply ?? this.desync('an unexpected reply');
  }

  /** Ends the connection because replies no longer belong to their commands. */
  desync(what: string): Failure {
    const error = new Error(`${what}: replies and commands of this connection have come apart`);
    const failure = new Failure('unavailable', 'protocol_error', error);
    this.connection.lose(failure);
    return failure;
  }
}
