import { isTagged } from '../../entry/entry.js';
import { Failure } from '../../redis/failure.js';
import type { ClaimReply, Commands, Lane } from '../../redis/remote.js';
import type { ChangeQueue } from '../changes/change-queue.js';
import type { Reader } from '../reader.js';
import type { Shard } from '../shard.js';
import type { Claim, Loaded, NewValue } from '../store.js';
import { type HeldLease, LeaseKeeper } from './lease-keeper.js';

export interface ClaimParts {
  readonly queue: ChangeQueue;
  readonly reader: Reader;
  /** The journal has an entry that could be replayed now. */
  readonly onDeferred: () => void;
}

const NONE: Claim = { kind: 'none' };
const HELD: Claim = { kind: 'held' };
const isPlace = (place: number): boolean => place >= 0;

type LoadedUnderLease = Loaded & { readonly lease: HeldLease };

function isLeased(loaded: Loaded): loaded is LoadedUnderLease {
  return loaded.lease !== undefined;
}

/** What this process knows when it asks. */
type Asked = Pick<HeldLease, 'key' | 'fullKey' | 'generation' | 'position'>;

/**
 * Claims the rights to load in Redis, and stores loaded values.
 *
 * Invariants: a claim waits for this process' own unanswered change of the key; a loaded value is as old as its
 * grant and is stored only under its lease, so every later change of the key wins.
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
    const { queue } = this.#parts;
    if (queue.barriers.areUp) await queue.barriers.untilDown();
    if (!queue.isEmpty) await Promise.all(keys.map((key) => queue.untilAnswered(key)));
    const claims: Claim[] = new Array(keys.length).fill(NONE);
    const asked: number[] = [];
    const { writer } = this.#shard;
    if (writer === undefined) return claims;
    for (let i = 0; i < keys.length; i++) {
      if (this.#shard.readerFor(keys[i] as string) !== undefined) asked.push(i);
    }
    const odd = await this.#ask(writer, { keys, at: asked, claims }, { mode, lane });
    const outdated = this.#outdated(claims);
    const again = outdated === undefined ? odd : [...odd, ...(await outdated)];
    // A value that we may not believe (cleared, or older than our own change, or whose tags are not valid): we load over it.
    if (again.length > 0)
      await this.#ask(writer, { keys, at: again, claims }, { mode: 'refresh', lane });
    return claims;
  }

  /** Gives back leases that were granted after their caller had left. */
  giveBack(claims: readonly Claim[]): void {
    const leases = claims.flatMap((claim) =>
      claim.kind === 'granted' ? [claim.lease as HeldLease] : [],
    );
    this.keeper.release(leases);
  }

  /** Stores loaded values, under their leases or in memory alone. */
  async fill(loaded: readonly Loaded[], lane: Lane): Promise<void> {
    const { door, ledger, tools } = this.#shard;
    const writer = door.reader === undefined ? undefined : this.#shard.writer;
    const leased: LoadedUnderLease[] = [];
    for (const { lease } of loaded) if (lease !== undefined) this.keeper.end(lease as HeldLease);
    const sorting = tools.turns.each(loaded, (each) => {
      const { key, value, lease } = each;
      if (this.#isObsolete(key, lease as HeldLease | undefined)) return;
      if (isLeased(each) && writer !== undefined) leased.push(each);
      else if (writer === undefined || ledger.blocks(key)) this.#keepAlone(key, value);
    });
    if (sorting !== undefined) await sorting;
    if (leased.length > 0 && writer !== undefined) await this.#fillLeased(writer, leased, lane);
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
      const asked = {
        key: what.keys[index] as string,
        fullKey: names[i] as string,
        generation,
        position,
      };
      const claim = this.#toClaim(replies[i] as ClaimReply, asked);
      if (claim === undefined) again.push(index);
      else what.claims[index] = claim;
    });
    return again;
  }

  /** The places of values that have an invalid tag. `undefined`: no value has a tag. */
  #outdated(claims: readonly Claim[]): Promise<readonly number[]> | undefined {
    const { tags } = this.#shard.tools;
    const checking: Promise<number>[] = [];
    for (const [i, claim] of claims.entries()) {
      if (claim.kind !== 'value' || !isTagged(claim.found.entry)) continue;
      const checked = Promise.resolve(tags.isCurrent(claim.found.entry));
      checking.push(checked.then((isCurrent) => (isCurrent ? -1 : i)));
    }
    if (checking.length === 0) return undefined;
    return Promise.all(checking).then((places) => places.filter(isPlace));
  }

  /** `undefined`: Redis has a value that we may not believe. */
  #toClaim(reply: ClaimReply, asked: Asked): Claim | undefined {
    if (reply instanceof Failure) return NONE;
    switch (reply.kind) {
      case 'value':
        return this.#valueOf(asked.key, reply.entry);
      case 'held':
        return HELD;
      case 'granted':
        this.#shard.door.time.saw(reply.at);
        return {
          kind: 'granted',
          lease: this.keeper.hold({
            key: asked.key,
            fullKey: asked.fullKey,
            generation: asked.generation,
            position: asked.position,
            token: reply.token,
            at: reply.at,
          }),
        };
    }
  }

  /** One failure may be the reply to many keys. */
  #reportFailures(replies: readonly ClaimReply[]): void {
    let last: Failure | undefined;
    for (const reply of replies) {
      if (!(reply instanceof Failure) || reply === last) continue;
      last = reply;
      if (!reply.isImpatient) this.#shard.door.report(reply);
    }
  }

  #valueOf(key: string, entry: string): Claim | undefined {
    if (!this.#parts.reader.isBelievable(key, entry)) return undefined;
    return { kind: 'value', found: { entry, tier: 'redis', isStale: false } };
  }

  /** The key is being changed, was changed since the grant, or the generation of the grant is gone. */
  #isObsolete(key: string, lease: HeldLease | undefined): boolean {
    if (this.#parts.queue.latest(key) !== undefined) return true;
    if (lease === undefined) return false;
    const { ledger, door } = this.#shard;
    return lease.isVoid || lease.generation !== door.generation || ledger.blocks(key);
  }

  async #fillLeased(
    commands: Commands,
    loaded: readonly LoadedUnderLease[],
    lane: Lane,
  ): Promise<void> {
    const { door, ledger } = this.#shard;
    const items = loaded.map(({ key, value, lease }) => {
      // The value is as old as its grant, but its ttl begins now.
      const loadMs = Math.max(0, Math.ceil(door.time.now() - lease.at / 1_000));
      const text = this.#shard.textOf(
        key,
        { ...value, ttlMs: value.ttlMs + loadMs },
        { low: lease.at },
      );
      return { key: lease.fullKey, token: lease.token, text, pxMs: value.ttlMs + value.graceMs };
    });
    const outcomes = await commands.fill(items, lane);
    if (outcomes instanceof Failure) door.report(outcomes);
    loaded.forEach(({ key, value, lease }, i) => {
      if (!ledger.isUnchangedSince(key, lease.position)) return;
      if (outcomes instanceof Failure) this.#keepAlone(key, value);
      else if (outcomes[i] === 'done' && lease.generation === door.generation) {
        this.#shard.keep(key, items[i]?.text ?? '');
      }
    });
  }

  /** Keeps a value that Redis does not have. We do not read its key from Redis until the journal is replayed. */
  #keepAlone(key: string, value: NewValue): void {
    const { door, tools, hasRedis } = this.#shard;
    const stamp = door.time.stamp();
    const text = this.#shard.textOf(key, value, stamp);
    if (!hasRedis) {
      tools.standby.keep(key, text);
      return;
    }
    tools.standby.keep(key, text, { outageTtlMs: tools.config.outageTtlMs });
    this.#shard.defer(key, 'load', stamp);
    this.#parts.onDeferred();
  }
}
