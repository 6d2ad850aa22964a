import { inBackground } from '../../core/background.js';
import { escapeGlob } from '../../core/glob.js';
import type { Timer } from '../../core/time/clock.js';
import { fingerprint } from '../../entry/fingerprint.js';
import { Failure } from '../../redis/failure.js';
import type { Commands, ScanPage } from '../../redis/remote.js';
import type { Shard } from '../shard.js';
import { changeGeneration } from './change-generation.js';
import type { Writer } from './writer.js';

/** How often we try a step of a scan that times out. */
const TRIES = 3;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** The background sweep of unreachable entries: the pause between its steps, and their largest number. */
const STEP_MS = 20;
const MAX_STEPS = 5_000;

/** A sweep of unreachable entries. */
interface DeadSweep {
  readonly run: number;
  readonly limit: number;
}

/**
 * Removes cleared entries from Redis: one scan for all patterns that wait, and, slowly and in the background,
 * one for the entries of old generations.
 */
export class Sweeper {
  readonly #shard: Shard;
  readonly #writer: Writer;
  #running: Promise<boolean> | undefined;
  #sweptSeq = 0;
  #timer: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #deadTimer: Timer | undefined;
  #deadRun = 0;

  constructor(shard: Shard, writer: Writer) {
    this.#shard = shard;
    this.#writer = writer;
  }

  /** Sweeps Redis for every pattern that waits now. Returns whether it did. If not, it tries again by itself. */
  async sweep(): Promise<boolean> {
    const target = this.#shard.ledger.patternSeq;
    while (this.#sweptSeq < target && this.#shard.ledger.awaitsSweep) {
      this.#running ??= this.#pass().finally(() => {
        this.#running = undefined;
      });
      if (await this.#running) continue;
      this.#again();
      return false;
    }
    return true;
  }

  /** Present while it scans for cleared patterns. Resolves when that scan has ended. */
  get running(): Promise<unknown> | undefined {
    return this.#running;
  }

  /** Everything was cleared as of `limit` (microseconds). Removes the entries in the background. */
  sweepDead(limit: number): void {
    this.#deadTimer?.cancel();
    this.#scheduleDead({ run: ++this.#deadRun, limit }, '0', 0);
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
    this.#timer = this.#setTimer(() => {
      this.#timer = undefined;
      void this.sweep();
    }, this.#pauseMs);
  }

  /** Scans all keys under the prefix once. */
  async #pass(): Promise<boolean> {
    const { queue } = this.#writer;
    // The scan would miss a change in flight that runs after it (because Redis forgot the script, say).
    for (let wait = queue.untilHiddenAnswered(); wait; wait = queue.untilHiddenAnswered())
      await wait;
    const { ledger, door, writer } = this.#shard;
    const seq = ledger.patternSeq;
    if (writer === undefined) return false;
    if (!door.canSweep) return this.#withoutScan();
    let cursor = '0';
    do {
      const page = await this.#scan(writer, cursor);
      if (page instanceof Failure) return !door.canSweep && this.#withoutScan();
      if (!(await this.#remove(writer, page.keys))) return false;
      cursor = page.next;
    } while (cursor !== '0');
    ledger.swept(seq, door.reign);
    this.#ended(seq);
    return true;
  }

  #ended(seq: number): void {
    this.#sweptSeq = Math.max(this.#sweptSeq, seq);
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  async #scan(commands: Commands, cursor: string): Promise<ScanPage | Failure> {
    let page = await commands.scan(cursor, this.#glob);
    for (let tries = 1; tries < TRIES && isLate(page); tries++) {
      page = await commands.scan(cursor, this.#glob);
    }
    if (page instanceof Failure) this.#shard.door.report(page);
    return page;
  }

  /** If SCAN is refused, clears the whole prefix: more than the call wanted, but never less. */
  async #withoutScan(): Promise<boolean> {
    const { patternSeq } = this.#shard.ledger;
    if (!(await changeGeneration(this.#shard, this.#writer))) return false;
    this.#ended(patternSeq);
    return true;
  }

  async #remove(commands: Commands, fullKeys: readonly string[]): Promise<boolean> {
    const { ledger, tools, door } = this.#shard;
    const { length } = tools.config.prefix;
    const items = [];
    for (const fullKey of fullKeys) {
      const key = fullKey.slice(length);
      const limit = ledger.clearedUpTo(key);
      if (limit > 0) items.push({ key: fullKey, fingerprint: fingerprint(key), limit });
    }
    if (items.length === 0) return true;
    const removed = await commands.sweep(items);
    if (removed instanceof Failure) door.report(removed);
    return !(removed instanceof Failure);
  }

  #scheduleDead(sweep: DeadSweep, cursor: string, step: number): void {
    if (step >= MAX_STEPS) return;
    this.#deadTimer = this.#setTimer(() => {
      void this.#deadStep(sweep, cursor).then((next) => {
        if (next !== '0' && sweep.run === this.#deadRun) this.#scheduleDead(sweep, next, step + 1);
      });
    }, STEP_MS);
  }

  /** Returns where the next step begins; '0': the sweep is over. */
  async #deadStep({ run, limit }: DeadSweep, cursor: string): Promise<string> {
    const { door, tools, writer } = this.#shard;
    const page = await writer?.scan(cursor, this.#glob);
    if (writer === undefined || page === undefined || page instanceof Failure) return '0';
    if (run !== this.#deadRun || page.keys.length === 0) return page.next;
    const { length } = tools.config.prefix;
    const items = page.keys.map((key) => ({
      key,
      fingerprint: fingerprint(key.slice(length)),
      limit,
    }));
    const removed = await writer.sweepDead(items, door.generation);
    return removed instanceof Failure ? '0' : page.next;
  }

  get #glob(): string {
    return `${escapeGlob(this.#shard.tools.config.prefix)}*`;
  }

  #setTimer(task: () => void, ms: number): Timer {
    return inBackground(() => this.#shard.tools.clock.setTimer(task, ms));
  }
}

function isLate(page: ScanPage | Failure): boolean {
  return page instanceof Failure && page.reason === 'timeout';
}
