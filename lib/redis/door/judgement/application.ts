import { Failure } from '../../failure.js';
import type { DoorSession } from '../door-session.js';

export interface Application {
  /** The package name of this application. */
  readonly name: string;
  /** The record named another application. */
  readonly onOther: (other: string) => void;
}

/** What we show and store of a name. */
const MAX_LENGTH = 214;

/**
 * The application that uses a prefix: a field `app` of the record of positions holds the package name of the one
 * that connected last. It only serves a warning, so no failure of it matters here: a connection that ends says so
 * itself.
 */
export class ApplicationName {
  readonly #application: Application | undefined;

  constructor(application: Application | undefined) {
    this.#application = application;
  }

  /** Call it when the record is there. Writes only if the record names another application, or none. */
  async note(session: DoorSession): Promise<void> {
    if (this.#application === undefined) return;
    const { name, onOther } = this.#application;
    const own = name.slice(0, MAX_LENGTH);
    const key = session.ownKey('pos');
    const found = await session.send(['HGET', key, 'app']);
    if (found instanceof Failure || found === own) return;
    if (typeof found === 'string' && found !== '') onOther(found.slice(0, MAX_LENGTH));
    await session.send(['HSET', key, 'app', own]);
  }
}
