import type { TagMoment } from '../../tiers/store.js';

/** A flight, as its group sees it. */
export interface GroupMember {
  fail(error: unknown): void;
  /** It ends without a value. Callers that joined it begin a new load. */
  callOff(): void;
}

/**
 * - `awaited`: ends when the last caller has left.
 * - `kept`: goes on even if no caller waits.
 * - `warming`: goes on likewise, and its failure is no caller's: those that joined it load themselves.
 */
export type GroupKind = 'awaited' | 'kept' | 'warming';

/** A run of the group's loader. */
export interface GroupRun {
  /** Aborts the loader. */
  end(reason: unknown): void;
}

export interface GroupOptions {
  readonly loader: unknown;
  readonly since: TagMoment;
  readonly tags: readonly string[];
  /** @default 'awaited' */
  readonly kind?: GroupKind;
}

/**
 * The flights that one call of `getOrSet` or `getOrSetMany` began.
 *
 * Invariant: the group is abandoned, and its loader aborted, only when the last caller that waits for any of
 * its flights has left, and no caller got a stale value that this load is to replace.
 */
export class FlightGroup {
  /** The loader. A joiner with the same loader need not run it again. */
  readonly loader: unknown;
  /** When the load began, in the order of events that concern tags. */
  readonly since: TagMoment;
  /** The tags of all of its values that are known before they are loaded. */
  readonly tags: readonly string[];
  /** No caller began it, so its failures are no caller's. */
  readonly isWarming: boolean;
  readonly #onOver: (group: FlightGroup) => void;
  readonly #runs = new Set<GroupRun>();
  readonly #members: GroupMember[] = [];
  #underWay = 0;
  #waiting = 0;
  #isKept: boolean;
  #hasEnded = false;
  #onEnd: (() => void) | undefined;
  #ended: Promise<void> | undefined;

  constructor(
    { loader, since, tags, kind = 'awaited' }: GroupOptions,
    onOver: (group: FlightGroup) => void,
  ) {
    this.loader = loader;
    this.since = since;
    this.tags = tags;
    this.isWarming = kind === 'warming';
    this.#isKept = kind !== 'awaited';
    this.#onOver = onOver;
  }

  /** It was ended from outside: abandoned, or the cache was closed. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when it is ended from outside. */
  get ended(): Promise<void> {
    this.#ended ??= new Promise((resolve) => {
      this.#onEnd = resolve;
      if (this.#hasEnded) resolve();
    });
    return this.#ended;
  }

  add(member: GroupMember): void {
    this.#members.push(member);
    this.#underWay++;
  }

  begin(run: GroupRun): void {
    this.#runs.add(run);
  }

  keepLoading(): void {
    this.#isKept = true;
  }

  join(): void {
    this.#waiting++;
  }

  /** A caller has its answer, or does not wait any more. */
  leave(): void {
    this.#waiting--;
    if (this.#waiting > 0 || this.#isKept || this.#underWay === 0) return;
    this.end(new Error('no caller waits for this load any more'));
  }

  /** Ends every flight that is still running, and aborts the loader. */
  end(reason: unknown): void {
    this.#hasEnded = true;
    this.#onEnd?.();
    for (const run of this.#runs) run.end(reason);
    for (const member of this.#members) member.fail(reason);
  }

  /** The call that began the flights does not go on. */
  callOff(): void {
    this.#hasEnded = true;
    for (const member of this.#members) member.callOff();
  }

  /** For flights: one of them has ended. */
  memberEnded(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#onOver(this);
  }
}
