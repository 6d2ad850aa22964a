import { expect } from 'chai';
import fc from 'fast-check';
import { RedisDoor } from '../../../lib/redis/door/door.js';
import { lifeOf } from '../../../lib/redis/door/judgement/server-info.js';
import { Failure } from '../../../lib/redis/failure.js';
import { type Evidence, type Label, survived } from '../../../lib/redis/lineage.js';
import type { Door } from '../../../lib/redis/remote.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeListener } from './fake-listener.js';
import { type Data, FakeServer, FakeSource } from './fake-server.js';

/** Another process hears of a new generation by then. */
const HEARD_AFTER_MS = 600;
const SLICE_MS = 25;

interface Acknowledged {
  readonly version: number;
  label: Label;
}

/** A change that every reader is bound by. */
interface Promise_ {
  readonly by: Process;
  readonly version: number;
  readonly from: number;
}

class World {
  readonly clock = new ManualClock();
  readonly server = new FakeServer(this.clock);
  readonly processes: Process[] = [];
  promises: Promise_[] = [];
  database = 0;
  snapshots: Data[] = [];
  reads = 0;

  /** Time goes by while everybody reads. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SLICE_MS) {
      await this.clock.advance(Math.min(left, SLICE_MS));
      for (const process of this.processes) process.read();
    }
  }

  get life(): string {
    return lifeOf(this.server.runId, this.server.replicationId);
  }

  /** Who was cut off when the data changed, or has not come back since, binds others only after its return. */
  excuseAway(): void {
    this.promises = this.promises.filter(({ by }) => !by.isAway);
  }

  lagging(steps: number): Data {
    return this.snapshots.at(-steps) ?? this.server.snapshot();
  }
}

/** A process in small: its door, one key, and a ledger as the protocol's page describes it. */
class Process extends FakeListener {
  readonly #world: World;
  readonly source: FakeSource;
  readonly door: RedisDoor;
  #own = 0;
  #deferred = 0;
  #overflow = 0;
  #delete: Acknowledged | undefined;
  #bump: Acknowledged | undefined;
  #bumping = 0;

  constructor(world: World) {
    super();
    const { clock, server } = world;
    this.#world = world;
    this.source = new FakeSource(server);
    this.door = new RedisDoor({ source: this.source, prefix: 'p:', commandTimeoutMs: 100, clock });
    this.door.start(this);
  }

  get isAway(): boolean {
    return this.source.isCut || this.door.writer === undefined;
  }

  override get hasUnfenced(): boolean {
    return this.#delete?.label.count === 0 || this.#bump?.label.count === 0;
  }

  override get hasWork(): boolean {
    return this.#deferred + this.#overflow > 0 || this.#delete !== undefined;
  }

  delete(): void {
    this.#own = ++this.#world.database;
    if (this.door.writer === undefined || !this.#remove()) this.#deferred = this.#own;
  }

  async clear(): Promise<void> {
    this.#own = ++this.#world.database;
    if (this.door.writer === undefined) this.#overflow = this.#own;
    else await this.#flush(this.#own);
  }

  load(): void {
    const { server, database } = this.#world;
    if (!this.#canRead() || server.isHung) return;
    server.data.slot = { version: database, generation: this.door.generation };
  }

  read(): void {
    const { slot } = this.#world.server.data;
    if (!this.#canRead() || this.#world.server.isHung) return;
    if (slot === undefined || slot.generation !== this.door.generation) return;
    const { version } = slot;
    // The guard.
    if (this.#delete !== undefined && version < this.#delete.version) return;
    this.#world.reads++;
    const who = `P${this.#world.processes.indexOf(this)} reads version ${version}`;
    if (version < this.#own) throw new Error(`OWN: ${who} after its own change ${this.#own}`);
    // Data replaced under the connection: others' changes bind from the next heartbeat on.
    if (this.door.reign.life !== this.#world.life) return;
    for (const promise of this.#world.promises) {
      if (promise.from > this.#world.clock.now() || version >= promise.version) continue;
      throw new Error(`F1: ${who}, and ${promise.version} was deleted`);
    }
  }

  override beginFence(): (label: Label) => void {
    const begun = [this.#delete, this.#bump];
    return (label) => {
      for (const batch of begun) if (batch?.label.count === 0) batch.label = label;
    };
  }

  override bumped(): void {
    this.#bump = { version: this.#bumping, label: this.#unfenced() };
  }

  override judge(_door: Door, { life, chain }: Evidence): 'intact' | 'amnesia' {
    for (const batch of [this.#delete, this.#bump]) {
      if (batch === undefined || batch.label.life !== life) continue;
      if (batch.label.reign !== this.door.reign.id) batch.label = this.#unfenced();
    }
    if (this.#delete !== undefined && !survived(this.#delete.label, life, chain)) {
      this.#deferred = Math.max(this.#deferred, this.#delete.version);
      this.#delete = undefined;
    }
    if (this.#bump !== undefined && !survived(this.#bump.label, life, chain)) {
      this.#overflow = Math.max(this.#overflow, this.#bump.version);
      this.#bump = undefined;
    }
    return 'intact';
  }

  override async replay(): Promise<boolean> {
    if (this.#overflow > 0 && !(await this.#flush(this.#overflow))) return false;
    if (this.#deferred === 0) return true;
    return this.#remove(this.#deferred);
  }

  #canRead(): boolean {
    const isBlocked = this.#deferred > 0 || this.#overflow > 0;
    return this.door.reader !== undefined && this.door.isProven() && !isBlocked;
  }

  #remove(version = this.#own): boolean {
    const { server } = this.#world;
    if (server.isHung || server.isDown || this.source.isCut) return false;
    server.data.slot = undefined;
    this.#deferred = 0;
    this.#delete = { version, label: this.#unfenced() };
    this.#promise(version, 0);
    return true;
  }

  async #flush(version: number): Promise<boolean> {
    this.#bumping = version;
    const made = await this.door.bump();
    if (made instanceof Failure) this.#overflow = version;
    else {
      this.#overflow = 0;
      this.#deferred = 0;
      this.#promise(version, HEARD_AFTER_MS);
    }
    return !(made instanceof Failure);
  }

  #promise(version: number, afterMs: number): void {
    this.#world.promises.push({ by: this, version, from: this.#world.clock.now() + afterMs });
  }

  #unfenced(): Label {
    const { life, id } = this.door.reign;
    return { life, reign: id, count: 0 };
  }
}

type Step = (world: World) => unknown;

const who = fc.nat(2);
const of = (act: (process: Process) => unknown) =>
  who.map((i): [string, Step] => [`P${i} ${act}`, ({ processes }) => act(processes[i] as Process)]);

function restarts(data: (world: World) => Data | undefined): Step {
  return (world) => {
    world.excuseAway();
    world.server.restart(data(world));
  };
}

/** Redis is down for so long that the processes try it at different times. */
function outage(ms: number, steps: number): Step {
  return async (world) => {
    const { server } = world;
    const data = world.lagging(steps);
    world.excuseAway();
    server.isDown = true;
    server.cut();
    await world.clock.advance(ms);
    server.isDown = false;
    server.restart(data);
    await world.pass(1_000);
  };
}

/** The data is another server's now; `cuts`: the connections are, too. */
function replaced(steps: number, cuts: boolean): Step {
  return (world) => {
    const { server, clock } = world;
    world.excuseAway();
    server.data = { ...world.lagging(steps) };
    server.replicationId = `repl-${clock.now()}-${world.database}`;
    if (cuts) server.cut();
  };
}

async function hang({ server, clock }: World, ms: number): Promise<void> {
  server.isHung = true;
  await clock.advance(Math.min(ms, 300));
  if (ms > 300) server.cut();
  await clock.advance(Math.max(0, ms - 300));
  server.isHung = false;
}

const lag = fc.integer({ min: 1, max: 4 });
const isCut = fc.boolean();
const steps = fc.oneof(
  { weight: 8, arbitrary: of((process) => process.delete()) },
  { weight: 8, arbitrary: of((process) => process.load()) },
  { weight: 2, arbitrary: of((process) => process.clear()) },
  {
    weight: 3,
    arbitrary: of((process) => {
      process.source.isCut = true;
    }),
  },
  {
    weight: 3,
    arbitrary: of((process) => {
      process.source.isCut = false;
    }),
  },
  {
    weight: 14,
    arbitrary: fc
      .constantFrom(1, 20, 100, 300, 600, 1_200, 2_600)
      .map((ms): [string, Step] => [`${ms} ms`, (world) => world.pass(ms)]),
  },
  {
    weight: 2,
    arbitrary: lag.map((n): [string, Step] => [
      `restart, ${n} behind`,
      restarts((w) => w.lagging(n)),
    ]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(300, 2_000, 6_000), lag)
      .map(([ms, n]): [string, Step] => [`down ${ms} ms, ${n} behind`, outage(ms, n)]),
  },
  {
    weight: 1,
    arbitrary: fc.constant<[string, Step]>(['restart, empty', restarts(() => undefined)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(lag, isCut)
      .map(([n, cuts]): [string, Step] => [`replaced, ${n} behind, ${cuts}`, replaced(n, cuts)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(150, 700)
      .map((ms): [string, Step] => [`hang ${ms} ms`, (world) => hang(world, ms)]),
  },
  {
    weight: 1,
    arbitrary: fc.constant<[string, Step]>(['pos evicted', (w) => w.server.evictPosition()]),
  },
  {
    weight: 1,
    arbitrary: fc.constant<[string, Step]>(['gen evicted', (w) => w.server.evictGeneration()]),
  },
);

/** Tells the sessions of a process that is cut off. */
function cutOff(world: World): void {
  for (const { source } of world.processes) if (source.isCut) source.cut();
}

async function play(history: readonly (readonly [string, Step])[]): Promise<World> {
  const world = new World();
  for (let i = 0; i < 3; i++) world.processes.push(new Process(world));
  await world.clock.advance(2_600);
  for (const [, step] of history) {
    await step(world);
    cutOff(world);
    await world.clock.advance(0);
    for (const process of world.processes) process.read();
    world.snapshots.push(world.server.snapshot());
  }
  for (const { source } of world.processes) source.isCut = false;
  await world.clock.advance(10_000);
  for (const process of world.processes) {
    process.read();
    expect(process.door.state.name, 'L1').to.equal('closed');
    expect(process.door.generation, 'one generation').to.equal(
      world.server.data.gen?.split(':')[1],
    );
  }
  for (const process of world.processes) process.door.close();
  return world;
}

describe('histories of three processes and a Redis that comes back with other data', () => {
  it('never give a process less than its own changes, nor others’ after the settling time', async () => {
    let reads = 0;
    const history = fc.array(steps, { minLength: 5, maxLength: 40, size: 'max' });
    const property = fc.asyncProperty(history, async (given) => {
      reads += (await play(given)).reads;
    });
    await fc.assert(property, { numRuns: Number(process.env.HISTORIES ?? 30) });
    expect(reads).to.be.above(20);
  }).timeout(600_000);
});
