import type { Records } from '../../commands/records.js';
import { Failure } from '../../failure.js';
import { type Evidence, lastReign } from '../../lineage.js';
import type { Capabilities, DoorSession } from '../door-session.js';
import { ApplicationName } from './application.js';
import { DataIdentity, type Sight } from './data-identity.js';
import { Generations, type JudgeOptions } from './generations.js';
import { type Pair, sendPair } from './heartbeat-pair.js';
import { type Found, probe } from './probe.js';
import { forbidden, isDemotion, isRefused, textOf } from './refusal.js';
import { isKnownLife, lifeNow, lifeOf } from './server-info.js';
import { settlingMs } from './settling.js';

/** What we know about the server behind a connection. */
interface Server {
  readonly runId: string | undefined;
  /** INFO names its life, so we notice another life. */
  readonly isNamed: boolean;
  readonly capabilities: Capabilities;
  life: string;
  /** The life of the reign that the records named last. */
  namedLife: string | undefined;
}

/** The reign is known, and the writes acknowledged to this process were compared with it. */
export interface Judged {
  /** Everything that this process read and wrote is there, so it may go on without settling. */
  readonly isIntact: boolean;
  /** When OPEN was sent (local, monotonic). */
  readonly sentAt: number;
  /** Until when no process reads this reign (local, monotonic); `undefined`: it may be read. */
  readonly until: number | undefined;
}

/**
 * What a heartbeat showed. Only `same` proves the data. `replica`: the server was demoted and still has its
 * data. `replaced`: it was demoted and has other data.
 */
export type Sighting = 'same' | 'missing' | 'older' | 'replica' | 'replaced' | 'other-life';

/**
 * Finds out which data a server has, and changes its generation (rules R1 to R4, R6). It decides nothing about
 * the state of the door.
 */
export class DataJudge {
  readonly identity: DataIdentity = new DataIdentity();
  readonly #options: JudgeOptions;
  readonly #servers = new WeakMap<DoorSession, Server>();
  readonly #generations: Generations;
  readonly #application: ApplicationName;
  #canSweep = true;
  #isTorn = false;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#generations = new Generations(this.identity, options);
    this.#application = new ApplicationName(options.application);
  }

  get sharesWithOldRelease(): boolean {
    return this.#generations.sharesWithOldRelease;
  }

  get canSweep(): boolean {
    return this.#canSweep;
  }

  /** SCAN, UNLINK or DEL was refused when it was used: the probe asks for SCAN only where the record is missing. */
  cannotSweep(): void {
    this.#canSweep = false;
  }

  /** R1. Returns a Failure if the server cannot be used. A server that refuses writes can. */
  async probe(session: DoorSession, payloadBytes: number): Promise<Found | Failure> {
    const { prefix, isCluster, clock, serverClock } = this.#options;
    const found = await probe(session, { prefix, isCluster, clock, serverClock, payloadBytes });
    if (found instanceof Failure) return found;
    const { info, capabilities, records } = found;
    const { runId, replicationId } = info;
    const known = this.#servers.get(session);
    // A life that INFO does not name lasts as long as its connection.
    const isNamed = runId !== undefined && replicationId !== undefined;
    const life = isNamed || known === undefined ? lifeOf(runId, replicationId) : known.life;
    const namedLife = lastReign(records.chain)?.life;
    this.#servers.set(session, { runId, isNamed, capabilities, life, namedLife });
    this.#canSweep = capabilities.unlink && (capabilities.scan ?? this.#canSweep);
    session.adapt(capabilities);
    return found;
  }

  /**
   * Opens a reign (R2), judges (R3), and flushes if necessary. `isContinued`: over the connection that was in
   * use.
   */
  async open(session: DoorSession, isContinued: boolean): Promise<Judged | Failure> {
    const server = this.#server(session);
    if (server === undefined) return session.desync('no probe before a judgement');
    const { clock } = this.#options;
    const before = this.identity.reign.life;
    const joins = isContinued && joinNamed(server);
    const sentAt = clock.now();
    const followOld = this.#generations.look(session);
    const records = await session.open(this.identity.opening(server.life));
    if (records instanceof Failure) return deniedOr(records);
    this.#generations.observe(records, sentAt);
    void this.#application.note(session);
    const evidence = this.identity.opened(server.life, records, joins);
    const wait = this.#settlingMs(records);
    const until = wait === 0 ? undefined : clock.now() + wait;
    const isFlushed = this.#tierJudges(evidence) === 'amnesia' || evidence.isOlderGeneration;
    const flushed = isFlushed ? await this.bump(session) : undefined;
    if (flushed instanceof Failure) return flushed;
    const followed = await followOld();
    if (followed instanceof Failure) return followed;
    return { isIntact: !isFlushed && (joins || evidence.life === before), sentAt, until };
  }

  /**
   * Whether a server that refuses writes may be read. Its data and the writes acknowledged to this process
   * decide.
   */
  mayRead(session: DoorSession, { records, writesRefused }: Found): boolean {
    const server = this.#server(session);
    if (server === undefined) return false;
    const isReplica = writesRefused !== undefined && isDemotion(writesRefused);
    if (isReplica && !server.isNamed && records.chain.length > 0) return false;
    const { identity } = this;
    const { serverClock } = this.#options;
    if (!identity.mayRead(server.life, records, serverClock.now() - serverClock.errorMs))
      return false;
    const evidence = identity.opened(server.life, records, false);
    return this.#tierJudges(evidence) === 'intact';
  }

  /** Whether we can tell a replica's data from other data. If INFO names no life, we cannot. */
  canJudgeReplica(session: DoorSession): boolean {
    return this.#server(session)?.isNamed === true;
  }

  /** One heartbeat. `isReadOnly`: nothing can be fenced, and a replica of the same life may be read. */
  async beat(session: DoorSession, isReadOnly: boolean): Promise<Sighting | Failure> {
    const server = this.#server(session);
    if (server === undefined) return 'missing';
    const { listener } = this.#options.situation;
    const isFence = !isReadOnly && listener.hasUnfenced;
    const confirm = isReadOnly ? () => {} : listener.beginFence();
    const followOld = this.#generations.lookAgain(session);
    const pair = await sendPair(session, {
      clock: this.#options.clock,
      serverClock: this.#options.serverClock,
      capabilities: server.capabilities,
      positionKey: session.ownKey('pos'),
      fence: isFence ? this.identity.reign.id : undefined,
    });
    if (pair instanceof Failure) return pair;
    const sighting = this.#judgePair(server, pair, isReadOnly);
    if (sighting !== 'same') return sighting;
    const { life, id } = this.identity.reign;
    confirm({ life, reign: id, count: this.identity.count });
    if (isReadOnly) return 'same';
    return (await this.#repair(session, id)) ?? (await followOld()) ?? 'same';
  }

  /** Repairs a copy of the generation that is missing or older. */
  async #repair(session: DoorSession, reign: string): Promise<Failure | undefined> {
    if (!this.#isTorn) return undefined;
    const records = await session.fence(reign);
    return records instanceof Failure ? records : undefined;
  }

  /** Makes a new generation (R4). */
  bump(session: DoorSession): Promise<string | Failure> {
    return this.#generations.bump(session);
  }

  /** Lets the tiers compare the writes acknowledged to this process with the data (R3). */
  #tierJudges(evidence: Evidence): 'intact' | 'amnesia' {
    const { listener, door } = this.#options.situation;
    return listener.judge(door, evidence);
  }

  #judgePair(server: Server, pair: Pair, isReadOnly: boolean): Sighting {
    const life = lifeNow(server, pair);
    server.namedLife = lastReign(pair.records.chain)?.life;
    if (life !== server.life) {
      if (pair.role === 'replica') return 'replaced';
      server.life = life;
      return 'other-life';
    }
    if (pair.role === 'replica' && !isReadOnly) return 'replica';
    const sight: Sight = this.identity.see(pair.records);
    this.#isTorn = sight === 'torn';
    return sight === 'torn' ? 'same' : sight;
  }

  #settlingMs(records: Records): number {
    const reign = lastReign(records.chain);
    return settlingMs({
      openedAt: reign?.openedAt ?? 0,
      serverMs: (records.micros ?? this.#options.serverClock.now() * 1_000) / 1_000,
      wasNormal: this.identity.wasNormalIn(reign?.life ?? ''),
    });
  }

  #server(session: DoorSession): Server | undefined {
    return this.#servers.get(session);
  }
}

/** A life without a name is the old one or a new one. It joins the reign that others opened. */
function joinNamed(server: Server): boolean {
  if (isKnownLife(server.life) || server.namedLife === undefined) return false;
  server.life = server.namedLife;
  return true;
}

/** Without scripts the cache cannot use Redis at all. */
function deniedOr(failure: Failure): Failure {
  return isRefused(failure) ? forbidden('EVALSHA', textOf(failure)) : failure;
}
