import { Failure } from '../../failure.js';
import type { Places } from './group-by-slot.js';

/** An answer for each item, or a failure in its place; or one failure for all. */
export type Settle<A> = (answers: readonly (A | Failure)[] | Failure) => void;

export interface Grouped<I, A> {
  readonly items: readonly I[];
  readonly groups: readonly Places[];
  /** Sends one command. `isPart`: another one of the same call follows it at once. */
  send(items: readonly I[], isPart: boolean, settle: Settle<A>): void;
}

/** Sends the groups in one turn, and settles when each has an answer. What fails one group fails no other. */
export function sendGroups<I, A>({ items, groups, send }: Grouped<I, A>, settle: Settle<A>): void {
  const answers: (A | Failure)[] = new Array(items.length);
  let left = groups.length;
  groups.forEach((places, i) => {
    const some = places.map((place) => items[place] as I);
    send(some, i < groups.length - 1, (answer) => {
      places.forEach((place, j) => {
        answers[place] = answer instanceof Failure ? answer : (answer[j] as A | Failure);
      });
      if (--left === 0) settle(answers);
    });
  });
}
