import { Fifo } from '../../../core/fifo.js';
import { Failure } from '../../failure.js';
import type { Lane } from '../../remote.js';
import type { CommandSource } from '../flow/pipeline.js';
import type { Room } from '../flow/window.js';
import { type BatchKind, BatchSender } from './batch-sender.js';
import type { ScriptRunner } from './script-runner.js';

/** The size of one batch. */
export const BATCH_KEYS = 64;
export const BATCH_BYTES: number = 64 * 1_024;

interface Call<I, A> {
  readonly items: readonly I[];
  readonly resolve: (answers: readonly (A | Failure)[]) => void;
  readonly answers: (A | Failure)[];
  /** The items before it were sent. */
  next: number;
  left: number;
}

/** Some items of one call within a batch. */
interface Part<I, A> {
  readonly call: Call<I, A>;
  readonly from: number;
  readonly to: number;
}

/** Puts the items of waiting calls into batches, and gives each call the answers to its own items. */
export class JoinedBatches<I, A> implements CommandSource {
  readonly #runner: ScriptRunner;
  readonly #kind: BatchKind<I, A>;
  readonly #sender: BatchSender<I, A>;
  readonly #calls: Readonly<Record<Lane, Fifo<Call<I, A>>>> = {
    request: new Fifo(),
    bulk: new Fifo(),
  };

  constructor(runner: ScriptRunner, kind: BatchKind<I, A>) {
    this.#runner = runner;
    this.#kind = kind;
    this.#sender = new BatchSender(runner, kind);
    runner.pipeline.add(this);
  }

  run(items: readonly I[], lane: Lane): Promise<readonly (A | Failure)[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#calls[lane].push({ items, resolve, answers: [], next: 0, left: items.length });
      this.#runner.pipeline.wake();
    });
  }

  sendNext(lane: Lane, room: Room): boolean {
    if (this.#calls[lane].peek() === undefined) return false;
    const parts = this.#take(lane, room);
    const items = parts.length === 1 ? itemsOf(parts[0] as Part<I, A>) : parts.flatMap(itemsOf);
    this.#sender.send(items, lane, (answers) => deliver(parts, answers));
    return true;
  }

  #take(lane: Lane, room: Room): readonly Part<I, A>[] {
    const calls = this.#calls[lane];
    const parts: Part<I, A>[] = [];
    let keys = Math.min(BATCH_KEYS, room.keys);
    let bytes = Math.min(BATCH_BYTES, room.bytes);
    for (
      let call = calls.peek();
      call !== undefined && keys > 0 && bytes > 0;
      call = calls.peek()
    ) {
      const from = call.next;
      while (call.next < call.items.length && keys > 0 && bytes > 0) {
        bytes -= this.#kind.bytesOf(call.items[call.next++] as I);
        keys--;
      }
      parts.push({ call, from, to: call.next });
      if (call.next === call.items.length) calls.take();
    }
    return parts;
  }
}

function itemsOf<I, A>({ call, from, to }: Part<I, A>): readonly I[] {
  return to - from === call.items.length ? call.items : call.items.slice(from, to);
}

function deliver<I, A>(
  parts: readonly Part<I, A>[],
  answers: readonly (A | Failure)[] | Failure,
): void {
  let at = 0;
  for (const { call, from, to } of parts) {
    for (let i = from; i < to; i++) {
      call.answers[i] = answers instanceof Failure ? answers : (answers[at++] as A | Failure);
    }
    call.left -= to - from;
    if (call.left === 0) call.resolve(call.answers);
  }
}
