import type { Commands, DoorState, Evidence, Label } from '../redis/remote.js';
import { Clearer } from './changes/clearer.js';
import { Replay } from './changes/replay.js';
import { Sweeper } from './changes/sweeper.js';
import { Writer } from './changes/writer.js';
import { Claims } from './claims.js';
import { Reader } from './reader.js';
import type { Shard } from './shard.js';

/**
 * Everything that one door's keys need, and what follows from the door's news.
 *
 * Invariants: while the door takes no changes, nothing waits in the queue; before anybody reads from a new
 * connection, the journal was replayed into it.
 */
export class ShardStore {
  readonly shard: Shard;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly clearer: Clearer;
  readonly claims: Claims;
  readonly #replay: Replay;
  readonly #sweeper: Sweeper;

  constructor(shard: Shard) {
    this.shard = shard;
    const onDeferred = (): void => this.#replay.soon();
    this.writer = new Writer(shard, onDeferred);
    this.#replay = new Replay(shard, this.writer);
    this.#sweeper = new Sweeper(shard);
    this.reader = new Reader(shard, this.writer.queue);
    const parts = { writer: this.writer, replay: this.#replay, sweeper: this.#sweeper };
    this.clearer = new Clearer(shard, parts);
    this.claims = new Claims(shard, {
      queue: this.writer.queue,
      reader: this.reader,
      onDeferred,
    });
  }

  stateChanged(state: DoorState, previous: DoorState): void {
    if (this.shard.door.writer === undefined) {
      this.#replay.stop();
      this.#sweeper.stop();
      if (state.name !== 'recovering') this.writer.abandonWaiting();
    }
    this.shard.tools.observer.doorChanged(state, previous);
  }

  beginFence(): (label: Label) => void {
    return this.shard.ledger.beginFence();
  }

  judge(evidence: Evidence): 'intact' | 'amnesia' {
    const verdict = this.shard.ledger.judge(evidence);
    if (verdict === 'amnesia') this.shard.tools.observer.dataLost();
    return verdict;
  }

  /** Before the first read from a new connection. */
  async replay(commands: Commands): Promise<boolean> {
    commands.setChangeSource(this.writer.queue);
    return this.#replay.beforeReads(() => commands.wake());
  }

  /** Reads from the connection begin: what memory holds was made without it. */
  opened(commands: Commands): void {
    commands.setChangeSource(this.writer.queue);
    commands.wake();
    this.shard.tools.standby.suspectAll();
    if (this.shard.ledger.awaitsSweep) void this.#sweeper.sweep();
    if (this.shard.ledger.hasUnapplied) this.#replay.soon();
  }

  close(): void {
    this.#replay.stop();
    this.#sweeper.stop();
    this.claims.keeper.stop();
    this.writer.abandonWaiting();
  }
}
