/** Queries that run at once. The others wait in the queue. */
const PLACES = 10;

interface Query {
  /** It ends when so many visitors have come. */
  readonly until: number;
  readonly end: () => void;
}

/**
 * A database with a fixed number of places. Its time is the number of visitors that have come, not that of a clock: while a
 * query runs, so many visitors come. So what they find does not depend on how busy the machine is.
 */
export class Database {
  loads = 0;
  /** How many visitors come while a query runs. */
  visitorsPerQuery: number;
  #visitors = 0;
  readonly #running: Query[] = [];
  readonly #waiting: (() => void)[] = [];
  /** The versions of each product, with the time of each. */
  readonly #changedAt: number[][];

  constructor(products: number, visitorsPerQuery: number) {
    this.visitorsPerQuery = visitorsPerQuery;
    this.#changedAt = Array.from({ length: products }, () => [0]);
  }

  async load(id: number): Promise<number> {
    this.loads++;
    if (this.#running.length >= PLACES)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await new Promise<void>((end) => {
      this.#running.push({ until: this.#visitors + this.visitorsPerQuery, end });
    });
    return this.version(id);
  }

  /** One more visitor has come. */
  tick(): void {
    this.#visitors++;
    while (this.#running[0] !== undefined && this.#running[0].until <= this.#visitors) {
      this.#running.shift()?.end();
      this.#waiting.shift()?.();
    }
  }

  version(id: number): number {
    return (this.#changedAt[id] as number[]).length - 1;
  }

  change(id: number): void {
    this.#changedAt[id]?.push(performance.now());
  }

  /** For how long a version has been old. */
  ageS(id: number, version: number): number {
    const next = this.#changedAt[id]?.[version + 1];
    return next === undefined ? 0 : (performance.now() - next) / 1_000;
  }
}
