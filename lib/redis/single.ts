import { Histogram } from '../core/diagnostics/histogram.js';
import { COMMAND_SECONDS } from './command-seconds.js';
import type { SingleSource } from './connection/client.js';
import type { ConnectionSource, SourceOptions } from './connection/connection.js';
import { connectionSource } from './connection/connection-source.js';
import { ClientSessions, type ClientSessionsOptions } from './door/client-sessions.js';
import { type DoorOptions, RedisDoor } from './door/door.js';
import type { Door, DoorListener, Remote } from './remote.js';

export interface SingleOptions
  extends Pick<ClientSessionsOptions, 'prefix' | 'clock' | 'commandTimeoutMs' | 'maxValueBytes'> {
  readonly source: SingleSource;
  readonly application?: DoorOptions['application'];
}

/** One Redis, at an address or as Sentinels name it: a Remote with one door. */
export class SingleRemote implements Remote {
  readonly #door: RedisDoor;
  readonly #sessions: ClientSessions;
  readonly doors: readonly Door[];
  readonly commandTimes: Histogram = new Histogram(COMMAND_SECONDS);

  constructor({ source, ...options }: SingleOptions) {
    this.#sessions = new ClientSessions({
      ...options,
      commandTimes: this.commandTimes,
      isFresh: source.kind !== 'adopted',
      connections: (own) => sourceOf(source, own),
    });
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

function sourceOf(source: SingleSource, options: SourceOptions): ConnectionSource {
  if (source.kind !== 'sentinel') return connectionSource(source, options);
  const { sentinelSource } =
    require('./sentinel/sentinel-source.js') as typeof import('./sentinel/sentinel-source.js');
  return sentinelSource(source, options);
}
