import type { History, Transfer } from './history.js';

/** What a replica has been sent by its master, and has not taken over yet. */
export class ReplicaLink {
  readonly #take: (transfer: Transfer) => void;
  readonly #leave: () => void;
  #owed: Transfer[] = [];
  #isLagging = false;

  constructor(history: History, take: (transfer: Transfer) => void) {
    this.#take = take;
    this.#leave = history.follow((transfer) => {
      this.#owed.push(transfer);
      if (!this.#isLagging) this.catchUp(Number.POSITIVE_INFINITY);
    });
  }

  get owed(): number {
    return this.#owed.length;
  }

  /** From now on it takes over nothing by itself. */
  lag(): void {
    this.#isLagging = true;
  }

  /** Takes over the oldest `count` transfers; all of them ends the lag. */
  catchUp(count: number): void {
    for (const transfer of this.#owed.splice(0, count)) this.#take(transfer);
    if (count === Number.POSITIVE_INFINITY) this.#isLagging = false;
  }

  end(): void {
    this.#leave();
    this.#owed = [];
  }
}
