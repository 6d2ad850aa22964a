import { ScriptedClient } from './scripted-client.js';
import { type Argument, toBytes, toText } from './scripted-redis/bytes.js';
import type { ErrorReply, Reply } from './scripted-redis/reply.js';
import type { ScriptedRedis } from './scripted-redis/scripted-redis.js';
import { type Carrier, type ClientEnd, Wire } from './scripted-wire.js';

/** Calls `then` when it is this event's turn. `label` says what happens: `A#1 asks GET`. */
export type Schedule = (label: string, then: () => void) => void;

/** Everything happens at once, in order. */
export const atOnce: Schedule = (_, then) => void Promise.resolve().then(then);

/** A server, as its network sees it. */
export interface ScriptedServer extends Pick<ScriptedRedis, 'runId' | 'isUp' | 'isHung' | 'watch'> {
  /** `by`: the connection that the command came over. */
  execute(args: readonly Argument[], by: Wire): Reply | ErrorReply;
}

/** A command by its words. */
export type Fits = (command: readonly string[]) => boolean;

/**
 * The network between the caches of one process and a scripted Redis. It makes clients, and breaks their
 * connections. Faults of the server itself (`hang`, `kill`, `restart`) are those of `ScriptedRedis`.
 */
export class ScriptedNetwork {
  readonly #name: string;
  readonly #redis: ScriptedServer;
  readonly #schedule: Schedule;
  readonly #wires = new Set<Wire>();
  readonly #carrier: Carrier = {
    toRedis: (wire, label, arrive) => this.#toServer(`${wire.name} ${label}`, arrive),
    toClient: (wire, label, arrive) => this.#toProcess(`${wire.name} ${label}`, arrive),
    tell: (hear) => this.#hear(hear),
    execute: (wire, args) => this.#execute(wire, args),
  };
  #made = 0;
  #isStalled = false;
  #isRefusing = false;
  #isSuspended = false;
  #toLose: Fits | undefined;
  /** Bytes that were in flight when the network stalled. */
  #owed: { readonly label: string; readonly arrive: () => void }[] = [];
  /** Bytes that arrived at a server that hangs. */
  #unread: (() => void)[] = [];
  /** Bytes that arrived at a process that is suspended. */
  #unheard: (() => void)[] = [];

  constructor(name: string, redis: ScriptedServer, schedule: Schedule = atOnce) {
    this.#name = name;
    this.#redis = redis;
    this.#schedule = schedule;
    redis.watch({ ended: () => this.#serverEnded(), thawed: () => this.#serverThawed() });
  }

  /**
   * A fresh client, not connected. With protocol 2 it does without HELLO. `hearsMessages`: it emits what the
   * server says of changed keys.
   */
  createClient(protocol: 2 | 3 = 3, hearsMessages = false): ScriptedClient {
    return new ScriptedClient((end) => this.#dial(protocol, end), hearsMessages);
  }

  /** Connections that are open. */
  get connections(): number {
    return [...this.#wires].filter((wire) => !wire.isBroken).length;
  }

  /** Becomes a black hole: nothing arrives in either direction, without any error. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Delivers what the black hole has held. */
  flow(): void {
    this.#isStalled = false;
    for (const { label, arrive } of this.#owed.splice(0)) this.#pass(label, arrive);
  }

  /** Suspends the process of the clients: it receives nothing. What it has sent still arrives. */
  suspend(): void {
    this.#isSuspended = true;
  }

  /** Resumes the process. It receives everything in the order of arrival. */
  resume(): void {
    this.#isSuspended = false;
    for (const hear of this.#unheard.splice(0))
      this.#schedule(`${this.#name} hears`, () => this.#hear(hear));
  }

  /** Breaks the connections. Sent bytes get lost with them, or (`ghostly`) still arrive. */
  cut({ ghostly = false }: { readonly ghostly?: boolean } = {}): void {
    for (const wire of [...this.#wires]) wire.break(ghostly);
    this.#wires.clear();
  }

  /** New connections are refused. Those that are open stay. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** New connections are made again. */
  admit(): void {
    this.#isRefusing = false;
  }

  /** The next command that fits is executed, and its connection breaks before the reply. */
  loseReply(fits: Fits = () => true): void {
    this.#toLose = fits;
  }

  /** The next reply of each connection vanishes, so that later replies are taken for earlier ones. */
  skipReply(): void {
    for (const wire of this.#wires) wire.skipReply();
  }

  #dial(protocol: 2 | 3, end: ClientEnd): Promise<Wire> {
    const wire = new Wire(`${this.#name}#${++this.#made}`, this.#carrier, end);
    return new Promise((resolve, reject) => {
      this.#toProcess(`${wire.name} connects`, () => {
        if (this.#isRefusing || !this.#redis.isUp) {
          reject(refused());
          return;
        }
        // From here on the server has accepted the connection, even if it hangs.
        this.#wires.add(wire);
        const refuse = (error: Error): void => {
          // It does not matter whether Redis knows this command.
          if (protocol === 2 && !wire.isBroken) {
            resolve(wire);
            return;
          }
          wire.close();
          reject(error);
        };
        const args = protocol === 2 ? INTRODUCTION : ['HELLO', '3'];
        wire.send({ args, resolve: () => resolve(wire), reject: refuse });
      });
    });
  }

  /** Runs `arrive` when the order says so and nothing is stalled. */
  #pass(label: string, arrive: () => void): void {
    this.#schedule(label, () => {
      if (this.#isStalled) this.#owed.push({ label, arrive });
      else arrive();
    });
  }

  #toProcess(label: string, arrive: () => void): void {
    this.#pass(label, () => this.#hear(arrive));
  }

  #hear(hear: () => void): void {
    if (this.#isSuspended) this.#unheard.push(hear);
    else hear();
  }

  /** Bytes in flight to one server never reach the next one. */
  #toServer(label: string, arrive: () => void): void {
    const { runId } = this.#redis;
    const read = (): void => {
      if (!this.#redis.isUp || this.#redis.runId !== runId) return;
      if (this.#redis.isHung) this.#unread.push(read);
      else arrive();
    };
    this.#pass(label, read);
  }

  #execute(wire: Wire, args: readonly Argument[]): Reply | ErrorReply | undefined {
    const reply = this.#redis.execute(args, wire);
    const isLost = this.#toLose?.(args.map((each) => toText(toBytes(each)))) === true;
    if (!isLost) return reply;
    this.#toLose = undefined;
    wire.break(false);
    return undefined;
  }

  /** Its system closes every connection. Bytes that it has not read, or that are still in flight, are lost. */
  #serverEnded(): void {
    this.#unread = [];
    for (const wire of [...this.#wires]) wire.break(false);
    this.#wires.clear();
  }

  #serverThawed(): void {
    for (const read of this.#unread.splice(0)) this.#schedule(`${this.#name} is read`, read);
  }
}

/** The first command of node-redis if it sends no HELLO. */
const INTRODUCTION = ['CLIENT', 'SETINFO', 'LIB-NAME', 'node-redis'];

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}
