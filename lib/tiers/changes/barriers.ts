/** Answers that changes must wait for before they are sent. */
export class Barriers {
  readonly #open = new Set<Promise<unknown>>();

  get areUp(): boolean {
    return this.#open.size > 0;
  }

  /** Is up until `answer` has settled. */
  async hold<T>(answer: Promise<T>): Promise<T> {
    this.#open.add(answer);
    try {
      return await answer;
    } finally {
      this.#open.delete(answer);
    }
  }

  /** Resolves when those that are up now have settled. */
  untilDown(): Promise<unknown> {
    return Promise.all(this.#open);
  }
}
