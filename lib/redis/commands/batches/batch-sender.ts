import { Failure } from '../../failure.js';
import type { Lane } from '../../remote.js';
import type { Script } from '../scripts.js';
import type { ScriptCall, ScriptRunner } from './script-runner.js';

/** How to call a script for many items at once, one key each, and how to read its reply. */
export interface BatchKind<I, A> {
  readonly script: Script;
  keyOf(item: I): string;
  /** The bytes of an item's value. */
  bytesOf(item: I): number;
  /** The arguments, and the echo that the reply must contain. */
  compose(items: readonly I[]): {
    readonly args: readonly (string | Buffer)[];
    readonly echo: string;
  };
  /** An answer for each item, or `undefined` if the reply has another shape or another echo. */
  parse(reply: unknown, items: readonly I[], echo: string): readonly A[] | undefined;
}

export type Settle<A> = (answers: readonly A[] | Failure) => void;

/** The bytes of a command and its keys, without the values. */
const OVERHEAD_BYTES = 64;

/** Sends batches of one kind. If a cluster refuses keys of several slots in one command, sends each item alone. */
export class BatchSender<I, A> {
  readonly #runner: ScriptRunner;
  readonly #kind: BatchKind<I, A>;
  #isOneByOne = false;

  constructor(runner: ScriptRunner, kind: BatchKind<I, A>) {
    this.#runner = runner;
    this.#kind = kind;
  }

  send(items: readonly I[], lane: Lane, settle: Settle<A>): void {
    if (this.#isOneByOne && items.length > 1) {
      this.#sendEach(items, lane, settle);
      return;
    }
    const { args, echo } = this.#kind.compose(items);
    this.#runner.run(this.#call(items, args, lane), (reply) => {
      if (reply instanceof Failure && reply.isAbout('CROSSSLOT') && items.length > 1) {
        this.#isOneByOne = true;
        this.#sendEach(items, lane, settle);
      } else if (reply instanceof Failure) settle(reply);
      else settle(this.#kind.parse(reply, items, echo) ?? this.#desync());
    });
  }

  #call(items: readonly I[], args: ScriptCall['args'], lane: Lane): ScriptCall {
    const keys: string[] = [];
    let bytes = 0;
    for (const item of items) {
      keys.push(this.#kind.keyOf(item));
      bytes += this.#kind.bytesOf(item) + OVERHEAD_BYTES;
    }
    return { script: this.#kind.script, keys, args, bytes, lane };
  }

  /** Settles when all have an answer. One failure counts for all. */
  #sendEach(items: readonly I[], lane: Lane, settle: Settle<A>): void {
    const answers: A[] = [];
    let failure: Failure | undefined;
    let left = items.length;
    items.forEach((item, i) => {
      this.send([item], lane, (answer) => {
        if (answer instanceof Failure) failure ??= answer;
        else answers[i] = answer[0] as A;
        if (--left === 0) settle(failure ?? answers);
      });
    });
  }

  #desync(): Failure {
    return this.#runner.guard.desync(`an odd reply of ${this.#kind.script.name}`);
  }
}
