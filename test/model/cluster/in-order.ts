import type fc from 'fast-check';

/** What a play needs of fast-check's scheduler. */
export type Order = Pick<fc.Scheduler, 'schedule' | 'waitFor'>;

type Act = (work: () => Promise<void>) => Promise<unknown>;

/** Every event comes as soon as those before it are over. */
export class InOrder {
  readonly #due: (() => void)[] = [];

  schedule<T>(task: Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#due.push(() => resolve(task));
    });
  }

  async waitFor<T>(outcome: Promise<T>, act: Act = (work) => work()): Promise<T> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    outcome.then(end, end);
    while (!isOver) {
      const next = this.#due.shift();
      await act(async () => next?.());
    }
    return outcome;
  }
}
