/** Something that happened, and how often in a row. */
export interface LoggedEvent {
  /** Of the last time. Milliseconds since 1970. */
  readonly at: number;
  readonly what: string;
  readonly times: number;
}

const KEPT = 40;

/** What happened, newest first. The same again in a row is counted, not repeated. */
export class EventLog {
  #events: LoggedEvent[] = [];

  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  add(at: number, what: string, times = 1): void {
    const [newest] = this.#events;
    if (newest?.what === what) {
      this.#events[0] = { at, what, times: newest.times + times };
      return;
    }
    this.#events = [{ at, what, times }, ...this.#events].slice(0, KEPT);
  }
}
