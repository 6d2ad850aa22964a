import { freshness } from '../entry/freshness.js';
import { Failure } from '../redis/failure.js';
import type { ClaimReply, Commands, Lane } from '../redis/remote.js';
import type { ChangeQueue } from './changes/change-queue.js';
import { type HeldLease, LeaseKeeper } from './lease-keeper.js';
import type { Reader } from './reader.js';
import type { Shard } from './shard.js';
import type { Claim, Loaded, NewValue } from './store.js';

export interface ClaimParts {
  readonly queue: ChangeQueue;
  readonly reader: Reader;
  /** The journal has something that Redis could be told now. */
  readonly onDeferred: () => void;
}

const NONE: Claim = { kind: 'none' };
const HELD: Claim = { kind: 'held' };

type Grant = Omit<HeldLease, 'isVoid' | 'release' | 'abandon'>;

/**
 * The rights to load: claims them in Redis, and stores what was loaded.
 *
 * Invariants: a claim waits for this process' own unanswered change of the key; a loaded value is as old as
 * its grant and is stored only under its lease, so whatever changed the key since wins.
 */
export class Claims {
  readonly keeper: LeaseKeeper;
  readonly #shard: Shard;
  readonly #parts: ClaimParts;

  constructor(shard: Shard, parts: ClaimParts) {
    this.#shard = shard;
    this.#parts = parts;
    this.keeper = new LeaseKeeper(shard.door, shard.tools.clock);
  }

  async claim(
    keys: readonly string[],
    mode: 'load' | 'refresh',
    lane: Lane,
  ): Promise<readonly Claim[]> {
    await this.#ownChanges(keys);
    const claims: Claim[] = new Array(keys.length).fill(NONE);
    const asked: number[] = [];
    const { writer } = this.#shard;
    if (writer === undefined) return claims;
    for (let i = 0; i < keys.length; i++) {
      if (this.#shard.readerFor(keys[i] as string) !== undefined) asked.push(i);
    }
    const again = await this.#ask(writer, { keys, at: asked, claims }, { mode, lane });
    // A value that may not be believed (cleared, or older than our own change): load it anew over what is there.
    if (again.length > 0)
      await this.#ask(writer, { keys, at: again, claims }, { mode: 'refresh', lane });
    return claims;
  }

  /** Gives back what was granted after its caller had gone. */
  giveBack(claims: readonly Claim[]): void {
    const leases = claims.flatMap((claim) =>
      claim.kind === 'granted' ? [claim.lease as HeldLease] : [],
    );
    this.keeper.release(leases);
  }

  /** Stores what was loaded: under its lease, or in memory alone. */
  async fill(loaded: readonly Loaded[], lane: Lane): Promise<void> {
    const { door } = this.#shard;
    const writer = door.reader === undefined ? undefined : this.#shard.writer;
    const leased: (Loaded & { readonly lease: HeldLease })[] = [];
    for (const each of loaded) {
      const lease = each.lease as HeldLease | undefined;
      if (lease !== undefined) this.keeper.end(lease);
      if (this.#isObsolete(each.key, lease)) continue;
      if (lease === undefined || writer === undefined) this.#keepAlone(each.key, each.value);
      else leased.push({ ...each, lease });
    }
    if (leased.length > 0 && writer !== undefined) await this.#fillLeased(writer, leased, lane);
  }

  async #ownChanges(keys: readonly string[]): Promise<void> {
    const { queue } = this.#parts;
    if (queue.isEmpty) return;
    for (const key of keys) {
      const settled = queue.untilSettled(key);
      if (settled !== undefined) await settled;
    }
  }

  async #ask(
    commands: Commands,
    what: {
      readonly keys: readonly string[];
      readonly at: readonly number[];
      readonly claims: Claim[];
    },
    how: { readonly mode: 'load' | 'refresh'; readonly lane: Lane },
  ): Promise<readonly number[]> {
    if (what.at.length === 0) return [];
    const { door, ledger } = this.#shard;
    const { position } = ledger;
    const { generation } = door;
    const names = what.at.map((i) => this.#shard.fullKey(what.keys[i] as string));
    const replies = await commands.claim(names, how.mode, how.lane);
    const again: number[] = [];
    this.#reportFailures(replies);
    what.at.forEach((index, i) => {
      const grant = {
        key: what.keys[index] as string,
        fullKey: names[i] as string,
        generation,
        position,
      };
      const claim = this.#toClaim(replies[i] as ClaimReply, grant);
      if (claim === undefined) again.push(index);
      else what.claims[index] = claim;
    });
    return again;
  }

  /** `undefined`: a value that may not be believed is there. */
  #toClaim(reply: ClaimReply, grant: Omit<Grant, 'token' | 'at'>): Claim | undefined {
    if (reply instanceof Failure) return NONE;
    switch (reply.kind) {
      case 'value':
        return this.#valueOf(grant.key, reply.entry);
      case 'held':
        return HELD;
      case 'granted':
        return {
          kind: 'granted',
          lease: this.#lease({ ...grant, token: reply.token, at: reply.at }),
        };
    }
  }

  /** One failure may be the reply to many keys. */
  #reportFailures(replies: readonly ClaimReply[]): void {
    const failures = new Set(replies.filter((reply) => reply instanceof Failure));
    for (const failure of failures) if (!failure.isImpatient) this.#shard.door.report(failure);
  }

  #valueOf(key: string, entry: string): Claim | undefined {
    if (!this.#parts.reader.isBelievable(key, entry)) return undefined;
    const state = freshness(entry, this.#shard.door.time.now());
    const isStale = state !== 'fresh';
    return { kind: 'value', found: { entry, tier: 'redis', isStale } };
  }

  #lease(grant: Grant): HeldLease {
    const lease: HeldLease = {
      ...grant,
      isVoid: false,
      release: () => this.keeper.release([lease]),
      abandon: () => this.keeper.end(lease),
    };
    this.keeper.hold(lease);
    return lease;
  }

  /** The key was changed since the grant, or its generation is gone. */
  #isObsolete(key: string, lease: HeldLease | undefined): boolean {
    if (lease === undefined) return false;
    const { ledger, door } = this.#shard;
    return lease.isVoid || lease.generation !== door.generation || ledger.blocks(key);
  }

  async #fillLeased(
    commands: Commands,
    loaded: readonly (Loaded & { readonly lease: HeldLease })[],
    lane: Lane,
  ): Promise<void> {
    const { door, ledger } = this.#shard;
    const items = loaded.map(({ key, value, lease }) => {
      // The value is as old as its grant, and lives from now on.
      const loadMs = Math.max(0, Math.ceil(door.time.now() - lease.at / 1_000));
      const text = this.#shard.textOf(
        key,
        { ...value, ttlMs: value.ttlMs + loadMs },
        { low: lease.at },
      );
      return { key: lease.fullKey, token: lease.token, text, pxMs: value.ttlMs + value.graceMs };
    });
    const { position } = ledger;
    const outcomes = await commands.fill(items, lane);
    if (outcomes instanceof Failure) door.report(outcomes);
    loaded.forEach(({ key, value }, i) => {
      if (!ledger.isUnchangedSince(key, position)) return;
      if (outcomes instanceof Failure) this.#keepAlone(key, value);
      else if (outcomes[i] === 'done' && loaded[i]?.lease.generation === door.generation) {
        this.#shard.keep(key, items[i]?.text ?? '');
      }
    });
  }

  /** Keeps a value that Redis does not have: its key is not read from Redis until that was told. */
  #keepAlone(key: string, value: NewValue): void {
    const { door, ledger, tools, hasRedis } = this.#shard;
    const stamp = door.time.stamp();
    const text = this.#shard.textOf(key, value, stamp);
    if (!hasRedis) {
      tools.standby.keep(key, text);
      return;
    }
    tools.standby.keep(key, text, { outageTtlMs: tools.config.outageTtlMs });
    ledger.defer(key, 'load', stamp.high);
    this.#parts.onDeferred();
  }
}
