import type { Opening, Records } from '../../../lib/redis/commands/records.js';
import type {
  Capabilities,
  DoorSession,
  SessionHost,
  SessionSource,
} from '../../../lib/redis/door/door-session.js';
import { Failure } from '../../../lib/redis/failure.js';
import type { ReignEntry } from '../../../lib/redis/lineage.js';
import type { Commands } from '../../../lib/redis/remote.js';
import type { ManualClock } from '../../support/manual-clock.js';

const TIMEOUT_MS = 100;

function parseChain(text: string): readonly ReignEntry[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const [id = '', life = '', base, openedAt] = part.split(':');
    return { id, life, base: Number(base), openedAt: Number(openedAt) };
  });
}

export function refusal(message: string): Failure {
  const isAcl = message.startsWith('NOPERM');
  const reason = isAcl ? 'permission' : 'protocol_error';
  return new Failure('command', reason, new Error(message));
}

export const READONLY: Failure = new Failure(
  'writes',
  'read_only',
  new Error("READONLY You can't write against a read only replica."),
);
export const OOM: Failure = new Failure(
  'writes',
  'out_of_memory',
  new Error('OOM command not allowed'),
);
const TIMED_OUT = new Failure('unavailable', 'timeout', new Error('no answer'));
const GONE = new Failure('unavailable', 'connection_lost', new Error('gone'));
const REFUSED = new Failure('unavailable', 'connection_refused', new Error('refused'));

export interface Data {
  n: number;
  chain: string;
  pos: boolean;
  gen: string | undefined;
  posGen: string | undefined;
  /** The one key of the histories: the version of what it was loaded from, and its generation. */
  slot?: { readonly version: number; readonly generation: string } | undefined;
}

/** A Redis as the door sees it: two records, a life, a role, a clock, and faults on demand. */
export class FakeServer {
  runId = 'run1';
  replicationId = 'repl1';
  role: 'master' | 'slave' = 'master';
  mode = 'standalone';
  data: Data = { n: 0, chain: '', pos: false, gen: undefined, posGen: undefined };
  hasOldRecord = false;
  isDown = false;
  isHung = false;
  writes: Failure | undefined;
  redirects: Failure | undefined;
  /** A value of more bytes is refused as if memory were full. */
  maxBytes = Number.POSITIVE_INFINITY;
  /** What GET answers in place of what is there. */
  misread: unknown;
  offsetMs = 7_000_000;
  latencyMs = 0;
  /** Called for each command and each connection. */
  onCommand = (): void => {};
  readonly refuses = new Map<string, Failure>();
  readonly log: string[] = [];
  readonly sessions = new Set<FakeSession>();
  readonly clock: ManualClock;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  get nowMs(): number {
    return this.clock.now() + this.offsetMs;
  }

  get last(): string | undefined {
    return parseChain(this.data.chain).at(-1)?.id;
  }

  /** How often a command was asked for since the last call. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.log.splice(0)) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }

  snapshot(): Data {
    return { ...this.data };
  }

  cut(): void {
    for (const session of [...this.sessions]) session.lose(GONE);
  }

  /** Another process, with the data given. */
  restart(data?: Data): void {
    this.runId = `run-${this.clock.now()}-${this.log.length}`;
    this.replicationId = `${this.runId}-repl`;
    this.data =
      data !== undefined
        ? { ...data }
        : { n: 0, chain: '', pos: false, gen: undefined, posGen: undefined };
    this.cut();
  }

  /** What the probe's script is told of the commands that it tries. */
  refusedInScripts(): readonly string[] {
    const tried = ['GETRANGE', 'SETRANGE', 'HINCRBY', 'MGET', 'UNLINK', 'DEL'];
    return tried.flatMap((name) => {
      const writes = name === 'SETRANGE' ? this.writes : undefined;
      const error = (this.refuses.get(name) ?? writes)?.error;
      return error instanceof Error ? [`${name} ${error.message}`] : [];
    });
  }

  evictPosition(): void {
    Object.assign(this.data, { pos: false, n: 0, chain: '', posGen: undefined });
  }

  evictGeneration(): void {
    this.data.gen = undefined;
  }

  records(isTimed = true): Records {
    const { data } = this;
    const generation = this.#newest() ?? '';
    return {
      chain: parseChain(data.chain),
      count: data.n,
      generation,
      isWhole: data.gen === data.posGen && data.gen !== undefined,
      micros: isTimed ? Math.round(this.nowMs * 1_000) : undefined,
    };
  }

  open({ life, reign, random, serial }: Opening): Records {
    const { data } = this;
    const isNew = this.#repair() === undefined;
    if (isNew) data.gen = `${this.#nextSerial(serial)}:${random}`;
    const chain = parseChain(data.chain);
    const openedAt = isNew ? 0 : this.nowMs;
    if (!data.pos || chain.length === 0) {
      data.n = 0;
      data.chain = `${reign}:${life}:0:${openedAt}`;
    } else if (chain.at(-1)?.life !== life) {
      data.chain += `,${reign}:${life}:${data.n}:${openedAt}`;
    }
    data.pos = true;
    data.posGen = data.gen;
    return this.records();
  }

  fence(reign: string): Records {
    this.#repair();
    if (this.last === reign) this.data.n++;
    return this.records();
  }

  bump(random: string, serial: number): Records {
    this.data.gen = `${this.#nextSerial(serial)}:${random}`;
    if (this.data.pos) this.data.posGen = this.data.gen;
    return this.records();
  }

  #serial(generation: string | undefined): number {
    return generation === undefined ? -1 : Number(generation.split(':')[0]);
  }

  #nextSerial(remembered: number): number {
    const { gen, posGen } = this.data;
    const known = [this.#serial(gen), this.#serial(posGen), remembered, Math.floor(this.nowMs)];
    return Math.max(...known) + 1;
  }

  #newest(): string | undefined {
    const { gen, posGen } = this.data;
    return this.#serial(gen) >= this.#serial(posGen) ? gen : posGen;
  }

  #repair(): string | undefined {
    const newest = this.#newest();
    if (newest === undefined) return undefined;
    this.data.gen = newest;
    if (this.data.pos) this.data.posGen = newest;
    return newest;
  }
}

/** The door itself sends no commands of the tiers. */
const NoCommands = class {} as unknown as new () => Commands;

export class FakeSession extends NoCommands implements DoorSession {
  readonly #server: FakeServer;
  readonly #events: Pick<SessionHost, 'lost' | 'ready'>;
  readonly #held = new Map<string, string>();
  ended: Failure | undefined;
  capabilities: Capabilities | undefined;
  /** How `desync` was called. */
  desyncs: string[] = [];

  constructor(server: FakeServer, events: Pick<SessionHost, 'lost' | 'ready'>) {
    super();
    this.#server = server;
    this.#events = events;
    server.sessions.add(this);
  }

  ownKey(name: string): string {
    return `app:__ech:{ech}:${name}`;
  }

  open = (opening: Opening): Promise<Records | Failure> =>
    this.#run('OPEN', true, () => this.#server.open(opening));
  fence = (reign: string): Promise<Records | Failure> =>
    this.#run('FENCE', true, () => this.#server.fence(reign));
  bump = (random: string, serial: number): Promise<Records | Failure> =>
    this.#run('BUMP', true, () => this.#server.bump(random, serial));
  readRecords = (): Promise<Records | Failure> =>
    this.#run('RECORDS', false, () => this.#server.records(false));
  time = (): Promise<number | Failure> =>
    this.#run('TIME', false, () => Math.round(this.#server.nowMs * 1_000));

  info = (section: string): Promise<string | Failure> =>
    this.#run('INFO', false, () => {
      const { runId, role, replicationId, mode, nowMs } = this.#server;
      return section === 'server'
        ? `# Server\r\nredis_mode:${mode}\r\nrun_id:${runId}\r\nserver_time_usec:${Math.round(nowMs * 1_000)}\r\n`
        : `# Replication\r\nrole:${role}\r\nmaster_replid:${replicationId}\r\n`;
    });

  send = (args: readonly string[]): Promise<unknown> => {
    const [name = '', key = '', value = ''] = args;
    const isWrite = !['GET', 'EXISTS', 'SCAN', 'EVAL'].includes(name);
    return this.#run(name, isWrite, () => {
      if (name === 'SET' && value.length > this.#server.maxBytes) return OOM;
      if (name === 'SET') this.#held.set(key, value);
      if (name === 'GET' && this.#server.misread !== undefined) return this.#server.misread;
      if (name === 'GET') return this.#held.get(key) ?? null;
      if (name === 'EVAL') return this.#server.refusedInScripts();
      if (name === 'EXISTS' && key.endsWith('fence')) return this.#server.hasOldRecord ? 1 : 0;
      if (name === 'SCAN') return ['0', []];
      return 0;
    });
  };

  adapt(capabilities: Capabilities): void {
    this.capabilities = capabilities;
  }

  override desync(what: string): Failure {
    this.desyncs.push(what);
    const failure = new Failure('unavailable', 'protocol_error', new Error(what));
    this.lose(failure);
    return failure;
  }

  lose(failure: Failure): void {
    if (this.ended !== undefined) return;
    this.dispose(failure);
    this.#events.lost(this, failure);
  }

  dispose(failure: Failure = GONE): void {
    this.ended ??= failure;
    this.#server.sessions.delete(this);
  }

  #run<T>(name: string, isWrite: boolean, act: () => T): Promise<T | Failure> {
    const server = this.#server;
    if (this.ended !== undefined) return Promise.resolve(this.ended);
    server.log.push(name);
    server.onCommand();
    return new Promise((resolve) => {
      if (server.isHung) {
        server.clock.setTimer(() => resolve(this.ended ?? TIMED_OUT), TIMEOUT_MS);
        return;
      }
      const reply =
        server.refuses.get(name) ??
        server.redirects ??
        (isWrite ? this.#refused() : undefined) ??
        act();
      if (server.latencyMs === 0) resolve(this.ended ?? reply);
      else server.clock.setTimer(() => resolve(this.ended ?? reply), server.latencyMs);
    });
  }

  #refused(): Failure | undefined {
    return this.#server.role === 'slave' ? READONLY : this.#server.writes;
  }
}

export class FakeSource implements SessionSource {
  readonly isFresh: boolean;
  readonly #server: FakeServer;
  #events: Pick<SessionHost, 'lost' | 'ready'> = { lost() {}, ready() {} };
  readonly #sessions: FakeSession[] = [];
  opened = 0;
  isClosed = false;
  /** The network between this process and Redis is gone. */
  isCut = false;
  /** Whether the server is still the one to use, and whether asking again finds it so. */
  isStillNamed = true;
  confirms = true;
  /** Why no connection is made. */
  fails: Failure | undefined;

  constructor(server: FakeServer, isFresh = true) {
    this.#server = server;
    this.isFresh = isFresh;
  }

  start(events: Pick<SessionHost, 'lost' | 'ready'>): void {
    this.#events = events;
  }

  isNamed(): boolean {
    return this.isStillNamed;
  }

  async confirm(): Promise<boolean> {
    return this.isStillNamed || this.confirms;
  }

  get events(): Pick<SessionHost, 'lost' | 'ready'> {
    return this.#events;
  }

  /** Its connections are lost. */
  cut(): void {
    for (const session of this.#sessions.splice(0)) session.lose(GONE);
  }

  async open(): Promise<DoorSession | Failure> {
    this.opened++;
    this.#server.onCommand();
    if (this.fails !== undefined) return this.fails;
    if (this.#server.isDown || this.isCut) return REFUSED;
    const session = new FakeSession(this.#server, this.#events);
    this.#sessions.push(session);
    return session;
  }

  close(): void {
    this.isClosed = true;
  }
}
