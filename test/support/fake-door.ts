import { ServerClock } from '../../lib/redis/door/judgement/server-clock.js';
import { Failure } from '../../lib/redis/failure.js';
import type {
  Commands,
  Door,
  DoorListener,
  DoorState,
  Evidence,
  Label,
  Remote,
  ServerTime,
} from '../../lib/redis/remote.js';
import { FakeCommands } from './fake-commands.js';
import { type FakeRedis, FakeWire } from './fake-redis.js';

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

  prove(): Promise<boolean> {
    this.proofs++;
    return this.proves();
  }

  async bump(): Promise<string | Failure> {
    this.bumps++;
    const reply = await this.commands.wire.send('BUMP', () => this.server.bump());
    if (reply instanceof Failure) return reply;
    this.generation = reply as string;
    this.listener.bumped(this);
    return this.generation;
  }

  report(failure: Failure): void {
    this.reports.push(failure);
    if (failure.isRefusal && /scan/i.test(String(failure.error))) this.canSweep = false;
  }

  get listener(): DoorListener {
    if (this.#listener === undefined) throw new Error('the door was not started');
    return this.#listener;
  }

  start(listener: DoorListener): void {
    this.#listener = listener;
  }

  /** The door goes into a state, as the real one tells it. */
  go(state: DoorState): void {
    const previous = this.state;
    const couldWrite = this.writer !== undefined;
    this.state = state;
    this.listener.stateChanged(this, state, previous);
    if (this.writer !== undefined && !couldWrite) this.listener.opened(this, this.commands);
  }

  /** Connected, and nothing to replay. */
  open(): void {
    this.go({ name: 'closed' });
  }

  lose(): void {
    const { commands } = this;
    commands.wire.lose();
    this.go({ name: 'open', reason: 'connection_lost', nextAttemptAt: 0 });
  }

  /** A new connection: judgement, if there is something to judge, replay, and then reads. Whether it came so far. */
  async reconnect(evidence?: Evidence): Promise<boolean> {
    this.commands = this.#connect();
    const { commands } = this;
    if (evidence !== undefined) {
      if (evidence.life !== this.reign.life)
        this.reign = { life: evidence.life, id: evidence.chain.at(-1)?.id ?? '' };
      if (this.listener.judge(this, evidence) === 'amnesia') await this.bump();
    }
    this.go({ name: 'recovering', reason: 'connection_lost' });
    const isReplayed = await this.listener.replay(this, commands);
    if (commands !== this.commands || !commands.wire.isAlive) return false;
    if (isReplayed) this.go({ name: 'closed' });
    else this.lose();
    return isReplayed;
  }

  /** A heartbeat that was sent and answered. */
  fence(label: Partial<Label> = {}): void {
    const { life, id } = this.reign;
    const confirm = this.listener.beginFence();
    confirm({ life, reign: id, count: 1, ...label });
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
    for (const door of this.doors) {
      door.commands.wire.lose();
      door.go({ name: 'shut' });
    }
  }
}
