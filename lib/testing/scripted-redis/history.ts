import type { Change, Data, Slot } from './keyspace.js';

/** A transfer to a replica: all the data, or the changes of one command. */
export type Transfer =
  | { readonly kind: 'all'; readonly data: Data; readonly replicationId: string }
  | { readonly kind: 'changes'; readonly changes: readonly Change[] };

/** Commands that can still be taken back. */
const KEPT = 10_000;

/** The changes of each command, the latest last, as in an append-only file. Replicas follow it. */
export class History {
  #commands: (readonly Change[])[] = [];
  readonly #followers = new Set<(transfer: Transfer) => void>();

  add(changes: readonly Change[]): void {
    this.#commands.push(changes);
    if (this.#commands.length > 2 * KEPT) this.#commands = this.#commands.slice(-KEPT);
    this.#tell({ kind: 'changes', changes });
  }

  /** All data was replaced. */
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
