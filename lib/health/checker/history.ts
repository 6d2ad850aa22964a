import type { Clock } from '../../core/time/clock.js';
import type { CheckState, HealthChange, HealthState } from '../types.js';

const KEPT = 20;

/** Notices each change of a status once, and keeps the last twenty. */
export class History {
  readonly #clock: Clock;
  readonly #onChange: (change: HealthChange) => void;
  readonly #current = new Map<
    string,
    { readonly state: CheckState | HealthState; readonly since: number }
  >();
  readonly #changes: HealthChange[] = [];

  constructor(clock: Clock, onChange: (change: HealthChange) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** A copy, the newest change last. */
  get changes(): HealthChange[] {
    return this.#changes.map((change) => ({ ...change }));
  }

  /** Records the present status of a name. The first one is the beginning, not a change. */
  record(name: string, to: CheckState | HealthState, why: () => string | undefined): void {
    const now = this.#clock.now();
    const current = this.#current.get(name);
    if (current?.state === to) return;
    this.#current.set(name, { state: to, since: now });
    if (current === undefined) return;
    const reason = why();
    const change: HealthChange = {
      name,
      from: current.state,
      to,
      ...(reason === undefined ? {} : { reason }),
      durationMs: Math.round(now - current.since),
      at: new Date(this.#clock.wallNow()).toISOString(),
    };
    this.#changes.push(change);
    if (this.#changes.length > KEPT) this.#changes.shift();
    this.#onChange({ ...change });
  }
}
