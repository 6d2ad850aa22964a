import { randomText } from '../../../core/random.js';
import type { Clock } from '../../../core/time/clock.js';
import { GENERATION_LENGTH } from '../../../entry/layout.js';
import type { Records } from '../../commands/records.js';
import { Failure } from '../../failure.js';
import type { DoorSession } from '../door-session.js';
import type { Situation } from '../situation.js';
import type { Application } from './application.js';
import type { DataIdentity } from './data-identity.js';
import { NO_OLD_RELEASE, type OldRecord, OldRelease } from './old-release.js';
import type { ServerClock } from './server-clock.js';

export interface JudgeOptions {
  readonly prefix: string;
  readonly clock: Clock;
  readonly situation: Situation;
  readonly serverClock: ServerClock;
  /** The servers are nodes of a cluster. */
  readonly isCluster: boolean;
  readonly application?: Application | undefined;
}

/** Changes the generation (R4), and notices changes that release 0.1 made. */
export class Generations {
  readonly #identity: DataIdentity;
  readonly #options: JudgeOptions;
  readonly #old: OldRecord;

  constructor(identity: DataIdentity, options: JudgeOptions) {
    this.#identity = identity;
    this.#options = options;
    // Release 0.1 knew no clusters.
    this.#old = options.isCluster ? NO_OLD_RELEASE : new OldRelease(options.prefix);
  }

  /** Each try has a random part of its own, so that a late one does not equal another. */
  async bump(session: DoorSession): Promise<string | Failure> {
    const random = randomText(GENERATION_LENGTH);
    const [generation, ofOld] = await Promise.all([
      this.#bump(session, random),
      this.#old.bump(session, random),
    ]);
    return ofOld?.kind === 'unavailable' ? ofOld : generation;
  }

  /**
   * Reads the generation of release 0.1. Call the returned function after the records were read: if 0.1 has
   * dropped everything, this process does the same. It does not tell 0.1, because the versions would answer
   * each other for ever.
   */
  look(session: DoorSession): () => Promise<Failure | undefined> {
    const reply = this.#old.read(session);
    return async () => {
      const found = await reply;
      if (this.#old.hasChanged(found, this.#identity.generation)) {
        const outcome = await this.#bump(session, randomText(GENERATION_LENGTH));
        if (outcome instanceof Failure) return outcome;
      }
      this.#old.follow(found);
      return undefined;
    };
  }

  /** Whether there was ever a process of 0.1. Redis does not tell of its changes. */
  get sharesWithOldRelease(): boolean {
    return this.#old.isKnown;
  }

  /** The same in a heartbeat. Reads nothing if there was never a process of 0.1. */
  lookAgain(session: DoorSession): () => Promise<Failure | undefined> {
    return this.#old.isKnown ? this.look(session) : async () => undefined;
  }

  observe({ micros }: Records, sentAt: number): void {
    if (micros !== undefined) this.#options.serverClock.observe(micros / 1_000, sentAt);
  }

  async #bump(session: DoorSession, random: string): Promise<string | Failure> {
    const sentAt = this.#options.clock.now();
    const records = await session.bump(random, this.#identity.serial);
    if (records instanceof Failure) return records;
    this.observe(records, sentAt);
    this.#identity.bumped(records);
    const { listener, door } = this.#options.situation;
    listener.bumped(door);
    return this.#identity.generation;
  }
}
