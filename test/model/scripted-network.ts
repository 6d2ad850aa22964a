import type { Clock, Timer } from '../../lib/core/clock.js';
import type { RedisClientLike } from '../../lib/redis/connection/client.js';
import { ErrorReply, type ScriptedRedis } from './scripted-redis.js';

interface Scheduled {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** Time that goes on in small steps, each of them one of the events whose order is generated. */
export class SteppedTime implements Clock {
  #now = 1_000;
  readonly #timers = new Set<Scheduled>();

  now(): number {
    return this.#now;
  }

  idleTime(): number {
    return this.#now;
  }

  wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer = { dueAt: this.#now + ms, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  afterPoll(callback: () => void): void {
    setImmediate(callback);
  }

  /** Goes on by `ms`, or less if a timer falls due before, and fires it. */
  step(ms: number): void {
    let next: Scheduled | undefined;
    for (const timer of this.#timers)
      if (next === undefined || timer.dueAt < next.dueAt) next = timer;
    const end = this.#now + ms;
    if (next === undefined || next.dueAt > end) {
      this.#now = end;
      return;
    }
    this.#now = Math.max(this.#now, next.dueAt);
    this.#timers.delete(next);
    next.callback();
  }
}

/** Runs `then` when the generated order says so. */
export type Schedule = (label: string, then: () => void) => void;

interface Command {
  readonly args: readonly string[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What stands between one cache and the scripted Redis, faults included. */
export class ScriptedNetwork {
  readonly #name: string;
  readonly #redis: ScriptedRedis;
  readonly #schedule: Schedule;
  readonly #clients = new Set<ScriptedClient>();
  isRefusing = false;
  #isStalled = false;
  #owed: (() => void)[] = [];

  constructor(name: string, redis: ScriptedRedis, schedule: Schedule) {
    this.#name = name;
    this.#redis = redis;
    this.#schedule = schedule;
  }

  connectionTo(): RedisClientLike {
    const client = new ScriptedClient(this);
    this.#clients.add(client);
    return client as unknown as RedisClientLike;
  }

  /** Once the order says so, and the network is not stalled. */
  pass(label: string, then: () => void): void {
    const arrive = (): void => {
      if (this.#isStalled) this.#owed.push(arrive);
      else then();
    };
    this.#schedule(`${this.#name} ${label}`, arrive);
  }

  execute(args: readonly string[]): unknown {
    return this.#redis.execute(args);
  }

  /** A black hole; what it holds goes on its way, in any order among connections, when it ends. */
  stall(): void {
    this.#isStalled = true;
  }

  flow(): void {
    this.#isStalled = false;
    const owed = this.#owed;
    this.#owed = [];
    for (const arrive of owed) this.#schedule(`${this.#name} flows on`, arrive);
  }

  /** Connections break. What was sent gets lost with them, or (`isGhostly`) arrives all the same. */
  cut(isGhostly: boolean): void {
    for (const client of this.#clients) client.break(isGhostly);
    this.#clients.clear();
  }
}

/** A node-redis client whose every step waits for its turn. Commands and replies keep their order. */
class ScriptedClient {
  isReady = false;
  isOpen = false;
  readonly #network: ScriptedNetwork;
  readonly #listeners = new Map<string, Set<(...args: unknown[]) => void>>();
  readonly #sent: Command[] = [];
  readonly #answered: { readonly command: Command; readonly reply: unknown }[] = [];
  readonly #pending = new Set<Command>();
  #isLost = false;

  constructor(network: ScriptedNetwork) {
    this.#network = network;
  }

  connect(): Promise<unknown> {
    this.isOpen = true;
    return new Promise((resolve, reject) => {
      this.#network.pass('connects', () => {
        if (this.#isLost || this.#network.isRefusing) {
          reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
          return;
        }
        this.isReady = true;
        resolve(this);
      });
    });
  }

  sendCommand(args: string[]): Promise<unknown> {
    if (!this.isReady) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const command = { args, resolve, reject };
      this.#pending.add(command);
      this.#sent.push(command);
      this.#network.pass(`asks ${args[0] === 'EVALSHA' ? 'a script' : args[0]}`, () => this.#run());
    });
  }

  destroy(): void {
    this.#end();
  }

  break(isGhostly: boolean): void {
    if (!isGhostly) this.#sent.length = 0;
    if (this.#isLost) return;
    this.#end();
    for (const listener of [...(this.#listeners.get('error') ?? [])]) listener(lost());
  }

  on(event: string, listener: (...args: unknown[]) => void): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  off(event: string, listener: (...args: unknown[]) => void): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  #run(): void {
    const command = this.#sent.shift();
    if (command === undefined) return;
    this.#answered.push({ command, reply: this.#network.execute(command.args) });
    this.#network.pass('is answered', () => this.#deliver());
  }

  #deliver(): void {
    const answer = this.#answered.shift();
    if (answer === undefined || !this.#pending.delete(answer.command)) return;
    const { command, reply } = answer;
    if (reply instanceof ErrorReply) command.reject(reply);
    else command.resolve(reply);
  }

  #end(): void {
    this.#isLost = true;
    this.isReady = false;
    this.isOpen = false;
    for (const { reject } of this.#pending) reject(lost());
    this.#pending.clear();
  }
}

function lost(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
