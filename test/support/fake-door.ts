import { Histogram } from '../../lib/core/diagnostics/histogram.js';
import { ServerClock } from '../../lib/redis/door/judgement/server-clock.js';
import { isKnownOutage, isWritable } from '../../lib/redis/door-state.js';
import { Failure } from '../../lib/redis/failure.js';
import type { Evidence, Label } from '../../lib/redis/lineage.js';
import type { Commands, Door, DoorListener, DoorState, Remote } from '../../lib/redis/remote.js';
import type { ServerTime } from '../../lib/redis/server-time.js';
import { FakeCommands } from './fake-commands.js';
import { type FakeRedis, FakeWire, LOST } from './fake-redis.js';

export const PREFIX = 'p:';

/** Every test moves it: connections are made and lost, and commands answered, when the test says so. */
export class FakeDoor implements Door {
  readonly server: FakeRedis;
  readonly clockOfServer: ServerClock;
  readonly commandTimeoutMs = 500;
  state: DoorState = { name: 'connecting' };
  generation: string = 'gen000';
  canSweep = true;
  reign = { life: 'life', id: 'reign' };
  firstAttempt: Promise<void> | undefined;
  /** The first attempt ends in `start` itself, with a connection and nothing to replay. */
  connectsAtOnce = false;
  commands: FakeCommands;
  /** Everything is run and answered by itself, a turn of the event loop later. */
  isAutomatic = true;
  proven = true;
  /** What `prove()` resolves to, and how often it was asked. */
  proves: () => Promise<boolean> = async () => true;
  proofs = 0;
  bumps = 0;
  readonly reports: Failure[] = [];
  #listener: DoorListener | undefined;
  #endFirstAttempt = (): void => {};
  /** The heartbeat that the calls of this turn share. */
  #proof: Promise<boolean> | undefined;
  #fences = 0;

  /** `errorMs`: what its estimate of the server's clock may be wrong by. */
  constructor(server: FakeRedis, errorMs = 0) {
    this.server = server;
    this.clockOfServer = new ServerClock(server.clock);
    this.clockOfServer.observe(server.nowMs - errorMs, server.clock.now() - 2 * errorMs);
    this.commands = this.#connect();
  }

  get time(): ServerTime {
    return this.clockOfServer;
  }

  get reader(): Commands | undefined {
    const { name } = this.state;
    return name === 'closed' || name === 'read-only' ? this.commands : undefined;
  }

  get writer(): Commands | undefined {
    const { name } = this.state;
    return name === 'closed' || name === 'settling' ? this.commands : undefined;
  }

  isProven(): boolean {
    return this.reader !== undefined && this.proven;
  }

  look(): undefined {
    return undefined;
  }

  prove(): Promise<boolean> {
    this.proofs++;
    if (this.reader === undefined && this.writer === undefined) return Promise.resolve(false);
    if (this.#proof === undefined) {
      const end = (): void => {
        this.#proof = undefined;
      };
      this.#proof = this.#beat().finally(end);
      process.nextTick(end);
    }
    return this.#proof;
  }

  bump(): Promise<string | Failure> {
    const isOpen = isWritable(this.state) || this.state.name === 'recovering';
    return isOpen ? this.#bump() : Promise.resolve(LOST);
  }

  async #bump(): Promise<string | Failure> {
    this.bumps++;
    const reply = await this.commands.wire.send('BUMP', () => this.server.bump());
    if (reply instanceof Failure) return reply;
    this.generation = reply as string;
    this.listener.bumped(this);
    return this.generation;
  }

  report(failure: Failure): void {
    this.reports.push(failure);
    this.#listener?.failed(failure, 'command');
    if (failure.isRefusal && /scan/i.test(String(failure.error))) this.canSweep = false;
    if (failure.kind !== 'writes' || !isWritable(this.state)) return;
    const { reason } = failure;
    const name = this.state.name === 'closed' ? 'read-only' : 'open';
    this.go({ name, reason, nextAttemptAt: this.server.clock.now() });
  }

  get listener(): DoorListener {
    if (this.#listener === undefined) throw new Error('the door was not started');
    return this.#listener;
  }

  start(listener: DoorListener): void {
    this.#listener = listener;
    this.firstAttempt = new Promise((resolve) => {
      this.#endFirstAttempt = resolve;
    });
    if (this.connectsAtOnce) this.open();
  }

  close(): void {
    if (this.state.name === 'shut') return;
    this.commands.wire.lose();
    if (this.#listener === undefined) this.state = { name: 'shut' };
    else this.go({ name: 'shut' });
  }

  /** The door goes into a state, as the real one tells it. */
  go(state: DoorState): void {
    const previous = this.state;
    const couldWrite = this.writer !== undefined;
    this.state = state;
    if (state.name !== 'recovering') {
      this.firstAttempt = undefined;
      this.#endFirstAttempt();
    }
    this.listener.stateChanged(this, state, previous);
    if (this.writer !== undefined && !couldWrite) this.listener.opened(this, this.commands);
  }

  /** Connected, and nothing to replay. */
  open(): void {
    this.go({ name: 'closed' });
  }

  /** The connection is lost. */
  lose(): void {
    this.commands.wire.lose();
    this.#fail();
  }

  /** An attempt that ends without a connection. */
  attemptFails(): void {
    this.#attempt();
    this.#fail();
    this.listener.attempted(false);
  }

  /**
   * A new connection: judgement, if there is something to judge, replay, and then reads, or (`isYoung`) the
   * settling time. Whether it came so far.
   */
  async reconnect(evidence?: Evidence, isYoung = false): Promise<boolean> {
    const isOk = await this.#reconnect(evidence, isYoung);
    if (this.state.name !== 'shut') this.listener.attempted(isOk);
    return isOk;
  }

  async #reconnect(evidence: Evidence | undefined, isYoung: boolean): Promise<boolean> {
    this.#attempt();
    this.commands = this.#connect();
    const { commands } = this;
    if (evidence !== undefined) {
      if (evidence.life !== this.reign.life)
        this.reign = { life: evidence.life, id: evidence.chain.at(-1)?.id ?? '' };
      if (this.listener.judge(this, evidence) === 'amnesia') await this.#bump();
    }
    this.go({ name: 'recovering', reason: 'connection_lost' });
    const isReplayed = await this.listener.replay(this, commands);
    if (commands !== this.commands || !commands.wire.isAlive) return false;
    if (!isReplayed) this.lose();
    else if (isYoung) this.go({ name: 'settling', reason: 'connection_lost', until: 0 });
    else this.go({ name: 'closed' });
    return isReplayed;
  }

  #attempt(): void {
    if (this.state.name === 'open') this.go({ name: 'half-open', reason: this.state.reason });
  }

  #fail(): void {
    this.listener.failed(LOST, isKnownOutage(this.state) ? 'probe' : 'connect');
    this.go({ name: 'open', reason: 'connection_lost', nextAttemptAt: this.server.clock.now() });
  }

  /** A heartbeat that was sent and answered. */
  fence(label: Partial<Label> = {}): void {
    const { life, id } = this.reign;
    const confirm = this.listener.beginFence();
    confirm({ life, reign: id, count: 1, ...label });
  }

  /** Like `fence`, for those who wait for the answer. */
  async #beat(): Promise<boolean> {
    const { life, id } = this.reign;
    if (this.#listener === undefined) return this.proves();
    if (this.#listener.hasUnfenced) this.#fences++;
    const confirm = this.#listener.beginFence();
    const isProven = await this.proves();
    if (isProven) confirm({ life, reign: id, count: this.#fences });
    return isProven;
  }

  /** Hears of another process' generation. */
  hear(): void {
    this.generation = this.server.generation;
  }

  #connect(): FakeCommands {
    const isAutomatic = (): boolean => this.isAutomatic;
    const wire = new FakeWire(this.server, isAutomatic);
    return new FakeCommands({
      server: this.server,
      wire,
      isAutomatic,
      prefix: PREFIX,
      commandTimeoutMs: this.commandTimeoutMs,
      generation: () => this.generation,
    });
  }
}

/** Doors side by side; the first letter of a key says which serves it. No door: no Redis. */
export class FakeRemote implements Remote {
  readonly commandTimes: Histogram = new Histogram([]);
  doors: readonly FakeDoor[];
  /** Which door serves a key, when not by its first letter. */
  route: ((key: string) => FakeDoor) | undefined;
  readonly #none: FakeDoor;
  isClosed = false;

  constructor(server: FakeRedis, doors: readonly FakeDoor[]) {
    this.doors = doors;
    this.#none = new FakeDoor(server);
    this.#none.state = { name: 'shut' };
  }

  doorFor(key: string): FakeDoor {
    if (this.route !== undefined) return this.route(key);
    const at = key.charCodeAt(0) % Math.max(1, this.doors.length);
    return this.doors[at || 0] ?? this.#none;
  }

  start(listener: DoorListener): void {
    for (const door of this.doors) door.start(listener.listenerFor?.(door) ?? listener);
  }

  close(): void {
    this.isClosed = true;
    for (const door of this.doors) door.close();
  }
}
