import type { Clock, Timer } from '../../core/time/clock.js';
import { classify, Failure } from '../failure.js';
import type { DoorState } from '../remote.js';
import { SHORTEST_PAUSE_MS } from './backoff.js';
import type { DoorSession, SessionSource } from './door-session.js';
import { GenerationNews } from './generation-news.js';
import { Heartbeat } from './heartbeat.js';
import type { DataJudge, Judged } from './judgement/data-judge.js';
import { isRefused } from './judgement/refusal.js';
import type { Situation } from './situation.js';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly situation: Situation;
  readonly source: Pick<SessionSource, 'isNamed' | 'confirm'>;
  readonly judge: DataJudge;
  /** A heartbeat failed on the session in use. */
  readonly onFailure: (failure: Failure) => void;
}

/**
 * The way from a judged session to reads: replay (R4), the settling time (R5), and heartbeats that prove the data
 * ever after (R6).
 */
export class Admission {
  readonly #clock: Clock;
  readonly #situation: Situation;
  readonly #source: AdmissionOptions['source'];
  readonly #judge: DataJudge;
  readonly #heartbeat: Heartbeat;
  readonly #news: GenerationNews;
  #timer: Timer | undefined;
  #refused: Failure | undefined;

  constructor(options: AdmissionOptions) {
    this.#clock = options.clock;
    this.#situation = options.situation;
    this.#source = options.source;
    this.#judge = options.judge;
    this.#heartbeat = new Heartbeat({
      clock: options.clock,
      beat: (session) => this.#beat(session).catch(classify),
      onFailure: options.onFailure,
      isNeeded: (session) => this.#needsHeartbeats(session),
    });
    this.#news = new GenerationNews({
      clock: options.clock,
      isKnown: (record) => options.judge.identity.isGeneration(record),
      onChange: () => this.#heartbeat.prove(),
    });
  }

  /** Whether a recent heartbeat proved the data, and the server is still the one to use. */
  isProven(): boolean {
    const { session } = this.#situation;
    return this.#heartbeat.isProven() && session !== undefined && this.#source.isNamed(session);
  }

  async prove(): Promise<boolean> {
    const { session } = this.#situation;
    if (session === undefined) return false;
    const proofs = [this.#heartbeat.prove(), this.#source.confirm(session)];
    return (await Promise.all(proofs)).every((isProven) => isProven);
  }

  /** Sends a heartbeat, if Redis has not answered one lately. */
  look(): Promise<boolean> | undefined {
    return this.#heartbeat.look();
  }

  /** Starts the heartbeats. */
  watch(session: DoorSession): void {
    this.#heartbeat.start(session);
    this.#news.start(session);
  }

  /** No reply counts until a heartbeat has shown that the data is still the same. */
  distrust(): void {
    this.#heartbeat.distrust();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#heartbeat.stop();
    this.#news.stop();
  }

  /** A write was refused. If it belongs to a replay, this is why the replay failed. */
  refused(failure: Failure): void {
    this.#refused = failure;
  }

  /** Replays, and reads or settles. Resolves to the failure, if it is not reported yet. */
  async recover(session: DoorSession, judged: Judged): Promise<Failure | undefined> {
    const situation = this.#situation;
    this.stop();
    this.#refused = undefined;
    situation.apply({ name: 'judged', reason: 'data_replaced' });
    const isReplayed = await situation.listener.replay(situation.door, session);
    if (situation.session !== session || situation.state.name !== 'recovering') return undefined;
    if (!isReplayed) return this.#replayFailed();
    this.watch(session);
    if (judged.until === undefined) {
      this.#heartbeat.proven(judged.sentAt);
      this.#admit();
    } else {
      situation.apply({ name: 'settle', until: judged.until });
      this.#endSettlingAt(judged.until, session);
    }
    return undefined;
  }

  #admit(): void {
    this.#judge.identity.becameNormal();
    this.#situation.apply({ name: 'admit' });
  }

  #endSettlingAt(at: number, session: DoorSession): void {
    const { state } = this.#situation;
    const isSettling = (): boolean =>
      this.#situation.state === state && this.#situation.session === session;
    const task = (): void => {
      this.#endSettling(session, isSettling).catch((error) => session.lose(classify(error)));
    };
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(task, at - this.#clock.now());
  }

  /**
   * The first read comes after a heartbeat that was sent after the settling time, and after another replay of
   * what failed in that time.
   */
  async #endSettling(session: DoorSession, isSettling: () => boolean): Promise<void> {
    const { listener, door } = this.#situation;
    const isProven = isSettling() && (await this.prove());
    if (!isSettling()) return;
    if (!isProven) return this.#endSettlingAt(this.#clock.now() + SHORTEST_PAUSE_MS, session);
    const isReplayed = !listener.hasWork || (await listener.replay(door, session));
    if (!isSettling()) return;
    if (isReplayed) this.#admit();
    else session.lose(this.#replayFailed());
  }

  #replayFailed(): Failure {
    return this.#refused ?? REPLAY_FAILED;
  }

  /** Whether a change may have to be replayed (R5), or Redis does not tell of a new generation by itself. */
  #needsHeartbeats({ news }: DoorSession): boolean {
    const { state, listener } = this.#situation;
    const isTold = news?.isOn === true && !this.#judge.sharesWithOldRelease;
    return state.name !== 'closed' || !isTold || listener.hasWork;
  }

  /** Sends one heartbeat. Returns whether it proves that the data is that of the same reign. */
  async #beat(session: DoorSession): Promise<boolean | Failure> {
    const before = this.#situation.state.name;
    const sighting = await this.#judge.beat(session, before === 'read-only');
    if (sighting instanceof Failure) return sighting;
    if (!this.#isStill(session, before)) return false;
    if (sighting === 'same') return true;
    if (sighting === 'replica') return DEMOTED;
    if (sighting === 'replaced') session.lose(DEMOTED);
    else if (before === 'read-only') session.lose(REPLACED);
    else return this.#judgeAgain(session, sighting === 'missing' && before === 'closed');
    return false;
  }

  /**
   * OPEN and judgement on the session in use (R6). `goesOn`: the record was only evicted (R10), and this
   * process reads this life of the server already. If the judgement agrees, nothing changes for it.
   */
  async #judgeAgain(session: DoorSession, goesOn: boolean): Promise<boolean | Failure> {
    const situation = this.#situation;
    if (!goesOn) situation.apply({ name: 'judged', reason: 'data_replaced' });
    const before = situation.state.name;
    const judged = await this.#judge.open(session, true);
    if (!this.#isStill(session, before)) return false;
    if (judged instanceof Failure) {
      if (!goesOn || isRefused(judged)) session.lose(judged);
      return judged;
    }
    if (goesOn && judged.isIntact && judged.until === undefined) return true;
    const failure = await this.recover(session, judged);
    if (failure !== undefined) session.lose(failure);
    return false;
  }

  #isStill(session: DoorSession, name: DoorState['name']): boolean {
    return this.#situation.session === session && this.#situation.state.name === name;
  }
}

const REPLAY_FAILED: Failure = new Failure(
  'unavailable',
  'connection_lost',
  new Error('the journal could not be replayed'),
);

const REPLACED: Failure = new Failure(
  'unavailable',
  'data_replaced',
  new Error('the data of this server was replaced'),
);

const DEMOTED: Failure = new Failure(
  'writes',
  'read_only',
  new Error('READONLY this server is a replica now'),
);
