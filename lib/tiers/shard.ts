import type { Clock } from '../core/time/clock.js';
import type { Turns } from '../core/time/turns.js';
import { entryText, tombstoneText } from '../entry/entry.js';
import { withTags } from '../entry/entry-tags.js';
import { fingerprint } from '../entry/fingerprint.js';
import { tombstoneLifeMs } from '../entry/write-times.js';
import type { Commands, Door } from '../redis/remote.js';
import type { Stamp } from '../redis/server-time.js';
import type { JournalOp } from './ledger/journal.js';
import type { Ledger } from './ledger/ledger.js';
import type { NearKeys } from './near/near-keys.js';
import type { Observer } from './observer.js';
import type { Moment, Origin, Standby } from './standby.js';
import type { NewValue } from './store.js';
import type { TagCheck } from './tags/tag-check.js';
import type { TierConfig } from './tier-options.js';

/** The things that all parts of one store share. */
export interface Tools {
  readonly config: TierConfig;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly observer: Observer;
  readonly standby: Standby;
}

/** Journals a change with the door that serves its key now. */
export type DeferTo = (key: string, op: JournalOp, stamp: Stamp) => void;

export interface ShardTools extends Tools {
  readonly hasRedis: boolean;
  readonly tags: TagCheck;
  /** Absent: this shard serves all of its keys for ever. */
  readonly deferTo?: DeferTo | undefined;
}

/** The things that one door's parts share: the door, the ledger of this process' writes, and the fallback. */
export class Shard {
  readonly door: Door;
  readonly ledger: Ledger;
  readonly tools: ShardTools;
  /** How long a tombstone lasts. */
  readonly tombstoneMs: number;
  /** `false`: there is no Redis, and memory alone stores values. */
  readonly hasRedis: boolean;
  readonly near: NearKeys | undefined;
  readonly #deferTo: DeferTo | undefined;
  #tombstone = { generation: '', version: 0, text: '' };

  constructor(door: Door, ledger: Ledger, tools: ShardTools) {
    this.door = door;
    this.ledger = ledger;
    this.tools = tools;
    this.hasRedis = tools.hasRedis;
    this.#deferTo = tools.deferTo;
    this.tombstoneMs = tombstoneLifeMs(tools.config);
    const { near } = tools.config;
    this.near = near === undefined ? undefined : nearKeys(this, near.maxStaleMs);
  }

  /** The complete key in Redis. */
  fullKey(key: string): string {
    return this.tools.config.prefix + key;
  }

  /** The connection to read this key from, unless Redis is away or behind on this key. */
  readerFor(key: string): Commands | undefined {
    const commands = this.door.reader;
    return commands === undefined || this.ledger.blocks(key) ? undefined : commands;
  }

  /** The connection for changes, unless Redis takes none or a change of generation is due. */
  get writer(): Commands | undefined {
    return this.ledger.blocksAll ? undefined : this.door.writer;
  }

  /** The conditions for an entry in memory now. It ends rather too early than later than in Redis. */
  get moment(): Moment {
    const nowMs = this.door.time.latest(this.tools.turns.now());
    return { generation: this.door.generation, nowMs };
  }

  /** How to keep entries that are made now. They live shorter while processes cannot hear each other. */
  get #origin(): Origin {
    const isShared = !this.hasRedis || this.door.reader !== undefined;
    return isShared ? {} : { outageTtlMs: this.tools.config.outageTtlMs };
  }

  /** The entry of a value as of a stamp, and of the present generation unless another is named. */
  textOf(
    key: string,
    value: NewValue,
    made: { readonly low: number; readonly generation?: string },
  ): string {
    return entryText({
      generation: made.generation ?? this.door.generation,
      fingerprint: fingerprint(key),
      version: made.low,
      ttlMs: value.ttlMs,
      graceMs: value.graceMs,
      loadMs: value.loadMs,
      payload: value.tags === undefined ? value.payload : withTags(value.payload, value.tags),
    });
  }

  /** The tombstone as of a stamp; deletes of one moment share the text. */
  tombstoneOf({ low }: Pick<Stamp, 'low'>): string {
    const { generation } = this.door;
    const known = this.#tombstone;
    if (known.version === low && known.generation === generation) return known.text;
    const text = tombstoneText(generation, low);
    this.#tombstone = { generation, version: low, text };
    return text;
  }

  /** Redis has not acknowledged the change. */
  defer(key: string, op: JournalOp, stamp: Stamp): void {
    if (this.#deferTo === undefined) this.ledger.defer(key, op, stamp);
    else this.#deferTo(key, op, stamp);
  }

  /** Keeps the newest value of a key in memory. */
  keep(key: string, text: string): void {
    this.tools.standby.keep(key, text, this.#origin);
  }
}

/** Loaded only if there is a near cache. */
function nearKeys(shard: Shard, maxStaleMs: number): NearKeys {
  const { NearKeys } = require('./near/near-keys.js') as typeof import('./near/near-keys.js');
  return new NearKeys(shard, maxStaleMs);
}
