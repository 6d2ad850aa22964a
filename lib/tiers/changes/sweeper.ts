import type { Timer } from '../../core/clock.js';
import { escapeGlob } from '../../core/glob.js';
import { fingerprint } from '../../entry/fingerprint.js';
import { RESERVED } from '../../entry/slot.js';
import { Failure } from '../../redis/failure.js';
import type { Commands, ScanPage } from '../../redis/remote.js';
import type { Shard } from '../shard.js';

/** Keys in one removing command. */
const TOGETHER = 100;
/** A step of a scan that timed out is asked for again so often. */
const TRIES = 3;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** The background sweep of unreachable entries: one step each so long, so many at most. */
const STEP_MS = 20;
const MAX_STEPS = 5_000;

/**
 * Removes from Redis what was cleared: one scan for all patterns that wait, and, slowly and in the
 * background, the entries of generations that are gone.
 */
export class Sweeper {
  readonly #shard: Shard;
  #running: Promise<boolean> | undefined;
  #sweptSeq = 0;
  #timer: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #deadTimer: Timer | undefined;
  #deadRun = 0;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  /** Sweeps Redis for every pattern that waits now. Whether it did; if not, it is tried again by itself. */
  async sweep(): Promise<boolean> {
    const target = this.#shard.ledger.patternSeq;
    while (this.#sweptSeq < target && this.#shard.ledger.awaitsSweep) {
      this.#running ??= this.#pass().finally(() => {
        this.#running = undefined;
      });
      if (!(await this.#running)) {
        this.#again();
        return false;
      }
    }
    return true;
  }

  /** A generation is gone: its entries are removed in the background. */
  sweepDead(): void {
    this.#deadTimer?.cancel();
    this.#scheduleDead({ run: ++this.#deadRun, cursor: '0', steps: 0 });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#deadTimer?.cancel();
    this.#deadRun++;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  #again(): void {
    if (this.#timer !== undefined || this.#shard.writer === undefined) return;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#timer = this.#shard.tools.clock.setTimer(() => {
      this.#timer = undefined;
      void this.sweep();
    }, this.#pauseMs);
  }

  /** One scan of everything. */
  async #pass(): Promise<boolean> {
    const { ledger, door, writer } = this.#shard;
    const seq = ledger.patternSeq;
    if (writer === undefined) return false;
    let cursor = '0';
    do {
      const page = await this.#scan(writer, cursor);
      if (page instanceof Failure) return this.#withoutScan(page);
      if (!(await this.#remove(writer, page.keys))) return false;
      cursor = page.next;
    } while (cursor !== '0');
    ledger.swept(seq, door.reign);
    this.#sweptSeq = Math.max(this.#sweptSeq, seq);
    this.#pauseMs = FIRST_PAUSE_MS;
    return true;
  }

  async #scan(commands: Commands, cursor: string): Promise<ScanPage | Failure> {
    const glob = `${escapeGlob(this.#shard.tools.config.prefix)}*`;
    let page = await commands.scan(cursor, glob);
    for (let tries = 1; tries < TRIES && isLate(page); tries++)
      page = await commands.scan(cursor, glob);
    if (page instanceof Failure) this.#shard.door.report(page);
    return page;
  }

  /** Where SCAN is refused the whole prefix goes: more than was asked for, and nothing less. */
  async #withoutScan(failure: Failure): Promise<boolean> {
    if (!failure.isRefusal) return false;
    const { door, ledger } = this.#shard;
    const mark = ledger.flushMark;
    const generation = await door.bump();
    if (generation instanceof Failure) return false;
    ledger.bumped(mark);
    this.#sweptSeq = Math.max(this.#sweptSeq, mark.patternSeq);
    return true;
  }

  async #remove(commands: Commands, fullKeys: readonly string[]): Promise<boolean> {
    const { ledger, tools, door } = this.#shard;
    const { length } = tools.config.prefix;
    const items = [];
    for (const fullKey of fullKeys) {
      const key = fullKey.slice(length);
      const limit = ledger.clearedUpTo(key);
      if (limit > 0 && !key.includes(RESERVED))
        items.push({ key: fullKey, fingerprint: fingerprint(key), limit });
    }
    for (let from = 0; from < items.length; from += TOGETHER) {
      const removed = await commands.sweep(items.slice(from, from + TOGETHER));
      if (!(removed instanceof Failure)) continue;
      door.report(removed);
      return false;
    }
    return true;
  }

  #scheduleDead(state: {
    readonly run: number;
    readonly cursor: string;
    readonly steps: number;
  }): void {
    this.#deadTimer = this.#shard.tools.clock.setTimer(() => void this.#deadStep(state), STEP_MS);
  }

  async #deadStep({
    run,
    cursor,
    steps,
  }: {
    run: number;
    cursor: string;
    steps: number;
  }): Promise<void> {
    const { door, tools, writer } = this.#shard;
    if (writer === undefined || steps >= MAX_STEPS) return;
    const page = await writer.scan(cursor, `${escapeGlob(tools.config.prefix)}*`);
    if (page instanceof Failure || run !== this.#deadRun) return;
    const { length } = tools.config.prefix;
    const items = page.keys
      .filter((key) => !key.slice(length).includes(RESERVED))
      .map((key) => ({ key, fingerprint: fingerprint(key.slice(length)) }));
    for (let from = 0; from < items.length; from += TOGETHER) {
      const removed = await writer.sweepDead(items.slice(from, from + TOGETHER), door.generation);
      if (removed instanceof Failure || run !== this.#deadRun) return;
    }
    if (page.next !== '0') this.#scheduleDead({ run, cursor: page.next, steps: steps + 1 });
  }
}

function isLate(page: ScanPage | Failure): boolean {
  return page instanceof Failure && page.kind === 'command' && page.reason === 'timeout';
}
