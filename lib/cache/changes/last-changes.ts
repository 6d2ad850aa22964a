import type { Clock } from '../../core/time/clock.js';
import { LagAwareTimer } from '../../core/time/lag-aware-timer.js';

/** A process that gets no processor time waits for longer, but not for ever. */
const MAX_POSTPONEMENTS = 3;

/** Present while something is not settled. Resolves when what is not settled now has been. */
type Unsettled = () => Promise<unknown> | undefined;

/**
 * Waits until the changes that were called are settled, `patienceMs` at most. Returns `undefined` if there are
 * none. It keeps the process alive.
 */
export function lastChanges(
  unsettled: Unsettled,
  { clock, patienceMs }: { readonly clock: Clock; readonly patienceMs: number },
): Promise<void> | undefined {
  const first = unsettled();
  if (first === undefined) return undefined;
  return new Promise((resolve) => {
    const timer = new LagAwareTimer({
      clock,
      maxPostponements: MAX_POSTPONEMENTS,
      waitsFor: () => resolve,
      isAwaited: true,
      onDue: resolve,
    });
    timer.start(patienceMs);
    const wait = async (): Promise<void> => {
      for (let next: Promise<unknown> | undefined = first; next !== undefined; next = unsettled()) {
        await next;
        // What waited for that goes on first.
        await new Promise<void>((turned) => clock.afterPoll(turned));
      }
      timer.cancel();
      resolve();
    };
    void wait();
  });
}
