import { inBackground } from '../../core/background.js';
import type { Clock } from '../../core/time/clock.js';
import { isReadable, isWritable } from '../door-state.js';
import { CLOSED, type Failure } from '../failure.js';
import type { Commands, Door, DoorListener, DoorState, Place } from '../remote.js';
import type { ServerTime } from '../server-time.js';
import type { SessionHost, SessionSource } from './door-session.js';
import type { Application } from './judgement/application.js';
import { DataJudge } from './judgement/data-judge.js';
import { ServerClock } from './judgement/server-clock.js';
import { Situation } from './situation.js';
import { Supervisor } from './supervisor.js';

export interface DoorOptions {
  readonly source: SessionSource;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
  /** The servers are nodes of a cluster. */
  readonly cluster?: ClusterNode | undefined;
  /** Absent: the record names no application. */
  readonly application?: Application | undefined;
}

/** The cluster of a door, as the door sees it. */
export interface ClusterNode {
  /** A node answered that a key is not its own, or the door cannot use its server. */
  onDoubt(): void;
  /** Where the server is now, and which slots it has. */
  readonly place: Place;
}

/**
 * The door to one Redis server. This is what the tiers see; `Supervisor` does the work behind it. All of its
 * work runs in the package's own async context, not in the caller's.
 */
export class RedisDoor implements Door {
  readonly #options: DoorOptions;
  readonly #serverClock: ServerClock;
  readonly #situation: Situation;
  readonly #judge: DataJudge;
  readonly #supervisor: Supervisor;
  #firstAttempt: Promise<void> | undefined;

  constructor(options: DoorOptions) {
    const { clock, prefix, source, commandTimeoutMs } = options;
    this.#options = options;
    this.#serverClock = new ServerClock(clock);
    this.#situation = new Situation({ clock, commandTimeoutMs, door: this });
    this.#judge = new DataJudge({
      prefix,
      clock,
      situation: this.#situation,
      serverClock: this.#serverClock,
      isCluster: options.cluster !== undefined,
      application: options.application,
    });
    this.#supervisor = new Supervisor({
      clock,
      source,
      situation: this.#situation,
      judge: this.#judge,
      onDoubt: options.cluster && (() => options.cluster?.onDoubt()),
    });
  }

  get place(): Place | undefined {
    return this.#options.cluster?.place;
  }

  get state(): DoorState {
    return this.#situation.state;
  }

  get reader(): Commands | undefined {
    return isReadable(this.state) ? this.#situation.session : undefined;
  }

  get writer(): Commands | undefined {
    return isWritable(this.state) ? this.#situation.session : undefined;
  }

  get time(): ServerTime {
    return this.#serverClock;
  }

  get generation(): string {
    return this.#judge.identity.generation;
  }

  get reign(): { readonly life: string; readonly id: string } {
    return this.#judge.identity.reign;
  }

  get canSweep(): boolean {
    return this.#judge.canSweep;
  }

  get firstAttempt(): Promise<void> | undefined {
    return this.#firstAttempt;
  }

  start(listener: DoorListener): void {
    this.#situation.begin(listener);
    inBackground(() => {
      this.#options.source.start(this.#host(listener));
      this.#firstAttempt = this.#supervisor.attempt().finally(() => {
        this.#firstAttempt = undefined;
      });
    });
  }

  #host(listener: DoorListener): SessionHost {
    const generation = (): string => this.generation;
    return {
      time: this.#serverClock,
      get generation() {
        return generation();
      },
      canSpare: (key) => listener.canSpare(key),
      lost: (session, failure) => inBackground(() => this.#supervisor.lost(session, failure)),
      ready: () => inBackground(() => this.state.name === 'open' && this.#supervisor.attempt()),
    };
  }

  close(): void {
    if (this.state.name === 'shut') return;
    inBackground(() => {
      this.#supervisor.stop();
      this.#situation.apply({ name: 'close' });
      this.#situation.leave(CLOSED);
      this.#options.source.close();
    });
  }

  isProven(): boolean {
    return isReadable(this.state) && this.#supervisor.proofs.isProven();
  }

  prove(): Promise<boolean> {
    return inBackground(() => this.#supervisor.proofs.prove());
  }

  look(): Promise<boolean> | undefined {
    if (!isReadable(this.state)) return undefined;
    return inBackground(() => this.#supervisor.proofs.look());
  }

  bump(): Promise<string | Failure> {
    return inBackground(() => this.#supervisor.bump());
  }

  report(failure: Failure, bytes = 0): void {
    inBackground(() => this.#supervisor.commandFailed(failure, bytes));
  }
}
