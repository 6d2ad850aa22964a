import { randomText } from '../../lib/core/random.js';
import { withoutLease } from '../../lib/entry/entry.js';
import * as S from '../../lib/entry/layout.js';
import { ALL_SCRIPTS, type Script } from '../../lib/redis/commands/scripts.js';
import { Failure } from '../../lib/redis/failure.js';
import { ErrorReply } from '../../lib/testing/scripted-redis/reply.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';
import type { ManualClock } from './manual-clock.js';

/** One server for all fake doors of a test: the scripts of lib/redis/commands/scripts.ts, run in TypeScript. */
export class FakeRedis {
  readonly redis: ScriptedRedis;
  readonly clock: ManualClock;
  generation: string = 'gen000';
  /** The server's clock minus that of the test. */
  stepMs = 0;
  /** Commands of connections that are gone, which may still run. */
  readonly ghosts: Sent[] = [];

  constructor(clock: ManualClock) {
    this.clock = clock;
    this.redis = new ScriptedRedis(() => this.nowMs);
    for (const { source } of ALL_SCRIPTS) this.redis.execute(['SCRIPT', 'LOAD', source]);
  }

  get nowMs(): number {
    return this.clock.wallNow() + this.stepMs;
  }

  /** The entry under a key, with the present generation and no lease; `undefined`: no value. */
  entry(fullKey: string): string | undefined {
    const slot = this.redis.peek(fullKey);
    if (typeof slot !== 'string') return undefined;
    const entry = withoutLease(slot);
    const isValue = entry.charAt(S.KIND_AT) !== S.KIND_TOMBSTONE;
    return isValue && entry.startsWith(S.MARK + this.generation) ? entry : undefined;
  }

  payload(fullKey: string): string | undefined {
    return this.entry(fullKey)?.slice(S.PAYLOAD_AT);
  }

  forgetScripts(): void {
    this.redis.execute(['SCRIPT', 'FLUSH']);
  }

  runGhosts(): void {
    for (const ghost of this.ghosts.splice(0)) ghost.run();
  }

  bump(): string {
    this.generation = randomText(S.GENERATION_LENGTH);
    return this.generation;
  }
}

/** One command on its way. */
export interface Sent {
  readonly what: string;
  run(): unknown;
  readonly settle: (reply: unknown) => void;
}

/** One connection: what was sent is run in order, and answered in order. */
export class FakeWire {
  readonly #server: FakeRedis;
  readonly #toRun: Sent[] = [];
  readonly #toAnswer: { readonly sent: Sent; readonly reply: unknown }[] = [];
  readonly #isAutomatic: () => boolean;
  isAlive: boolean = true;
  /** What the next commands of these names are answered with, instead of being run. */
  readonly answers: Map<string, unknown[]> = new Map();

  /** `isAutomatic`: whether everything is run and answered by itself. */
  constructor(server: FakeRedis, isAutomatic: () => boolean) {
    this.#server = server;
    this.#isAutomatic = isAutomatic;
  }

  get unrun(): readonly string[] {
    return this.#toRun.map(({ what }) => what);
  }

  get unanswered(): readonly string[] {
    return this.#toAnswer.map(({ sent }) => sent.what);
  }

  send(what: string, run: () => unknown): Promise<unknown> {
    return new Promise((settle) => {
      if (!this.isAlive) return settle(LOST);
      this.#toRun.push({ what, run, settle });
      if (this.#isAutomatic()) setImmediate(() => this.drain());
    });
  }

  script(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const words = [`${keys.length}`, ...keys, ...args];
    const { redis } = this.#server;
    const evaluate = (): unknown => redis.execute(['EVAL', script.source, ...words]);
    return this.send(script.name, () => {
      const reply = redis.execute(['EVALSHA', script.sha, ...words]);
      const isForgotten = reply instanceof ErrorReply && reply.message.startsWith('NOSCRIPT');
      return isForgotten ? new Again(evaluate) : reply;
    });
  }

  /** The server runs its next command. */
  run(): void {
    const sent = this.#toRun.shift();
    if (sent === undefined) return;
    const [answer] = this.answers.get(sent.what)?.splice(0, 1) ?? [];
    this.#toAnswer.push({ sent, reply: answer ?? sent.run() });
  }

  /** The process reads its next reply. */
  answer(): void {
    const next = this.#toAnswer.shift();
    if (next === undefined) return;
    const { sent, reply } = next;
    if (reply instanceof Again) this.#toRun.push({ ...sent, run: reply.run });
    else sent.settle(reply instanceof ErrorReply ? commandFailure(reply) : reply);
  }

  drain(): void {
    while (this.isAlive && this.#isAutomatic() && this.#toRun.length + this.#toAnswer.length > 0) {
      this.run();
      this.answer();
    }
  }

  /** Nothing is answered any more. What was not run may still run. */
  lose(): void {
    this.isAlive = false;
    this.#server.ghosts.push(...this.#toRun);
    const open = [...this.#toAnswer.map(({ sent }) => sent), ...this.#toRun];
    this.#toAnswer.length = 0;
    this.#toRun.length = 0;
    for (const { settle } of open) settle(LOST);
  }
}

/** The script is not known: the same again, with its text. */
class Again {
  readonly run: () => unknown;

  constructor(run: () => unknown) {
    this.run = run;
  }
}

export const LOST: Failure = new Failure('unavailable', 'connection_lost', new Error('lost'));
export const LATE: Failure = new Failure('unavailable', 'timeout', new Error('timed out'));

function commandFailure(reply: ErrorReply): Failure {
  return new Failure('command', 'protocol_error', new Error(reply.message));
}
