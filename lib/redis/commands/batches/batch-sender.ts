import { Failure } from '../../failure.js';
import type { Lane } from '../../remote.js';
import type { Script } from '../scripts.js';
import type { ScriptCall, ScriptRunner } from './script-runner.js';

/** How a script is called for many items at once, one key each, and what its reply says of them. */
export interface BatchKind<I, A> {
  readonly script: Script;
  keyOf(item: I): string;
  /** The bytes of an item's value. */
  bytesOf(item: I): number;
  /** The arguments, and the echo that the reply must bring back. */
  compose(items: readonly I[]): {
    readonly args: readonly (string | Buffer)[];
    readonly echo: string;
  };
  /** An answer for each item, or `undefined` where the reply has another shape or another echo. */
  parse(reply: unknown, items: readonly I[], echo: string): readonly A[] | undefined;
}

export type Settle<A> = (answers: readonly A[] | Failure) => void;

/** What a command with its keys costs besides the values. */
const OVERHEAD_BYTES = 64;

/** Sends batches of one kind, and each item alone where keys of several slots of a cluster do not go together. */
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

  /** Settles when all are answered; one failure stands for all. */
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
