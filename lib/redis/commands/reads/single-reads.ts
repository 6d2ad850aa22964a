import { Fifo } from '../../../core/fifo.js';
import { HESITATES, IMPATIENT } from '../../failure.js';
import type { Lane, SlotReply } from '../../remote.js';
import type { CommandSource, Outgoing } from '../flow/pipeline.js';
import type { Room } from '../flow/window.js';
import { groupBySlot, oneByOne, type Places } from '../slots/group-by-slot.js';
import { Patience, type Waiting } from './patience.js';
import type { ReadOptions } from './read-options.js';
import { failureOf, isOneByOne, keysPerRead, parseSlots, slotOf } from './read-replies.js';

/** Keys in one command: enough to share its cost, few enough that replies keep flowing. */
const MAX_KEYS = 64;

/**
 * Above this number of unanswered commands we send none for reads that memory answers: they would only delay
 * others.
 */
const MIN_PROBES = 32;

type Resolve = (slot: SlotReply) => void;

/**
 * The reads of one turn of the event loop, at most `MAX_KEYS`. The keys before `next` were sent. If there is no
 * room to send the group, reads of later turns join it and share its wait.
 */
class Group implements Waiting {
  readonly idleAt: number;
  readonly keys: string[] = [];
  readonly resolves: Resolve[] = [];
  next = 0;
  answered = 0;
  isGivenUp = false;

  constructor(idleAt: number) {
    this.idleAt = idleAt;
  }

  get isSent(): boolean {
    return this.next === this.keys.length;
  }

  get isOver(): boolean {
    return this.isGivenUp || this.answered === this.keys.length;
  }
}

/** The keys of a group that one command reads: from a place on, or (of one slot) at these places behind it. */
interface Part {
  readonly group: Group;
  readonly from: number;
  readonly keys: readonly string[];
  readonly places?: Places | undefined;
  /** Another command follows at once. */
  readonly isPart?: boolean;
}

/**
 * Sends the reads of one turn of the event loop together: one `GET` for one key, one `MGET` for several.
 * A command costs the driver more than a key does, so concurrent hits get cheaper. A read costs one
 * promise.
 */
export class SingleReads implements CommandSource {
  readonly #options: ReadOptions;
  readonly #patience: Patience<Group>;
  readonly #unsent = new Fifo<Group>();
  readonly #live = new Set<Group>();
  #open: Group | undefined;
  #isOneByOne = false;

  constructor(options: ReadOptions) {
    this.#options = options;
    options.pipeline.add(this);
    this.#patience = new Patience({
      clock: options.clock,
      patienceMs: () =>
        Math.min(options.commandTimeoutMs, options.pipeline.connection.callersPatienceMs),
      arrived: () => options.pipeline.connection.arrived,
      giveUp: (group) => this.#giveUp(group),
    });
  }

  get(key: string): Promise<SlotReply> {
    return new Promise((resolve) => this.#add(key, resolve));
  }

  sendNext(lane: Lane, room: Room): boolean {
    if (lane === 'bulk') return false;
    this.#open = undefined;
    while (this.#unsent.peek()?.isOver === true) this.#unsent.take();
    const group = this.#unsent.peek();
    if (group === undefined) return false;
    const from = group.next;
    group.next = Math.min(group.keys.length, from + this.#most(room));
    if (group.isSent) this.#unsent.take();
    this.#send(group, from, group.next);
    return true;
  }

  /** The server has no MGET. */
  askOneByOne(): void {
    this.#isOneByOne = true;
  }

  /** Redis hesitates: reads that memory can answer do not wait. */
  spareAll(): void {
    for (const group of this.#live) this.#spare(group);
  }

  cancel(): void {
    this.#patience.cancel();
  }

  #add(key: string, resolve: Resolve): void {
    const { pipeline, spare, clock } = this.#options;
    const { connection } = pipeline;
    if (connection.hesitates && spare(key)) {
      // We answer only after the event loop has turned. A caller that reads again at once would otherwise keep
      // it from reading the reply.
      clock.afterPoll(() => resolve(HESITATES));
      // We still send some, because their answers show whether Redis hangs.
      if (connection.unanswered >= MIN_PROBES) return;
    }
    const group = this.#open ?? this.#begin();
    group.keys.push(key);
    group.resolves.push(resolve);
    if (group.keys.length === MAX_KEYS) this.#open = undefined;
  }

  #begin(): Group {
    const group = new Group(this.#options.clock.idleTime());
    this.#open = group;
    this.#live.add(group);
    this.#unsent.push(group);
    this.#patience.add(group);
    this.#options.pipeline.wake();
    return group;
  }

  #most(room: Room): number {
    return keysPerRead(this.#options.pipeline.sizes, Math.min(MAX_KEYS, room.keys));
  }

  #send(group: Group, from: number, to: number): void {
    const isWhole = to - from === group.keys.length;
    const keys = isWhole ? group.keys : group.keys.slice(from, to);
    const groups = keys.length > 1 ? this.#groupsOf(keys) : undefined;
    if (groups === undefined) {
      this.#sendPart({ group, from, keys });
      return;
    }
    groups.forEach((places, i) => {
      const some = places.map((place) => keys[place] as string);
      this.#sendPart({ group, from, keys: some, places, isPart: i < groups.length - 1 });
    });
  }

  #groupsOf(keys: readonly string[]): readonly Places[] | undefined {
    if (this.#isOneByOne) return oneByOne(keys);
    const { slotOf } = this.#options;
    return slotOf && groupBySlot(keys, slotOf);
  }

  #sendPart(part: Part): void {
    const { keys } = part;
    const name = keys.length === 1 ? 'GET' : 'MGET';
    this.#options.track?.();
    this.#options.pipeline.send(this.#command([name, ...keys], part.isPart), (reply) => {
      if (keys.length === 1) this.#onSlot(part, reply);
      else this.#onSlots(part, reply);
    });
  }

  #command(args: readonly string[], isPart: boolean | undefined): Outgoing {
    const { sizes } = this.#options.pipeline;
    const keys = args.length - 1;
    const { largest } = sizes;
    const isTracked = this.#options.track !== undefined;
    return { args, lane: 'request', keys, bytes: keys * sizes.average, largest, isTracked, isPart };
  }

  #onSlot(part: Part, reply: unknown): void {
    part.group.resolves[placeOf(part, 0)]?.(slotOf(reply, this.#options));
    this.#answered(part.group, 1);
  }

  #onSlots(part: Part, reply: unknown): void {
    const { group, keys } = part;
    if (isOneByOne(reply)) {
      this.#isOneByOne = true;
      for (let i = 0; i < keys.length; i++) {
        this.#send(group, placeOf(part, i), placeOf(part, i) + 1);
      }
      return;
    }
    const slots = parseSlots(reply, keys.length, this.#options.pipeline.sizes);
    const failure = slots === undefined ? failureOf(reply, this.#options) : undefined;
    for (let i = 0; i < keys.length; i++) {
      group.resolves[placeOf(part, i)]?.(failure ?? slots?.[i] ?? null);
    }
    this.#answered(group, keys.length);
  }

  #answered(group: Group, count: number): void {
    group.answered += count;
    if (!group.isOver) return;
    this.#live.delete(group);
    this.#patience.settled();
  }

  #spare(group: Group): void {
    group.keys.forEach((key, i) => {
      if (this.#options.spare(key)) group.resolves[i]?.(HESITATES);
    });
  }

  /** A read that was not sent is dropped, and later reads do not join it. */
  #giveUp(group: Group): void {
    if (this.#open === group) this.#open = undefined;
    group.isGivenUp = true;
    this.#live.delete(group);
    for (const resolve of group.resolves) resolve(IMPATIENT);
  }
}

/** The place in the group of a key of this part. */
function placeOf({ from, places }: Part, i: number): number {
  return from + (places?.[i] ?? i);
}
