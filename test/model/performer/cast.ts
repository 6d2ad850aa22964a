import { nameOf } from '../calls.js';
import type { Setting } from '../setting.js';
import { errorMsOf, type Player } from './theatre.js';

/** So many processes at most. */
const MOST_PLAYERS = 4;

/** The processes of a history, and their calls that are not answered. */
export class Cast<P extends Player> {
  readonly #players: P[] = [];
  readonly #pending = new Map<Promise<void>, P>();
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** In the order in which they joined, those that died among them. Who joins later appears in it, too. */
  get players(): readonly P[] {
    return this.#players;
  }

  /** The name of one more process; `undefined`: there are enough. */
  get nextName(): string | undefined {
    const { length } = this.#players;
    return length < MOST_PLAYERS ? nameOf(length) : undefined;
  }

  add(player: P): void {
    this.#players.push(player);
  }

  /** Any number means one of them. */
  at(number: number): P {
    return this.#players[number % this.#players.length] as P;
  }

  named(name: string): P | undefined {
    return this.#players.find((player) => player.name === name);
  }

  get living(): readonly P[] {
    return this.#players.filter(({ isDead }) => isDead !== true);
  }

  /** What a process may be wrong by about the server's time. */
  errorMs(name: string): number {
    const player = this.named(name);
    return player === undefined ? 0 : errorMsOf(player, this.#setting);
  }

  /** The calls that wait for their answers. */
  get pending(): { readonly size: number } {
    return this.#pending;
  }

  /** Remembers the call until it is answered. */
  follow(call: Promise<void>, player: P): void {
    this.#pending.set(call, player);
    void call.finally(() => this.#pending.delete(call));
  }

  /** Nobody waits for the answers of this process any more. */
  forget(player: P): void {
    for (const [call, of] of this.#pending) if (of === player) this.#pending.delete(call);
  }

  allAnswered(): Promise<unknown> {
    return Promise.allSettled(this.#pending.keys());
  }
}
