import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import Mocha, { type MochaOptions, type Runner, type Test } from 'mocha';

/** How long whole runs took here, in milliseconds, the latest last. `scripts/usual-time.mjs` reads it. */
export const DURATIONS = join('.cache', 'test-durations.json');

const KEPT_RUNS = 5;

const { EVENT_RUN_BEGIN, EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } =
  Mocha.Runner.constants;

/** The tests of one folder. */
interface Room {
  readonly name: string;
  readonly startedAt: number;
  passed: number;
  failed: number;
  pending: number;
}

/**
 * A line for each folder of `test/` with its tests and its time, each failure when it happens, and Mocha's own
 * summary at the end.
 */
export default class ProgressReporter extends Mocha.reporters.Base {
  readonly #startedAt = performance.now();
  readonly #isWhole: boolean;
  #room: Room | undefined;

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    this.#isWhole = process.env.npm_lifecycle_event === 'test' && options.grep === undefined;
    runner.on(EVENT_RUN_BEGIN, () => console.log(`\n  ${runner.total} tests\n`));
    runner.on(EVENT_TEST_PASS, (test) => this.#count(test, 'passed'));
    runner.on(EVENT_TEST_PENDING, (test) => this.#count(test, 'pending'));
    runner.on(EVENT_TEST_FAIL, (test) => {
      this.#count(test, 'failed');
      console.log(`  ✘ ${test.fullTitle()}`);
    });
    runner.on(EVENT_RUN_END, () => this.#end());
  }

  #count(test: Test, outcome: 'passed' | 'failed' | 'pending'): void {
    const name = roomOf(test.file);
    if (this.#room?.name !== name) {
      this.#closeRoom();
      this.#room = { name, startedAt: performance.now(), passed: 0, failed: 0, pending: 0 };
    }
    if (this.#room !== undefined) this.#room[outcome]++;
  }

  #closeRoom(): void {
    if (this.#room === undefined) return;
    const { name, startedAt, passed, failed, pending } = this.#room;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const bad = failed > 0 ? `, ${failed} failed` : '';
    const skipped = pending > 0 ? `, ${pending} skipped` : '';
    const mark = failed > 0 ? '✘' : '✔';
    console.log(
      `  ${mark} ${name.padEnd(14)}${`${passed}`.padStart(5)} passed${bad}${skipped}  ${seconds} s`,
    );
  }

  #end(): void {
    this.#closeRoom();
    this.epilogue();
    // Only runs of `npm test` that passed say how long one takes.
    if (this.#isWhole && this.stats.failures === 0) {
      noteDuration(Math.round(performance.now() - this.#startedAt));
    }
  }
}

/** `.build/test/faults/hung.test.js` belongs to `faults`. */
function roomOf(file: string | undefined): string {
  if (file === undefined) return 'hooks';
  const [first, ...rest] = relative(join(__dirname, '..'), file).split(sep);
  return rest.length === 0 ? 'the house' : (first ?? '');
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
