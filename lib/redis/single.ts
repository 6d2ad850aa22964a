import { ClientSessions, type ClientSessionsOptions } from './door/client-sessions.js';
import { type DoorOptions, RedisDoor } from './door/door.js';
import type { Door, DoorListener, Remote } from './remote.js';

export interface SingleOptions extends ClientSessionsOptions {
  readonly application?: DoorOptions['application'];
}

/** One Redis: a Remote with one door. */
export class SingleRemote implements Remote {
  readonly #door: RedisDoor;
  readonly doors: readonly Door[];

  constructor(options: SingleOptions) {
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
