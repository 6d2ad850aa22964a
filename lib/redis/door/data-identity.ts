import type { Clock } from '../../core/clock.js';
import type { FenceReply, Lineage } from '../commands/replies.js';
import type { Bump, Session } from '../commands/session.js';
import { Failure } from '../failure.js';
import { type Found, judge, newGeneration, newLineageId } from './lineage.js';
import type { ServerClock } from './server-clock.js';

/** How far a bump raises the fence: above what any process of the fleet can remember. */
const BUMP_STEP = 1_000_000;

/** What this process remembers of the data in Redis, kept current by every fence command. */
export class DataIdentity {
  readonly #serverClock: ServerClock;
  readonly #clock: Clock;
  #lineage: Lineage | undefined;
  #generation: string = newGeneration();

  constructor(serverClock: ServerClock, clock: Clock) {
    this.#serverClock = serverClock;
    this.#clock = clock;
  }

  /** The mark an entry must carry to count. Before any connection it is this process's own. */
  get generation(): string {
    return this.#generation;
  }

  /** Whether the process behind the connection may be another one than before, or have other data. */
  isRestarted(found: Found): boolean {
    return (
      this.#lineage !== undefined && (found.runId === '' || found.runId !== this.#lineage.runId)
    );
  }

  /** Whether a server that refuses writes may be read: its data must not lie behind what is remembered. */
  mayRead(found: Found): boolean {
    const { record } = found;
    if (record === undefined) return this.#lineage === undefined;
    if (judge(this.#lineage, found).kind !== 'continue') return false;
    this.#generation = record.generation;
    return true;
  }

  /** Judges what was found, and writes the record that follows from it. */
  async settle(session: Session, found: Found): Promise<{ isAmnesia: boolean } | Failure> {
    const judgement = judge(this.#lineage, found);
    switch (judgement.kind) {
      case 'continue':
        return this.#join(session, found);
      case 'create':
        return this.#create(session, found.runId, judgement);
      case 'amnesia':
        return this.#forget(session, found);
    }
  }

  /** Counts the fence on. A record that is not the remembered one, or lies behind it, ends the connection. */
  async beat(session: Session): Promise<FenceReply | Failure> {
    const lineage = this.#lineage;
    if (lineage === undefined) return session.desync('a heartbeat before the first record');
    const reply = await this.#fence(session, lineage);
    if (reply instanceof Failure) return reply;
    if (reply.id !== lineage.id || reply.count <= lineage.count) {
      return session.desync('the data under this connection was replaced');
    }
    this.#remember(reply, lineage.runId);
    return reply;
  }

  /** Makes every entry of the prefix unreachable, at the cost of one command. */
  async bump(session: Session): Promise<FenceReply | Failure> {
    const lineage = this.#lineage;
    if (lineage === undefined) return session.desync('a bump before the first record');
    const reply = await this.#fence(session, lineage, { generation: newGeneration() });
    if (!(reply instanceof Failure)) this.#remember(reply, lineage.runId);
    return reply;
  }

  async #join(session: Session, found: Found): Promise<{ isAmnesia: boolean } | Failure> {
    const base = found.record ?? this.#lineage;
    if (base === undefined) return session.desync('no record to continue');
    const reply = await this.#fence(session, { ...base, runId: found.runId });
    if (reply instanceof Failure) return reply;
    this.#remember(reply, found.runId);
    return { isAmnesia: false };
  }

  async #create(
    session: Session,
    runId: string,
    judgement: { readonly generation: string; readonly isAmnesia: boolean },
  ): Promise<{ isAmnesia: boolean } | Failure> {
    const id = newLineageId(this.#serverClock.now());
    const { generation, isAmnesia } = judgement;
    const reply = await this.#fence(session, { id, count: 0, generation, runId });
    if (reply instanceof Failure) return reply;
    this.#remember(reply, runId);
    return { isAmnesia };
  }

  async #forget(session: Session, found: Found): Promise<{ isAmnesia: boolean } | Failure> {
    const old = found.record;
    if (old === undefined) return session.desync('no record to forget');
    const count = Math.max(old.count, this.#lineage?.count ?? 0) + BUMP_STEP;
    const lineage = { ...old, count, runId: found.runId };
    const bump = { generation: newGeneration(), expected: old.generation };
    const reply = await this.#fence(session, lineage, bump);
    if (reply instanceof Failure) return reply;
    this.#remember(reply, found.runId);
    return { isAmnesia: true };
  }

  async #fence(session: Session, lineage: Lineage, bump?: Bump): Promise<FenceReply | Failure> {
    const sentAt = this.#clock.now();
    const reply = await session.fence(lineage, bump);
    if (!(reply instanceof Failure)) this.#serverClock.observe(reply.serverMs, sentAt);
    return reply;
  }

  #remember(reply: FenceReply, runId: string): void {
    const { id, count, generation } = reply;
    this.#lineage = { id, count, generation, runId };
    this.#generation = generation;
  }
}
