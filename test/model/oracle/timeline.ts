import type { Reading } from './records.js';

/** A read that was given, and where in the timeline of its key it stands at the earliest. */
interface Mark {
  readonly givenAt: number;
  readonly place: number;
}

/** What the servers held, one after the other, under each key; and whether anybody's reads went back in it (N3). */
export class Timeline {
  readonly #held = new Map<string, (number | undefined)[]>();
  readonly #marks = new Map<string, Mark[]>();

  /** A reader who asks the server now is given this. */
  saw(key: string, serial: number | undefined): void {
    const held = this.#held.get(key) ?? [];
    this.#held.set(key, held);
    if (held.length === 0 || held.at(-1) !== serial) held.push(serial);
  }

  /** Redis, or memory in its place, gave this. `undefined`: that is no step back. */
  stepBack({ process, key, calledAt }: Reading, serial: number, nowAt: number): string | undefined {
    const held = this.#held.get(key) ?? [];
    const [first, last] = [held.indexOf(serial), held.lastIndexOf(serial)];
    // Only a server that was replaced has held it.
    if (first === -1) return undefined;
    const name = `${process} ${key}`;
    const marks = this.#marks.get(name) ?? [];
    this.#marks.set(name, marks);
    const later = marks.find(({ givenAt, place }) => givenAt < calledAt && place > last);
    marks.push({ givenAt: nowAt, place: first });
    return later === undefined ? undefined : `after it had been given #${held[later.place]}`;
  }
}
