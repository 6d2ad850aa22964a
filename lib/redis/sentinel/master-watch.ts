import { inBackground } from '../../core/background.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import { formatDuration } from '../../core/time/duration.js';
import { type Address, addressText, isSameAddress } from '../address.js';
import { Failure } from '../failure.js';
import type { Naming } from '../naming/named-source.js';
import type { SentinelLink } from './sentinel-link.js';
import { decide, type Word } from './verdict.js';

/** How often one Sentinel is asked while its primary is in use, and all of them while none is. */
const CALM_MS = 500;
const ALERT_MS = 250;

/**
 * A word counts for this long after it was asked for. That is longer than a round that no Sentinel answers, and
 * shorter than a failover, which begins only after `down-after-milliseconds`.
 */
const RECENT_MS = 2_000;
/** If no Sentinel answers, we go on with the primary that was named last. Each round without an answer allows it for this long. */
const SILENCE_MS = 5_000;
/** Sentinels that contradict what we know are believed when no Sentinel has confirmed it for this long. */
const OUTDATED_MS = 10_000;

export interface WatchOptions {
  readonly clock: Clock;
  readonly links: readonly SentinelLink[];
  /** Whether the primary named last is in use. */
  readonly isInUse: () => boolean;
  /** Another address is named than before. */
  readonly onNamed: (address: Address) => void;
}

/** Knows which server the Sentinels name, by asking them again and again. */
export class MasterWatch implements Naming {
  readonly #options: WatchOptions;
  #believed: Word | undefined;
  /** When the Sentinels were asked that named it last (local, monotonic). */
  #namedAt = Number.NEGATIVE_INFINITY;
  /** When the last round without an answer ended, and when the first of a row of them did. */
  #silentAt = Number.NEGATIVE_INFINITY;
  #silentSince: number | undefined;
  /** The Sentinel that is asked while the primary is in use. */
  #favourite: SentinelLink | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const link of this.#options.links) link.close();
  }

  get notice(): string | undefined {
    const since = this.#silentSince;
    if (since === undefined) return undefined;
    const silentFor = formatDuration(this.#options.clock.now() - since);
    return `No Sentinel has answered for ${silentFor}: a failover would not be noticed.`;
  }

  /** Whether the Sentinels named this address a moment ago, or named it last and do not answer any more. */
  isNamed(address: Address): boolean {
    if (this.#believed === undefined || !isSameAddress(address, this.#believed.address))
      return false;
    const now = this.#options.clock.now();
    const isSilent = this.#silentAt > this.#namedAt && now - this.#silentAt <= SILENCE_MS;
    return isSilent || now - this.#namedAt <= RECENT_MS;
  }

  find(): Promise<Address | Failure> {
    return this.ask();
  }

  /** Asks all Sentinels now. Resolves as soon as enough of them have answered. */
  ask(): Promise<Address | Failure> {
    const { clock, links } = this.#options;
    const sentAt = clock.now();
    const words: Word[] = [];
    const failures: Failure[] = [];
    return new Promise((resolve) => {
      const heard = (answer: Word | Failure, link: SentinelLink): void => {
        if (answer instanceof Failure) failures.push(answer);
        else if (words.push(answer) === 1) this.#favourite = link;
        const isComplete = words.length + failures.length === links.length;
        const word = decide({
          words,
          total: links.length,
          isComplete,
          believed: this.#believed,
          isOutdated: sentAt - this.#namedAt > OUTDATED_MS,
        });
        if (word !== undefined) resolve(this.#believe(word, sentAt));
        else if (isComplete) resolve(this.#silent(failures, words));
      };
      for (const link of links) void link.ask().then((answer) => heard(answer, link));
    });
  }

  #believe(word: Word, sentAt: number): Address {
    const before = this.#believed;
    this.#believed = word;
    this.#namedAt = Math.max(this.#namedAt, sentAt);
    this.#silentSince = undefined;
    const isOther = before === undefined || !isSameAddress(word.address, before.address);
    if (isOther && !this.#isStopped) this.#options.onNamed(word.address);
    return word.address;
  }

  #silent(failures: readonly Failure[], outdated: readonly Word[]): Failure {
    this.#silentAt = this.#options.clock.now();
    this.#silentSince ??= this.#silentAt;
    return noPrimary(failures, outdated);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const { clock, isInUse } = this.#options;
    const task = (): void => void this.#poll().finally(() => this.#schedule());
    this.#timer = inBackground(() => clock.setTimer(task, isInUse() ? CALM_MS : ALERT_MS));
  }

  async #poll(): Promise<void> {
    const isCalm = this.#options.isInUse() && (await this.#isConfirmed());
    if (!isCalm && !this.#isStopped) await this.ask();
  }

  /** Asks one Sentinel whether the primary is the same. */
  async #isConfirmed(): Promise<boolean> {
    const { clock, links } = this.#options;
    const [favourite, believed, sentAt] = [this.#favourite, this.#believed, clock.now()];
    const word = await favourite?.ask();
    if (believed === undefined || word === undefined || word instanceof Failure) return false;
    if (!isSame(word, believed)) return false;
    this.#believe(word, sentAt);
    for (const link of links) if (link !== favourite) link.rest();
    return true;
  }
}

function isSame(word: Word, believed: Word): boolean {
  return isSameAddress(word.address, believed.address) && word.epoch === believed.epoch;
}

/** No Sentinel names a primary. If all Sentinels refuse for one reason, that is the reason. */
function noPrimary(failures: readonly Failure[], outdated: readonly Word[]): Failure {
  const isRefused = failures.every(({ reason }) => reason === 'authentication');
  const reason = isRefused && outdated.length === 0 ? 'authentication' : 'no_primary';
  const told = [
    ...failures.map(({ error }) => (error instanceof Error ? error.message : String(error))),
    ...outdated.map(({ address }) => `an outdated answer: ${addressText(address)}`),
  ];
  const error = new Error(`no Sentinel names a primary: ${told.join('; ')}`);
  return new Failure('unavailable', reason, error);
}
