/**
 * Tasks that wait most of the time, each with servers of its own: when one is asked for, those after it begin as well.
 * So the waits of several tests go by together.
 */
export class Ahead {
  readonly #tasks: readonly (() => Promise<void>)[];
  readonly #atOnce: number;
  readonly #begun = new Map<number, Promise<void>>();

  constructor(tasks: readonly (() => Promise<void>)[], atOnce: number) {
    this.#tasks = tasks;
    this.#atOnce = atOnce;
  }

  /** Settles as this task does. */
  async resultOf(index: number): Promise<void> {
    for (let ahead = 0; ahead < this.#atOnce; ahead++) this.#begin(index + ahead);
    await this.#begun.get(index);
  }

  /** Settles when no task runs any more. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#begun.values());
  }

  #begin(index: number): void {
    const task = this.#tasks[index];
    if (task === undefined || this.#begun.has(index)) return;
    const run = task();
    // Its own test hears of it.
    run.catch(() => {});
    this.#begun.set(index, run);
  }
}
