import { ErrorReply, type Reply } from '../reply.js';

/** One run of a script: its arguments, and the commands of Redis. */
export interface ScriptRun {
  readonly keys: readonly string[];
  /** `ARGV[position]`: counts from 1, as Lua does; '' where there is none. */
  argv(position: number): string;
  /** `redis.call`: throws an `ErrorReply`, which ends the script. */
  call(...args: string[]): Reply;
  /** `redis.pcall`. */
  attempt(...args: string[]): Reply | ErrorReply;
}

/** A script of lib/redis/commands/scripts.ts in TypeScript. */
export type ScriptBody = (run: ScriptRun) => Reply;

export interface ServerTime {
  readonly micros: number;
  /** Whole milliseconds. */
  readonly ms: number;
}

/** If TIME is forbidden, INFO has the time. */
export function readTime(run: ScriptRun): ServerTime {
  const micros = microsOf(run);
  return { micros, ms: Math.floor(micros / 1_000) };
}

function microsOf(run: ScriptRun): number {
  const time = run.attempt('TIME');
  if (!(time instanceof ErrorReply)) {
    const [seconds, micros] = time as string[];
    return Number(seconds) * 1_000_000 + Number(micros);
  }
  const info = run.call('INFO', 'server') as string;
  return Number(/server_time_usec:(\d+)/.exec(info)?.[1]);
}

/** The positions (from 1, each followed by `,`) of the keys for which this holds. Asks for each in turn. */
export function positions(
  run: ScriptRun,
  holds: (key: string, position: number) => boolean,
): string {
  let list = '';
  for (const [index, key] of run.keys.entries()) {
    if (holds(key, index + 1)) list += `${index + 1},`;
  }
  return list;
}

/** The texts of a batch, which lie one behind the other in one argument. Ask for each in turn. */
export class BatchTexts {
  readonly #all: string;
  #from = 0;
  #text = '';

  constructor(all: string) {
    this.#all = all;
  }

  /** The next text by its length; '' stands for the same text again. */
  next(length: string): string {
    if (length === '') return this.#text;
    const to = this.#from + Number(length);
    this.#text = this.#all.slice(this.#from, to);
    this.#from = to;
    return this.#text;
  }
}
