import { Failure } from '../../failure.js';
import type { Lane } from '../../remote.js';
import type { Script } from '../scripts.js';
import { groupBySlot, oneByOne, type Places } from '../slots/group-by-slot.js';
import { type Settle, sendGroups } from '../slots/send-groups.js';
import type { ScriptRunner } from './script-runner.js';

/** How to call a script for many items at once, one key each, and how to read its reply. */
export interface BatchKind<I, A> {
  readonly script: Script;
  keyOf(item: I): string;
  /** The bytes of an item's value. */
  bytesOf(item: I): number;
  /** The arguments, and the echo that the reply must contain. `bytes`: of the values together. */
  compose(
    items: readonly I[],
    bytes: number,
  ): {
    readonly args: readonly (string | Buffer)[];
    readonly echo: string;
  };
  /** An answer for each item, or `undefined` if the reply has another shape or another echo. */
  parse(reply: unknown, items: readonly I[], echo: string): readonly A[] | undefined;
}

/** The bytes of a command and its keys, without the values. */
const OVERHEAD_BYTES = 64;

/** How a batch is sent. */
interface How {
  readonly lane: Lane;
  readonly isPart: boolean;
}

/**
 * Sends batches of one kind: in a cluster one command for each slot, in one go. If a server refuses the keys of a
 * command even so, sends each item alone.
 */
export class BatchSender<I, A> {
  readonly #runner: ScriptRunner;
  readonly #kind: BatchKind<I, A>;
  #isOneByOne = false;

  constructor(runner: ScriptRunner, kind: BatchKind<I, A>) {
    this.#runner = runner;
    this.#kind = kind;
  }

  send(items: readonly I[], lane: Lane, settle: Settle<A>): void {
    const groups = items.length > 1 ? this.#groupsOf(items) : undefined;
    if (groups === undefined) {
      this.#sendTogether(items, { lane, isPart: false }, settle);
      return;
    }
    const send = (some: readonly I[], isPart: boolean, settled: Settle<A>): void =>
      this.#sendTogether(some, { lane, isPart }, settled);
    sendGroups({ items, groups, send }, settle);
  }

  #groupsOf(items: readonly I[]): readonly Places[] | undefined {
    if (this.#isOneByOne) return oneByOne(items);
    const { slotOf } = this.#runner;
    return slotOf && groupBySlot(items, (item) => slotOf(this.#kind.keyOf(item)));
  }

  #sendTogether(items: readonly I[], { lane, isPart }: How, settle: Settle<A>): void {
    const { script } = this.#kind;
    const keys: string[] = [];
    let bytes = 0;
    for (const item of items) {
      keys.push(this.#kind.keyOf(item));
      bytes += this.#kind.bytesOf(item);
    }
    const { args, echo } = this.#kind.compose(items, bytes);
    bytes += keys.length * OVERHEAD_BYTES;
    this.#runner.run({ script, keys, args, bytes, lane, isPart }, (reply) => {
      if (reply instanceof Failure && reply.isAbout('CROSSSLOT') && items.length > 1) {
        this.#isOneByOne = true;
        this.send(items, lane, settle);
      } else if (reply instanceof Failure) settle(reply);
      else settle(this.#kind.parse(reply, items, echo) ?? this.#desync());
    });
  }

  #desync(): Failure {
    return this.#runner.guard.desync(`an odd reply of ${this.#kind.script.name}`);
  }
}
