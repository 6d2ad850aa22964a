import type { Failure } from '../../redis/failure.js';
import type { Evidence, Label } from '../../redis/lineage.js';
import type { Commands, Door, DoorListener, DoorState } from '../../redis/remote.js';
import type { ShardStore } from '../shard-store.js';

/** The tiers, as one door of several sees them. */
export class DoorView implements DoorListener {
  readonly #store: ShardStore;
  readonly #all: DoorListener;

  constructor(store: ShardStore, all: DoorListener) {
    this.#store = store;
    this.#all = all;
  }

  canSpare(key: string): boolean {
    return this.#all.canSpare(key);
  }

  stateChanged(_door: Door, state: DoorState, previous: DoorState): void {
    this.#store.stateChanged(state, previous);
  }

  failed(failure: Failure, kind: 'command' | 'connect' | 'probe'): void {
    this.#all.failed(failure, kind);
  }

  attempted(isOk: boolean): void {
    this.#all.attempted(isOk);
  }

  beginFence(): (label: Label) => void {
    return this.#store.beginFence();
  }

  get hasUnfenced(): boolean {
    return this.#store.shard.ledger.hasUnfenced;
  }

  get hasWork(): boolean {
    return this.#store.shard.ledger.hasWork;
  }

  bumped(door: Door): void {
    this.#store.shard.ledger.recordBump(door.reign);
  }

  judge(_door: Door, evidence: Evidence): 'intact' | 'amnesia' {
    return this.#store.judge(evidence);
  }

  replay(_door: Door, commands: Commands): Promise<boolean> {
    return this.#store.replay(commands);
  }

  opened(_door: Door, commands: Commands): void {
    this.#store.opened(commands);
  }
}
