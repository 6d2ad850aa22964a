import { Fifo } from '../core/fifo.js';
import type { Argument } from './scripted-redis/bytes.js';
import { ErrorReply, type Reply } from './scripted-redis/reply.js';

export interface Command {
  /** Copies: a buffer may be used again as soon as it was sent. */
  readonly args: readonly Argument[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The events of a connection, as its client gets them. */
export interface ClientEnd {
  /** It has ended. */
  onBroken(error: Error): void;
  /** The server sent something that is no reply. */
  onMessage(words: readonly unknown[]): void;
}

/** What a server sends without being asked. */
class Message {
  readonly words: readonly unknown[];

  constructor(words: readonly unknown[]) {
    this.words = words;
  }
}

/** Carries commands and replies from one end to the other. */
export interface Carrier {
  /** Calls back when the order of events says that something arrives at Redis, and Redis reads it. */
  toRedis(wire: Wire, label: string, arrive: () => void): void;
  /** Calls back when the order of events says that something arrives at the client. */
  toClient(wire: Wire, label: string, arrive: () => void): void;
  /** Calls back when the process of the client can receive something. */
  tell(hear: () => void): void;
  /** `undefined`: there will be no answer. */
  execute(wire: Wire, args: readonly Argument[]): Reply | ErrorReply | undefined;
}

/**
 * One connection. Commands and replies keep their order in flight: whichever event is due, the oldest one
 * arrives. A reply belongs to the command that has waited longest, as in Redis' protocol.
 */
export class Wire {
  readonly name: string;
  readonly #carrier: Carrier;
  readonly #end: ClientEnd;
  readonly #unread = new Fifo<Command>();
  readonly #waiting = new Fifo<Command>();
  readonly #replies = new Fifo<Reply | ErrorReply | Message>();
  #toSkip = 0;
  /** It has ended at the server's side. Its client may not know yet. */
  #isCut = false;
  #isBroken = false;

  constructor(name: string, carrier: Carrier, end: ClientEnd) {
    this.name = name;
    this.#carrier = carrier;
    this.#end = end;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  send(command: Command): void {
    if (this.#isBroken) {
      command.reject(connectionLost());
      return;
    }
    this.#waiting.push(command);
    if (this.#isCut) return;
    this.#unread.push(command);
    const name = String(command.args[0]).toUpperCase();
    this.#carrier.toRedis(this, `asks ${name}`, () => this.#arrive());
  }

  /**
   * Ends the connection. Its client gets an error (as soon as it can receive one). Bytes that Redis has not
   * read get lost, or (`isGhostly`) still arrive.
   */
  break(isGhostly: boolean): void {
    if (!isGhostly) this.#unread.drain();
    if (this.#isBroken || this.#isCut) return;
    this.#isCut = true;
    this.#carrier.tell(() => {
      if (this.#isBroken) return;
      this.close();
      this.#end.onBroken(connectionLost());
    });
  }

  /** The client leaves. What it has sent still arrives. */
  close(): void {
    this.#isBroken = true;
    this.#replies.drain();
    for (const { reject } of this.#waiting.drain()) reject(connectionLost());
  }

  /** The server sends a message, behind the replies that are on their way. */
  push(words: readonly unknown[]): void {
    if (this.#isBroken || this.#isCut) return;
    this.#replies.push(new Message(words));
    this.#carrier.toClient(this, 'gets a message', () => this.#deliver());
  }

  /** The next reply vanishes: each later one is then taken for the one before it. */
  skipReply(): void {
    this.#toSkip++;
  }

  #arrive(): void {
    const command = this.#unread.take();
    if (command === undefined) return;
    const reply = this.#carrier.execute(this, command.args);
    if (reply === undefined || this.#isBroken || this.#isCut) return;
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return;
    }
    this.#replies.push(reply);
    this.#carrier.toClient(this, 'is answered', () => this.#deliver());
  }

  #deliver(): void {
    const reply = this.#replies.take();
    if (reply instanceof Message) {
      this.#end.onMessage(reply.words);
      return;
    }
    const command = reply === undefined ? undefined : this.#waiting.take();
    if (reply instanceof ErrorReply) command?.reject(reply);
    else command?.resolve(reply);
    // Messages behind a reply may arrive with it, and are then heard before its caller goes on.
    while (this.#replies.peek() instanceof Message) this.#deliver();
  }
}

export function connectionLost(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
