import type { History, Transfer } from './history.js';

/** The transfers that a replica got from its master and has not applied yet. */
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

  /** From now on it applies nothing by itself. */
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
