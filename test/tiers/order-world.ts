import type { WriteResult } from '../../lib/api/cache.js';
import { versionOf } from '../../lib/entry/entry.js';
import { PAYLOAD_AT } from '../../lib/entry/layout.js';
import type { Claim, Found } from '../../lib/tiers/store.js';
import { PREFIX } from '../support/fake-door.js';
import { FakeRedis } from '../support/fake-redis.js';
import { ManualClock } from '../support/manual-clock.js';
import { payloadOf, TierFixture, value } from '../support/tier-fixture.js';
import type { Faults, Scenario } from './order-scenarios.js';

const KEY = 'key';

/** One call of a process. The payload of what it stores is its number. */
interface Call {
  readonly number: number;
  readonly by: number;
  readonly op: string;
  readonly calledAt: number;
  /** When its loader began; a loaded value is as old as this. */
  loadedAt?: number;
  endedAt?: number;
  result?: WriteResult | 'read' | 'stored' | 'not stored';
  /** What a read found. */
  found?: number | undefined;
  isImpatient?: boolean;
}

interface Process {
  readonly at: number;
  readonly fixture: TierFixture;
  readonly program: string;
  next: number;
  last: Call | undefined;
  isReconnecting: boolean;
  /** Loaders that may return. */
  readonly loaders: (() => void)[];
  readonly flights: { isVoid: boolean }[];
}

export interface Action {
  readonly name: string;
  act(): void;
}

/**
 * Two processes, one key, one Redis. It offers what may happen next; whoever drives it chooses. After each
 * step `fault` says whether an invariant of the model is broken.
 */
export class OrderWorld {
  readonly clock = new ManualClock();
  readonly server = new FakeRedis(this.clock);
  readonly calls: Call[] = [];
  readonly steps: string[] = [];
  fault: string | undefined;
  readonly #processes: Process[];
  readonly #left: { lose: number; age: number; forget: number; wait: number };
  #time = 1;

  constructor([a, b, faults]: Scenario, errorMs = 0) {
    const { lose = 0, age = 0, forget = 0, wait = 0 } = faults;
    this.#left = { lose, age, forget, wait };
    const programs = b === '' ? [a] : [a, b];
    this.#processes = programs.map((program, at) => this.#process(program, at, errorMs));
    this.calls.push({ number: 0, by: 9, op: 's', calledAt: 0, endedAt: 0, result: 'applied' });
    if (!programs.join('').includes('l') || faults.hasValue) this.#begin();
  }

  /** What can happen now. */
  actions(): Action[] {
    const actions: Action[] = [];
    const add = (name: string, act: () => void): void => {
      actions.push({ name, act });
    };
    for (const process of this.#processes) this.#offer(process, add);
    const { ghosts } = this.server;
    if (ghosts.length > 0) add('Redis runs lost commands', () => this.server.runGhosts());
    if (this.#left.forget > 0) add('Redis forgets its scripts', () => this.#forget());
    if (this.#left.age > 0) add('the deadline passes', () => this.#age());
    return actions;
  }

  async step(action: Action): Promise<void> {
    this.steps.push(action.name);
    this.clock.jump(1);
    this.#time++;
    action.act();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.#check();
  }

  /** Lets everything end. */
  async rest(): Promise<void> {
    this.#left.lose = this.#left.age = this.#left.forget = this.#left.wait = 0;
    for (let quiet = 0, round = 0; quiet < 4 && round < 400; round++) {
      const [action] = this.actions();
      if (action === undefined) {
        quiet++;
        await this.clock.advance(300);
        this.#check();
      } else {
        quiet = 0;
        await this.step(action);
      }
      if (this.fault !== undefined) return;
    }
    this.#checkRest();
  }

  close(): void {
    for (const { fixture } of this.#processes) fixture.shards.close();
  }

  #process(program: string, at: number, errorMs: number): Process {
    const fixture = new TierFixture({ clock: this.clock, server: this.server, errorMs });
    fixture.door.isAutomatic = false;
    fixture.open();
    const process: Process = {
      at,
      fixture,
      program,
      next: 0,
      last: undefined,
      isReconnecting: false,
      loaders: [],
      flights: [],
    };
    fixture.store.onChange(() => {
      for (const flight of process.flights) flight.isVoid = true;
    });
    return process;
  }

  /** The value that was there before. */
  #begin(): void {
    const { fixture } = this.#processes[0] as Process;
    const low = this.server.nowMs * 1_000 - 1_000_000;
    const text = fixture.shards.of(KEY).shard.textOf(KEY, value('0'), { low });
    this.server.redis.execute(['SET', PREFIX + KEY, text]);
  }

  #offer(process: Process, add: (name: string, act: () => void) => void): void {
    const name = 'AB'[process.at] ?? '';
    const { fixture, program, last } = process;
    const { door } = fixture;
    const { wire } = door.commands;
    const waits = program[process.next] === '!';
    const op = program[process.next + (waits ? 1 : 0)];
    if (waits && op === undefined) process.next++;
    else if (op !== undefined && !(waits && last?.endedAt === undefined)) {
      add(`${name} calls ${op}`, () => this.#call(process, op, waits));
    }
    if (door.commands.isAwake && wire.isAlive) {
      add(`${name} sends a change`, () => door.commands.pull());
    }
    if (wire.unrun.length > 0) add(`Redis runs ${wire.unrun[0]} of ${name}`, () => wire.run());
    const [answer] = wire.unanswered;
    if (answer !== undefined) add(`${name} reads the reply to ${answer}`, () => wire.answer());
    const [loader] = process.loaders;
    if (loader !== undefined) add(`${name}'s loader returns`, () => this.#return(process));
    if (door.generation !== this.server.generation && door.reader !== undefined) {
      add(`${name} hears of the generation`, () => door.hear());
    }
    if (!wire.isAlive && !process.isReconnecting)
      add(`${name} reconnects`, () => this.#reconnect(process));
    const isBusy = wire.unrun.length + wire.unanswered.length > 0;
    if (this.#left.lose > 0 && wire.isAlive && isBusy)
      add(`${name} loses its connection`, () => this.#lose(process));
    if (this.#left.wait > 0) this.#offerImpatience(process, add);
  }

  #offerImpatience(process: Process, add: (name: string, act: () => void) => void): void {
    for (const call of this.calls) {
      if (call.by !== process.at || call.endedAt !== undefined || !isChange(call)) continue;
      add(`call ${call.number} runs out of patience`, () => {
        this.#left.wait--;
        call.isImpatient = true;
        this.#end(call, 'deferred');
      });
    }
  }

  #call(process: Process, op: string, waits: boolean): void {
    process.next += waits ? 2 : 1;
    const call: Call = { number: this.calls.length, by: process.at, op, calledAt: ++this.#time };
    this.calls.push(call);
    process.last = call;
    const { store } = process.fixture;
    const ended = (result: WriteResult): void => this.#end(call, result);
    if (op === 's') void store.put(KEY, value(`${call.number}`)).then(ended);
    else if (op === 'd') void store.remove(KEY).then(ended);
    else if (op === 'c') void store.clear('*').then(ended);
    else if (op === 'p') void store.clear('k[e]*').then(ended);
    else if (op === 'g') void this.#read(process, call);
    else void this.#load(process, call);
  }

  async #read(process: Process, call: Call): Promise<void> {
    const found = await process.fixture.store.get(KEY);
    this.#returned(call, found);
  }

  /** A load as the loading tier does it. */
  async #load(process: Process, call: Call): Promise<void> {
    const { store } = process.fixture;
    const flight = { isVoid: false };
    process.flights.push(flight);
    let claim: Claim = { kind: 'held' };
    for (let tries = 0; claim.kind === 'held' && tries < 2; tries++) {
      [claim = claim] = await store.claim([KEY], 'load');
    }
    if (claim.kind === 'value') {
      call.loadedAt = call.calledAt;
      this.#returned(call, claim.found);
      return;
    }
    call.loadedAt = ++this.#time;
    await new Promise<void>((resolve) => process.loaders.push(resolve));
    const lease = claim.kind === 'granted' ? claim.lease : undefined;
    if (flight.isVoid || lease?.isVoid || claim.kind === 'held') {
      lease?.abandon();
      this.#end(call, 'not stored');
      return;
    }
    await store.fill([{ key: KEY, lease, value: value(`${call.number}`) }]);
    this.#end(call, 'stored');
  }

  #return(process: Process): void {
    process.loaders.shift()?.();
  }

  #end(call: Call, result: NonNullable<Call['result']>): void {
    if (call.endedAt !== undefined) return;
    call.endedAt = ++this.#time;
    call.result = result;
    if (result !== 'applied' || call.op !== 's') return;
    const by = this.#inRedis;
    const isThere =
      by === call.number || (by !== undefined && by > 0 && !this.#isBefore(by, call.number));
    if (!isThere && !this.#mayBeGone(call)) {
      this.fault ??= `call ${call.number} says applied, Redis has ${by ?? 'nothing'}`;
    }
  }

  /**
   * A later or a concurrent change may have removed it, or a clear of another process that was not heard of. A
   * process that has not heard of a clear may also replace it by a value that nobody can reach.
   */
  #mayBeGone(call: Call): boolean {
    const hasClear = this.calls.some(({ op }) => op === 'c');
    const isRemoval = (other: Call): boolean => {
      const isForeign = other.by !== call.by;
      if (other === call || (isForeign && other.op === 'c')) return other !== call;
      if (this.#isBefore(other.number, call.number)) return false;
      if (other.op === 's' || other.op === 'l') {
        const isLost = other.endedAt === undefined || other.result === 'deferred';
        return (other.op === 's' && isLost) || (isForeign && hasClear);
      }
      return isChange(other);
    };
    return this.#isReplayed || this.calls.some(isRemoval);
  }

  /** A connection was lost: what was told again may have removed it. */
  get #isReplayed(): boolean {
    return this.steps.some((step) => step.includes('loses'));
  }

  #returned(call: Call, found: Found | undefined): void {
    const by = found === undefined ? undefined : Number(payloadOf(found));
    call.found = by;
    if (by !== undefined) this.#checkRead(call, by);
    this.#end(call, 'read');
  }

  /** A read goes behind no own change, no earlier read, and nothing that was acknowledged before it was called. */
  #checkRead(call: Call, by: number): void {
    const knowsAll = this.#knowsAll(call);
    for (const change of this.calls) {
      const isEarlier = isChange(change) && change.calledAt < call.calledAt;
      if (!isEarlier || !this.#isBefore(by, change.number)) continue;
      const isAcknowledged = change.result === 'applied' && (change.endedAt ?? 0) < call.calledAt;
      if (change.by === call.by || (knowsAll && isAcknowledged && change.op !== 'c')) {
        this.fault ??= `read ${call.number} gives call ${by}, older than call ${change.number} (${change.op})`;
      }
    }
    for (const other of this.calls) {
      const isEarlier = other.by === call.by && (other.endedAt ?? call.calledAt) < call.calledAt;
      if (isEarlier && other.found !== undefined && this.#isBefore(by, other.found)) {
        this.fault ??= `read ${call.number} gives call ${by}, after read ${other.number} gave call ${other.found}`;
      }
    }
  }

  /** Redis is read, the last clear was heard of, and no own change waits. */
  #knowsAll(call: Call): boolean {
    const { door, shards } = (this.#processes[call.by] as Process).fixture;
    const hasHeard = door.generation === this.server.generation;
    const isRead = door.reader !== undefined && shards.of(KEY).writer.queue.isEmpty;
    return hasHeard && isRead && !this.#hasOwnUnanswered(call);
  }

  /** While a change of its own has no outcome, a process answers with that. */
  #hasOwnUnanswered(call: Call): boolean {
    return this.calls.some(
      (each) =>
        each.by === call.by &&
        isChange(each) &&
        (each.endedAt === undefined || each.result === 'deferred'),
    );
  }

  /** Whether x comes before c, by real time or by the order of its process. */
  #isBefore(x: number, c: number): boolean {
    const [a, b] = [this.calls[x], this.calls[c]];
    if (a === undefined || b === undefined || a === b) return false;
    const moment = b.op === 'l' ? (b.loadedAt ?? b.calledAt) : b.calledAt;
    if (a.op === 'l') return (a.loadedAt ?? Number.POSITIVE_INFINITY) < moment;
    if (a.by === b.by) return a.calledAt < moment;
    return a.endedAt !== undefined && a.endedAt < moment;
  }

  get #inRedis(): number | undefined {
    const entry = this.server.entry(PREFIX + KEY);
    return entry === undefined ? undefined : Number(entry.slice(PAYLOAD_AT));
  }

  /** Redis holds no value that a later, acknowledged change replaced. */
  #check(): void {
    const by = this.#inRedis;
    if (by === undefined) return;
    for (const change of this.calls) {
      const isLater = isChange(change) && this.#isBefore(by, change.number);
      if (!isLater || change.result !== 'applied' || this.#isGhost(by)) continue;
      this.fault ??= `Redis holds call ${by} although call ${change.number} (${change.op}) was acknowledged`;
    }
  }

  /**
   * What is not promised for a write that was answered with `deferred`: a pattern leaves no tombstone for it, and
   * of two processes that clear everything at once the one does not hear of the other's generation.
   */
  #isGhost(by: number): boolean {
    const { result, endedAt } = this.calls[by] as Call;
    const isLost = endedAt === undefined || result === 'deferred';
    const clears = this.calls.filter(({ op }) => op === 'c').map((each) => each.by);
    return isLost && (new Set(clears).size > 1 || this.calls.some(({ op }) => op === 'p'));
  }

  #checkRest(): void {
    const open = this.calls.find(({ endedAt }) => endedAt === undefined);
    if (open !== undefined) this.fault ??= `call ${open.number} (${open.op}) is never answered`;
    for (const { fixture } of this.#processes) {
      const { shard, writer } = fixture.shards.of(KEY);
      if (shard.ledger.hasUnapplied) this.fault ??= 'the journal is not empty';
      if (!writer.queue.isEmpty) this.fault ??= 'the queue is not empty';
    }
    this.#checkMemory();
  }

  /** Memory of a process is not behind its own changes. */
  #checkMemory(): void {
    for (const { at, fixture } of this.#processes) {
      const held = fixture.store.peek(KEY);
      if (held === undefined) continue;
      const by = Number(payloadOf(held));
      const later = this.calls.find(
        (each) => each.by === at && isChange(each) && this.#isBefore(by, each.number),
      );
      if (later !== undefined)
        this.fault ??= `memory of ${at} holds call ${by} (${versionOf(held.entry)}), older than its own call ${later.number}`;
    }
  }

  #lose({ fixture }: Process): void {
    this.#left.lose--;
    fixture.door.lose();
  }

  #reconnect(process: Process): void {
    process.isReconnecting = true;
    void process.fixture.door.reconnect().then(() => {
      process.isReconnecting = false;
    });
  }

  #forget(): void {
    this.#left.forget--;
    this.server.forgetScripts();
  }

  #age(): void {
    this.#left.age--;
    this.clock.jump(1_500);
  }
}

function isChange({ op }: Pick<Call, 'op'>): boolean {
  return 'sdcp'.includes(op);
}

export type { Faults };
