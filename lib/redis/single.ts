import { Histogram } from '../core/diagnostics/histogram.js';
import { COMMAND_SECONDS } from './command-seconds.js';
import { ClientSessions, type ClientSessionsOptions } from './door/client-sessions.js';
import { type DoorOptions, RedisDoor } from './door/door.js';
import type { Door, DoorListener, Remote } from './remote.js';

export interface SingleOptions extends Omit<ClientSessionsOptions, 'commandTimes'> {
  readonly application?: DoorOptions['application'];
}

/** One Redis: a Remote with one door. */
export class SingleRemote implements Remote {
  readonly #door: RedisDoor;
  readonly doors: readonly Door[];
  readonly commandTimes: Histogram = new Histogram(COMMAND_SECONDS);

  constructor(options: SingleOptions) {
    const source = new ClientSessions({ ...options, commandTimes: this.commandTimes });
    this.#door = new RedisDoor({ ...options, source });
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
