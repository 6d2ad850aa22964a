import { type Argument, replyToText, toBytes, toText } from './bytes.js';
import type { ServerState } from './commands/command.js';
import { Dispatcher, newId } from './dispatcher.js';
import { History, type Transfer } from './history.js';
import type { Data } from './keyspace.js';
import type { Refusal } from './refusals.js';
import { ReplicaLink } from './replica-link.js';
import { ErrorReply, type Reply } from './reply.js';
import { ServerProcess, type Watcher } from './server-process.js';

/**
 * The data that a server finds when it starts again: the data of its last `save()`, nothing, or all but what
 * the last `without` commands changed (an append-only file whose end was lost).
 */
export type RestartFrom =
  | { readonly from: 'dump' }
  | { readonly from: 'nothing' }
  | { readonly from: 'log'; readonly without: number };

/**
 * A Redis that is a few hundred lines of deterministic code: exactly the commands and scripts that this package
 * sends. It knows the time only from a function, and does nothing by itself.
 */
export class ScriptedRedis {
  readonly #dispatcher: Dispatcher;
  readonly #state: ServerState;
  readonly #history = new History();
  readonly #process = new ServerProcess();
  readonly #calls = new Map<string, number>();
  #dump: Data = new Map();
  #stepMs = 0;
  #link: ReplicaLink | undefined;
  #master: ScriptedRedis | undefined;

  /** `nowMs`: milliseconds since 1970, fractions welcome. */
  constructor(nowMs: () => number) {
    this.#dispatcher = new Dispatcher(() => Math.round((nowMs() + this.#stepMs) * 1_000));
    this.#state = this.#dispatcher.state;
  }

  get runId(): string {
    return this.#state.runId;
  }

  get replicationId(): string {
    return this.#state.replicationId;
  }

  get role(): 'master' | 'replica' {
    return this.#state.role === 'slave' ? 'replica' : 'master';
  }

  /** Milliseconds since 1970, by its own clock. */
  now(): number {
    return this.#state.nowMicros() / 1_000;
  }

  /** One command with its reply, texts in and out. */
  execute(args: readonly Argument[]): Reply | ErrorReply {
    const name = String(args[0]).toUpperCase();
    this.#calls.set(name, this.calls(name) + 1);
    try {
      return replyToText(this.#dispatcher.run(args.map(toBytes)));
    } catch (error) {
      if (error instanceof ErrorReply) return new ErrorReply(toText(error.message));
      throw error;
    } finally {
      this.#record();
    }
  }

  // What tests look at. It is no command: nothing refuses it.

  /** The text or the fields under a key. */
  peek(key: string): string | Readonly<Record<string, string>> | undefined {
    const value = this.#state.keyspace.get(toBytes(key))?.value;
    if (value === undefined || typeof value === 'string') return value && toText(value);
    return Object.fromEntries([...value].map(([name, text]) => [toText(name), toText(text)]));
  }

  /** How often a command of this name has been executed or refused. Those of scripts do not count. */
  calls(command: string): number {
    return this.#calls.get(command) ?? 0;
  }

  keys(): string[] {
    return [...this.#state.keyspace.from(0)].map(({ key }) => toText(key));
  }

  /** How long a key has still to live; infinite where there is no end, `undefined` where there is no key. */
  msLeft(key: string): number | undefined {
    const slot = this.#state.keyspace.get(toBytes(key));
    return slot && slot.expiresAtMs - Math.floor(this.now());
  }

  // What happens to servers.

  /** The server's clock jumps, forward or back. */
  stepClock(ms: number): void {
    this.#stepMs += ms;
  }

  /** Memory is full, and Redis evicts this key. Returns whether it existed. */
  evict(key: string): boolean {
    const isGone = this.#state.keyspace.delete(toBytes(key));
    this.#record();
    return isGone;
  }

  /**
   * From now on refuses these commands for this reason; without names, whatever Redis itself refuses for it.
   * `why` may also be the whole text of another error reply.
   */
  refuse(why: Refusal, ...commands: readonly string[]): void {
    this.#dispatcher.refusals.add(why, commands);
    this.#state.isLoading ||= why === 'LOADING';
  }

  /** Refuses nothing any more. */
  accept(): void {
    this.#dispatcher.refusals.clear();
    this.#state.isLoading = false;
  }

  /** Sets the mode that INFO and HELLO show. */
  pretend(mode: 'standalone' | 'cluster' | 'sentinel'): void {
    this.#state.mode = mode;
  }

  /** The data that `restart({ from: 'dump' })` finds. */
  save(): void {
    this.#dump = this.#state.keyspace.copy();
  }

  get isUp(): boolean {
    return this.#process.isUp;
  }

  get isHung(): boolean {
    return this.#process.isHung;
  }

  /** Suspends the process (SIGSTOP). Its system accepts connections, but no command gets an answer. */
  hang(): void {
    this.#process.hang();
  }

  /** Resumes the process, with everything that has arrived. */
  thaw(): void {
    this.#process.thaw();
  }

  /** The process ends. Connections break, new ones are refused. `restart` brings it back. */
  kill(): void {
    this.#process.end();
  }

  /** Another process at the same address. It is a master and refuses nothing. */
  restart(what: RestartFrom): void {
    this.kill();
    this.#unlink();
    const data = this.#survivors(what);
    this.#state.runId = newId();
    this.#state.replicationId = newId();
    this.#state.role = 'master';
    this.#state.scripts.clear();
    this.accept();
    this.#exchange(data);
    this.#process.begin();
  }

  /** Watches until the returned function is called. */
  watch(watcher: Watcher): () => void {
    return this.#process.watch(watcher);
  }

  /** REPLICAOF: takes over the data of another server and follows it, or (`undefined`) becomes a master again. */
  replicaOf(master: ScriptedRedis | undefined): void {
    this.#unlink();
    this.#state.role = master === undefined ? 'master' : 'slave';
    if (master === undefined) {
      // Its data stays. Transfers that it has not applied are lost.
      this.#state.replicationId = newId();
      return;
    }
    this.#master = master;
    master.#state.replicas++;
    this.#link = new ReplicaLink(master.#history, (transfer) => this.#take(transfer));
    this.#take({
      kind: 'all',
      data: master.#state.keyspace.copy(),
      replicationId: master.replicationId,
    });
  }

  /** As a replica: takes over nothing any more until `catchUp()`. */
  lag(): void {
    this.#link?.lag();
  }

  /** As a replica that lags: takes over the oldest `count` commands of its master, or all, and lags no more. */
  catchUp(count: number = Number.POSITIVE_INFINITY): void {
    this.#link?.catchUp(count);
  }

  /** Commands of its master that it has not taken over. */
  get behind(): number {
    return this.#link?.owed ?? 0;
  }

  #record(): void {
    const changes = this.#state.keyspace.takeChanges();
    if (changes.length > 0) this.#history.add(changes);
  }

  #survivors(what: RestartFrom): Data {
    if (what.from === 'nothing') return new Map();
    if (what.from === 'dump') return this.#dump;
    return this.#history.without(what.without, this.#state.keyspace.copy());
  }

  #exchange(data: Data): void {
    this.#state.keyspace.load(data);
    this.#history.restart(data, this.replicationId);
  }

  #take(transfer: Transfer): void {
    if (transfer.kind === 'all') {
      this.#state.replicationId = transfer.replicationId;
      this.#exchange(transfer.data);
    } else {
      this.#state.keyspace.apply(transfer.changes);
      this.#record();
    }
  }

  #unlink(): void {
    this.#link?.end();
    this.#link = undefined;
    if (this.#master !== undefined) this.#master.#state.replicas--;
    this.#master = undefined;
  }
}
