import { ClientSessions, type ClientSessionsOptions } from './door/client-sessions.js';
import { RedisDoor } from './door/door.js';
import type { Door, DoorListener, Remote } from './remote.js';

/** One Redis, at an address or as Sentinels name it: a Remote with one door. */
export class SingleRemote implements Remote {
  readonly #door: RedisDoor;
  readonly #sessions: ClientSessions;
  readonly doors: readonly Door[];

  constructor(options: ClientSessionsOptions) {
    this.#sessions = new ClientSessions(options);
    this.#door = new RedisDoor({ ...options, source: this.#sessions });
    this.doors = [this.#door];
  }

  doorFor(_key: string): Door {
    return this.#door;
  }

  get notice(): string | undefined {
    return this.#sessions.notice;
  }

  start(listener: DoorListener): void {
    this.#door.start(listener);
  }

  close(): void {
    this.#door.close();
  }
}
