import { inBackground } from '../../core/background.js';
import { type LogFields, logFields, type OwnFields } from '../../core/diagnostics/log-fields.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import type { CacheConfig } from '../options.js';

/** The shortest time between two lines that say the same. */
export const QUIET_MS = 60_000;

/** A line of the log: a sentence for people, and fields for machines. */
export interface Line {
  readonly level: 'info' | 'warn' | 'error';
  /** Lines of one topic supersede each other: of those left out, the newest is written later. */
  readonly topic: string;
  readonly message: string;
  readonly fields: Partial<OwnFields> & Pick<LogFields, 'event.action' | 'event.outcome'>;
}

interface Topic {
  /** When each action and reason was written last. */
  readonly writtenAt: Map<string, number>;
  leftOut: number;
  /** The newest line that was left out, while nothing newer was written. */
  newest: Line | undefined;
  timer: Timer | undefined;
}

/**
 * The log of one cache. A line with the action and the reason of one written less than a minute ago is counted,
 * and left out. When the minute has passed, the newest line left out is written with the number of the others, so
 * that the log ends with what is true.
 */
export class CacheLog {
  readonly #config: Pick<CacheConfig, 'name' | 'logger'>;
  readonly #clock: Clock;
  readonly #topics = new Map<string, Topic>();

  constructor(config: Pick<CacheConfig, 'name' | 'logger'>, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  write(line: Line): void {
    const topic = this.#topicOf(line);
    const now = this.#clock.now();
    const quietUntil = (topic.writtenAt.get(kindOf(line)) ?? Number.NEGATIVE_INFINITY) + QUIET_MS;
    if (now >= quietUntil) {
      this.#say(topic, line);
      return;
    }
    topic.leftOut++;
    topic.newest = line;
    // The request that caused the line must not live as long as the timer.
    topic.timer ??= inBackground(() =>
      this.#clock.setTimer(() => this.#sayNewest(topic), quietUntil - now),
    );
  }

  /** Writes what was left out. */
  close(): void {
    for (const topic of this.#topics.values()) this.#sayNewest(topic);
  }

  #sayNewest(topic: Topic): void {
    if (topic.newest === undefined) return;
    topic.leftOut--;
    this.#say(topic, topic.newest);
  }

  #say(topic: Topic, line: Line): void {
    const repeated = topic.leftOut === 0 ? undefined : topic.leftOut;
    topic.timer?.cancel();
    Object.assign(topic, { timer: undefined, newest: undefined, leftOut: 0 });
    topic.writtenAt.set(kindOf(line), this.#clock.now());
    const { logger, name } = this.#config;
    const fields = logFields(name, { ...line.fields, 'labels.repeated': repeated });
    // The request that caused the line has nothing to do with it.
    inBackground(() => logger[line.level](line.message + leftOutSentence(repeated), fields));
  }

  #topicOf({ topic: name }: Line): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { writtenAt: new Map(), leftOut: 0, newest: undefined, timer: undefined };
      this.#topics.set(name, topic);
    }
    return topic;
  }
}

function kindOf({ fields }: Line): string {
  return `${fields['event.action']} ${fields['event.reason'] ?? ''}`;
}

function leftOutSentence(count: number | undefined): string {
  if (count === undefined) return '';
  return ` ${count} ${count === 1 ? 'line' : 'lines'} like this one ${count === 1 ? 'was' : 'were'} left out since the last.`;
}
