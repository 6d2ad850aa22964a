import type { Change, Data, Slot } from './keyspace.js';

/** What a replica is sent: all the data, or what one command changed. */
export type Transfer =
  | { readonly kind: 'all'; readonly data: Data; readonly replicationId: string }
  | { readonly kind: 'changes'; readonly changes: readonly Change[] };

/** Commands that can still be taken back. */
const KEPT = 10_000;

/** What each command changed, latest last: an append-only file, and what replicas follow. */
export class History {
  #commands: (readonly Change[])[] = [];
  readonly #followers = new Set<(transfer: Transfer) => void>();

  add(changes: readonly Change[]): void {
    this.#commands.push(changes);
    if (this.#commands.length > 2 * KEPT) this.#commands = this.#commands.slice(-KEPT);
    this.#tell({ kind: 'changes', changes });
  }

  /** Everything was exchanged. */
  restart(data: Data, replicationId: string): void {
    this.#commands = [];
    this.#tell({ kind: 'all', data, replicationId });
  }

  follow(follower: (transfer: Transfer) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** The data as it was before the last `count` commands that changed something. */
  without(count: number, data: Data): Data {
    const earlier = new Map<string, Slot>(data);
    const undone = count === 0 ? [] : this.#commands.slice(-count);
    for (const { key, before } of undone.flat().reverse()) {
      if (before === undefined) earlier.delete(key);
      else earlier.set(key, before);
    }
    return earlier;
  }

  #tell(transfer: Transfer): void {
    for (const follower of [...this.#followers]) follower(transfer);
  }
}
