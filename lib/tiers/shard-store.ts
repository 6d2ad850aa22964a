import { isReadable } from '../redis/door-state.js';
import type { Evidence, Label } from '../redis/lineage.js';
import type { Commands, DoorState } from '../redis/remote.js';
import { answered } from './changes/change.js';
import { Clearer } from './changes/clearer.js';
import { Replay } from './changes/replay.js';
import { Sweeper } from './changes/sweeper.js';
import { Writer } from './changes/writer.js';
import { Claims } from './leases/claims.js';
import { Reader } from './reader.js';
import type { Shard } from './shard.js';

/**
 * All parts for the keys of one door. Reacts to the events of the door.
 *
 * Invariants: while the door accepts no changes, nothing waits in the queue; the journal is replayed into a new
 * connection before the first read from it.
 */
export class ShardStore {
  readonly shard: Shard;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly clearer: Clearer;
  readonly claims: Claims;
  readonly #isOurs: (key: string) => boolean;
  readonly #replay: Replay;
  readonly #sweeper: Sweeper;
  /** When the last heartbeat that proved the data was sent (local, monotonic). */
  #provenAt = 0;
  /** When Redis was used, or not used, for the first time since (local, monotonic). */
  changedAt: number;

  /** `isOurs`: whether this door serves the key. */
  constructor(shard: Shard, isOurs: (key: string) => boolean) {
    this.shard = shard;
    this.changedAt = shard.tools.clock.now();
    this.#isOurs = isOurs;
    const onDeferred = (): void => this.#replay.soon();
    this.writer = new Writer(shard, onDeferred);
    this.#replay = new Replay(shard, this.writer);
    this.#sweeper = new Sweeper(shard, this.writer);
    this.reader = new Reader(shard, this.writer.queue);
    const parts = { writer: this.writer, replay: this.#replay, sweeper: this.#sweeper };
    this.clearer = new Clearer(shard, parts);
    this.claims = new Claims(shard, {
      queue: this.writer.queue,
      reader: this.reader,
      onDeferred,
    });
  }

  /** Present while Redis has not answered a change or a clear. Resolves when what it has not answered now is settled. */
  get unanswered(): Promise<unknown> | undefined {
    const { queue } = this.writer;
    if (queue.isEmpty && !queue.barriers.areUp) return this.#sweeper.running;
    const changes = [...queue.each('sent'), ...queue.each('next')];
    return Promise.all([queue.barriers.untilDown(), ...changes.map(answered)]);
  }

  stateChanged(state: DoorState, previous: DoorState): void {
    if ((state.name === 'closed') !== (previous.name === 'closed')) {
      this.changedAt = this.shard.tools.clock.now();
    }
    this.#suspect(state, previous);
    if (this.shard.door.reader === undefined && this.shard.door.writer === undefined)
      this.shard.near?.stop();
    if (this.shard.door.writer === undefined) {
      this.#replay.stop();
      this.#sweeper.stop();
      if (state.name !== 'recovering') this.writer.abandonWaiting();
    }
    this.shard.tools.observer.doorChanged(state, previous);
  }

  beginFence(): (label: Label) => void {
    this.shard.tools.tags.refresh();
    const sentAt = this.shard.tools.clock.now();
    const confirm = this.shard.ledger.beginFence();
    return (label) => {
      this.#provenAt = sentAt;
      confirm(label);
    };
  }

  judge(evidence: Evidence): 'intact' | 'amnesia' {
    const verdict = this.shard.ledger.judge(evidence);
    if (verdict === 'amnesia') this.shard.tools.observer.dataLost();
    return verdict;
  }

  /** Replays before the first read from a new connection. */
  async replay(commands: Commands): Promise<boolean> {
    commands.setChangeSource(this.writer.queue);
    return this.#replay.beforeReads(() => commands.wake());
  }

  /** The journal has got something from another door. */
  replaySoon(): void {
    this.#replay.soon();
    if (this.shard.ledger.awaitsSweep && this.shard.writer !== undefined)
      void this.#sweeper.sweep();
  }

  /** From now on Redis accepts changes. */
  opened(commands: Commands): void {
    this.shard.near?.follow(commands);
    commands.setChangeSource(this.writer.queue);
    commands.wake();
    if (this.shard.ledger.awaitsSweep) void this.#sweeper.sweep();
    if (this.shard.ledger.hasUnapplied) this.#replay.soon();
  }

  #suspect(state: DoorState, previous: DoorState): void {
    const { standby } = this.shard.tools;
    const isInDoubt = state.name === 'half-open' || state.name === 'recovering';
    if (isReadable(state) && !isReadable(previous)) {
      // The entries in memory date from before this connection.
      standby.suspect({ matches: this.#isOurs });
    } else if (isInDoubt && isReadable(previous)) {
      // A replica, or a server with other data, may have shown it.
      standby.suspect({ matches: this.#isOurs, seenSince: this.#provenAt });
    }
  }

  close(): void {
    this.#replay.stop();
    this.#sweeper.stop();
    this.claims.keeper.stop();
    this.writer.abandonWaiting();
  }
}
