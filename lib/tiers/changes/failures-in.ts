import { Failure } from '../../redis/failure.js';
import type { WriteOutcome } from '../../redis/remote.js';
import type { Change } from './change.js';

const NONE: ReadonlyMap<Failure, number> = new Map();

/** The failures among the outcomes of a batch, each with the bytes of its changes. */
export function failuresIn(
  changes: readonly Change[],
  outcomes: readonly (WriteOutcome | Failure)[],
): ReadonlyMap<Failure, number> {
  let failures: Map<Failure, number> | undefined;
  for (let i = 0; i < changes.length; i++) {
    const outcome = outcomes[i];
    if (!(outcome instanceof Failure)) continue;
    failures ??= new Map();
    failures.set(outcome, (failures.get(outcome) ?? 0) + (changes[i]?.bytes ?? 0));
  }
  return failures ?? NONE;
}
