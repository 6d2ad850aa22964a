import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import Mocha, { type MochaOptions, type Runner, type Test } from 'mocha';
import { inSources } from './source-positions.js';

/** How long whole runs took here, in milliseconds, the latest last. `scripts/usual-time.mjs` reads it. */
export const DURATIONS = join('.cache', 'test-durations.json');

const KEPT_RUNS = 5;

const { EVENT_RUN_BEGIN, EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } =
  Mocha.Runner.constants;

/** The tests of one folder. */
interface Room {
  readonly name: string;
  /** Files whose tests have not all ended. */
  left: number;
  /** The time of its tests, in milliseconds. */
  tookMs: number;
  passed: number;
  failed: number;
  pending: number;
}

type Outcome = 'passed' | 'failed' | 'pending';

/**
 * A line for each folder of `test/` with its tests and the time they took, each failure when it happens, and
 * Mocha's own summary at the end. If files run side by side, Mocha passes on the events of a file when it ends.
 */
export default class ProgressReporter extends Mocha.reporters.Base {
  readonly #startedAt = performance.now();
  readonly #isWhole: boolean;
  readonly #rooms = new Map<string, Room>();
  /** The file of the latest test. */
  #file: string | undefined;

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    this.#isWhole = process.env.npm_lifecycle_event === 'test' && options.grep === undefined;
    runner.on(EVENT_RUN_BEGIN, () => console.log(''));
    runner.on(EVENT_TEST_PASS, (test) => this.#count(test, 'passed'));
    runner.on(EVENT_TEST_PENDING, (test) => this.#count(test, 'pending'));
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      if (typeof error?.stack === 'string') error.stack = inSources(error.stack);
      this.#count(test, 'failed');
      console.log(`  ✘ ${test.fullTitle()}`);
    });
    runner.on(EVENT_RUN_END, () => this.#end());
  }

  #count(test: Test, outcome: Outcome): void {
    if (test.file !== this.#file) this.#fileEnded();
    this.#file = test.file;
    const room = this.#roomOf(test.file);
    room[outcome]++;
    room.tookMs += test.duration ?? 0;
  }

  #fileEnded(): void {
    if (this.#file === undefined) return;
    const room = this.#roomOf(this.#file);
    if (--room.left === 0) this.#print(room);
  }

  #roomOf(file: string | undefined): Room {
    const name = roomOf(file);
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const room: Room = { name, left: filesIn(name), tookMs: 0, passed: 0, failed: 0, pending: 0 };
    this.#rooms.set(name, room);
    return room;
  }

  #print({ name, tookMs, passed, failed, pending }: Room): void {
    const bad = failed > 0 ? `, ${failed} failed` : '';
    const skipped = pending > 0 ? `, ${pending} skipped` : '';
    const mark = failed > 0 ? '✘' : '✔';
    console.log(
      `  ${mark} ${name.padEnd(14)}${`${passed}`.padStart(5)} passed${bad}${skipped}  ${(tookMs / 1_000).toFixed(1)} s`,
    );
  }

  #end(): void {
    this.#fileEnded();
    for (const room of this.#rooms.values()) if (room.left > 0) this.#print(room);
    this.epilogue();
    // Only runs of `npm test` that passed say how long one takes.
    if (this.#isWhole && this.stats.failures === 0) {
      noteDuration(Math.round(performance.now() - this.#startedAt));
    }
  }
}

const TESTS = join(__dirname, '..');

/** How many test files a folder has. */
function filesIn(room: string): number {
  const folder = room === THE_HOUSE ? TESTS : join(TESTS, room);
  const names = readdirSync(folder, { recursive: room !== THE_HOUSE, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.test.js')).length;
}

/** The tests that stand in no folder. */
const THE_HOUSE = 'the house';

/** `.build/test/faults/hung.test.js` belongs to `faults`. */
function roomOf(file: string | undefined): string {
  if (file === undefined) return THE_HOUSE;
  const [first, ...rest] = relative(TESTS, file).split(sep);
  return rest.length === 0 ? THE_HOUSE : (first ?? '');
}

function noteDuration(ms: number): void {
  const known = knownDurations();
  mkdirSync('.cache', { recursive: true });
  writeFileSync(DURATIONS, JSON.stringify([...known, ms].slice(-KEPT_RUNS)));
}

function knownDurations(): readonly number[] {
  try {
    return JSON.parse(readFileSync(DURATIONS, 'utf8'));
  } catch {
    return [];
  }
}
