import { inBackground } from '../../../core/background.js';
import type { Clock } from '../../../core/time/clock.js';
import type { Connection } from '../../connection/connection.js';
import { Failure } from '../../failure.js';
import type { Lane } from '../../remote.js';
import { ReplySizes } from './reply-sizes.js';
import { type Counted, type Room, Window } from './window.js';

/** A command that is ready to be sent. */
export interface Outgoing extends Counted {
  readonly args: readonly (string | Buffer)[];
  /** `now`: a command of the door, which does not wait for room in the window. */
  readonly lane: Lane | 'now';
}

/** Something that has commands to send when there is room for them. */
export interface CommandSource {
  /** Sends its next command of that lane, if it has one. */
  sendNext(lane: Lane, room: Room): boolean;
}

/** A connection that has ended gets every command at once and refuses it. */
const NO_LIMIT: Room = { keys: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/**
 * Pulls commands from its sources as long as the window has room: commands of requests first, one source after
 * the other. It pulls at the end of a turn of the event loop, so that the calls of the turn share commands, and
 * when a reply makes room.
 */
export class Pipeline {
  readonly connection: Connection;
  readonly sizes: ReplySizes;
  readonly #clock: Clock;
  readonly #window = new Window();
  readonly #sources: CommandSource[] = [];
  readonly #flush = (): void => this.#pullAll();
  #turn = 0;
  #isScheduled = false;
  #isBlocked = false;
  #isEnded = false;
  #answers = 0;

  constructor(connection: Connection, clock: Clock) {
    this.connection = connection;
    this.#clock = clock;
    this.sizes = new ReplySizes(clock);
  }

  /** The connection has ended: nothing can be sent any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** How many commands Redis has answered, with any reply. */
  get answers(): number {
    return this.#answers;
  }

  /** Bytes that were sent and not answered. */
  get unansweredBytes(): number {
    return this.#window.bytes;
  }

  add(source: CommandSource): void {
    this.#sources.push(source);
  }

  /** A source has a command. The pipeline pulls it at the end of this turn. */
  wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.endOfTurn(this.#flush);
  }

  /** The connection has ended. Waiting commands are refused. */
  end(): void {
    this.#isEnded = true;
    this.#pullAll();
  }

  /** Sends a command and counts it until its answer. `onReply` gets the reply or a `Failure`. */
  send(command: Outgoing, onReply: (reply: unknown) => void): void {
    const { args, lane } = command;
    if (lane !== 'now') this.#window.sent(command, lane);
    void this.connection.send(args, command).then((reply) => {
      if (lane !== 'now') this.#window.answered(command, lane);
      if (!isSilence(reply)) this.#answers++;
      onReply(reply);
      // The commands that we send now belong to other callers than this reply.
      if (this.#isBlocked) inBackground(this.#flush);
    });
  }

  /** Sends a command of the door. */
  direct(args: readonly (string | Buffer)[]): Promise<unknown> {
    let bytes = 0;
    for (const arg of args) bytes += arg.length;
    const { largest } = this.sizes;
    return new Promise((resolve) => {
      this.send({ args, lane: 'now', keys: 1, bytes, largest }, resolve);
    });
  }

  #pullAll(): void {
    this.#isScheduled = false;
    this.#isBlocked = false;
    this.#pull('request');
    this.#pull('bulk');
  }

  #pull(lane: Lane): void {
    const sources = this.#sources;
    let room = this.#room(lane);
    for (let idle = 0; idle < sources.length && room !== undefined; idle++) {
      const source = sources[this.#turn++ % sources.length];
      if (source?.sendNext(lane, room) !== true) continue;
      idle = -1;
      room = this.#room(lane);
    }
    if (room === undefined) this.#isBlocked = true;
  }

  #room(lane: Lane): Room | undefined {
    return this.#isEnded ? NO_LIMIT : this.#window.room(lane);
  }
}

function isSilence(reply: unknown): boolean {
  return reply instanceof Failure && reply.kind === 'unavailable';
}
