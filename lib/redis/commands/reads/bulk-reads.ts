import { Fifo } from '../../../core/fifo.js';
import { Failure, HESITATES } from '../../failure.js';
import type { Lane, SlotReply } from '../../remote.js';
import type { CommandSource } from '../flow/pipeline.js';
import type { Room } from '../flow/window.js';
import { type SlotOrder, slotOrder } from '../slots/slot-order.js';
import type { ReadOptions } from './read-options.js';
import { failureOf, isOneByOne, keysPerRead, parseSlots, slotOf } from './read-replies.js';

/** Keys in one command. */
const MAX_KEYS = 128;

/** One call. `slots` is filled as replies arrive. */
interface Call {
  readonly keys: readonly string[];
  /** Present if its keys are of several slots: those of one slot then stand beside each other. */
  readonly order: SlotOrder | undefined;
  readonly lane: Lane;
  readonly resolve: (slots: readonly SlotReply[]) => void;
  readonly slots: (SlotReply | undefined)[];
  /** Slots that are not known yet. */
  left: number;
}

/** Keys of a call that a command must read. */
interface Stretch {
  readonly call: Call;
  from: number;
  readonly to: number;
}

/**
 * Reads many keys with few commands and one promise. A call waits as long as Redis answers anything. If the
 * deadline of a command passes first, the command is sent again.
 */
export class BulkReads implements CommandSource {
  readonly #options: ReadOptions;
  readonly #unsent: Readonly<Record<Lane, Fifo<Stretch>>> = {
    request: new Fifo(),
    bulk: new Fifo(),
  };
  readonly #live = new Set<Call>();
  #isOneByOne = false;

  constructor(options: ReadOptions) {
    this.#options = options;
    options.pipeline.add(this);
  }

  getMany(keys: readonly string[], lane: Lane): Promise<readonly SlotReply[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return new Promise((settle) => {
      const { pipeline, clock, slotOf } = this.#options;
      const order = slotOrder(keys, slotOf);
      const resolve = order === undefined ? settle : inPlaces(order, settle);
      const sorted = order?.keys ?? keys;
      const call: Call = { keys: sorted, order, lane, resolve, slots: [], left: keys.length };
      this.#live.add(call);
      this.#ask({ call, from: 0, to: keys.length });
      // We answer only after the event loop has turned: see the single reads.
      if (pipeline.connection.hesitates) clock.afterPoll(() => this.#spare(call));
    });
  }

  sendNext(lane: Lane, room: Room): boolean {
    const unsent = this.#unsent[lane];
    while (unsent.peek()?.call.left === 0) unsent.take();
    const stretch = unsent.peek();
    if (stretch === undefined) return false;
    const from = stretch.from;
    const to = Math.min(stretch.to, from + this.#most(room));
    if (to === stretch.to) unsent.take();
    stretch.from = to;
    this.#sendAll({ call: stretch.call, from, to });
    return true;
  }

  /** The server has no MGET. */
  askOneByOne(): void {
    this.#isOneByOne = true;
  }

  /** Redis hesitates: reads that memory can answer do not wait. */
  spareAll(): void {
    for (const call of this.#live) this.#spare(call);
  }

  #ask(stretch: Stretch): void {
    this.#unsent[stretch.call.lane].push(stretch);
    this.#options.pipeline.wake();
  }

  #most(room: Room): number {
    return keysPerRead(this.#options.pipeline.sizes, Math.min(MAX_KEYS, room.keys));
  }

  /** Sends as many commands as the keys need, in one go. */
  #sendAll({ call, from, to }: Stretch): void {
    const ends = call.order?.ends.filter((end) => end > from && end < to) ?? [];
    let at = from;
    for (const end of [...ends, to]) {
      if (this.#isOneByOne)
        for (; at + 1 < end; at++) this.#send({ call, from: at, to: at + 1 }, true);
      this.#send({ call, from: at, to: end }, end < to);
      at = end;
    }
  }

  #send(stretch: Stretch, isPart: boolean): void {
    const { call, from, to } = stretch;
    const { pipeline } = this.#options;
    const { sizes, answers } = pipeline;
    const isWhole = to - from === call.keys.length;
    const keys = isWhole ? call.keys : call.keys.slice(from, to);
    const count = keys.length;
    const args = [count === 1 ? 'GET' : 'MGET', ...keys];
    const bytes = count * sizes.average;
    const isTracked = this.#options.track !== undefined;
    this.#options.track?.();
    const { lane } = call;
    pipeline.send(
      { args, lane, keys: count, bytes, largest: sizes.largest, isTracked, isPart },
      (reply) => {
        if (this.#isToBeAskedAgain(reply, answers)) this.#ask({ call, from, to });
        else if (count === 1) this.#fill(call, from, [slotOf(reply, this.#options)]);
        else this.#onSlots(stretch, reply);
      },
    );
  }

  /** Its deadline passed while Redis answered other commands. */
  #isToBeAskedAgain(reply: unknown, answersBefore: number): boolean {
    const { pipeline } = this.#options;
    const isOverdue = reply instanceof Failure && reply.reason === 'timeout';
    return isOverdue && !pipeline.isEnded && pipeline.answers > answersBefore;
  }

  #onSlots(stretch: Stretch, reply: unknown): void {
    const { call, from, to } = stretch;
    if (isOneByOne(reply)) {
      this.#isOneByOne = true;
      this.#ask({ call, from, to });
      return;
    }
    const slots =
      parseSlots(reply, to - from, this.#options.pipeline.sizes) ??
      new Array<Failure>(to - from).fill(failureOf(reply, this.#options));
    const isAll = call.left === call.keys.length && slots.length === call.left;
    if (isAll) this.#finish(call, slots);
    else this.#fill(call, from, slots);
  }

  #fill(call: Call, from: number, slots: readonly SlotReply[]): void {
    for (let i = 0; i < slots.length; i++) {
      if (call.slots[from + i] !== undefined) continue;
      call.slots[from + i] = slots[i] ?? null;
      call.left--;
    }
    if (call.left === 0) this.#finish(call, call.slots as readonly SlotReply[]);
  }

  #finish(call: Call, slots: readonly SlotReply[]): void {
    call.left = 0;
    this.#live.delete(call);
    call.resolve(slots);
  }

  #spare(call: Call): void {
    if (call.left === 0) return;
    for (let i = 0; i < call.keys.length; i++) {
      if (call.slots[i] !== undefined || !this.#options.spare(call.keys[i] ?? '')) continue;
      call.slots[i] = HESITATES;
      call.left--;
    }
    if (call.left === 0) this.#finish(call, call.slots as readonly SlotReply[]);
  }
}

/** Gives the slots of keys in another order back in that of the call. */
function inPlaces(
  { places }: SlotOrder,
  resolve: (slots: readonly SlotReply[]) => void,
): (slots: readonly SlotReply[]) => void {
  return (slots) => {
    const inOrder: SlotReply[] = new Array(places.length);
    places.forEach((place, i) => {
      inOrder[place] = slots[i] ?? null;
    });
    resolve(inOrder);
  };
}
