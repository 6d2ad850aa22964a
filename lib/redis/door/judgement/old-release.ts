import { RESERVED } from '../../../entry/layout.js';
import { Failure } from '../../failure.js';
import type { DoorSession } from '../door-session.js';

/**
 * The record of release 0.1, whose processes may share the prefix during a rolling deploy. It has a generation
 * of its own. Each version changes the other's when everything under the prefix must go.
 */
export class OldRelease {
  readonly #key: string;
  /** The generation of 0.1 that we saw last; '': there was none. */
  #seen: string | undefined;

  constructor(prefix: string) {
    this.#key = `${prefix}${RESERVED}fence`;
  }

  /** Whether there is a record of 0.1. */
  get isKnown(): boolean {
    return this.#seen !== undefined && this.#seen !== '';
  }

  /**
   * Returns the generation of 0.1, or ''. Call it before reading the records; otherwise our own changes look
   * like theirs.
   */
  async read(session: DoorSession): Promise<string> {
    const reply = await session.send(['HGET', this.#key, 'gen']);
    return typeof reply === 'string' ? reply : '';
  }

  /**
   * Whether a process of 0.1 has changed its generation since we saw it last. A generation that equals `own`,
   * the random part of ours, came from us.
   */
  hasChanged(found: string, own: string): boolean {
    return this.#seen !== undefined && found !== '' && found !== this.#seen && found !== own;
  }

  /** Remembers a generation that we have followed. */
  follow(found: string): void {
    if (found !== '') this.#seen = found;
    else this.#seen ??= '';
  }

  /** Makes processes of 0.1 drop their entries, if there is a record of them. */
  async bump(session: DoorSession, random: string): Promise<Failure | undefined> {
    const found = await session.send(['EXISTS', this.#key]);
    if (found instanceof Failure) return found;
    if (found !== 1) return undefined;
    const replies = await Promise.all([
      session.send(['HSET', this.#key, 'gen', random]),
      session.send(['HINCRBY', this.#key, 'n', '1']),
    ]);
    return replies.find((reply) => reply instanceof Failure);
  }
}

export type OldRecord = Pick<OldRelease, 'isKnown' | 'read' | 'hasChanged' | 'follow' | 'bump'>;

/** There never was a process of 0.1. */
export const NO_OLD_RELEASE: OldRecord = {
  isKnown: false,
  read: async () => '',
  hasChanged: () => false,
  follow: () => {},
  bump: async () => undefined,
};
