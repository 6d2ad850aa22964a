import { ClientSessions, type ClientSessionsOptions } from './door/client-sessions.js';
import { RedisDoor } from './door/door.js';
import type { Door, DoorListener, Remote } from './remote.js';

/** One Redis: a Remote with one door. */
export class SingleRemote implements Remote {
  readonly #door: RedisDoor;
  readonly doors: readonly Door[];

  constructor(options: ClientSessionsOptions) {
    this.#door = new RedisDoor({ ...options, source: new ClientSessions(options) });
    this.doors = [this.#door];
  }

  doorFor(_key: string): Door {
    return this.#door;
  }

  start(listener: DoorListener): void {
    this.#door.start(listener);
  }

  close(): void {
    this.#door.close();
  }
}
