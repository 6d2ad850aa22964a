import { Failure } from '../failure.js';
import type { ScanPage, SweepItem } from '../remote.js';
import { BatchSender } from './batches/batch-sender.js';
import type { Echoes } from './batches/echoes.js';
import { PlainKind, type PlainScript } from './batches/plain-kind.js';
import type { ScriptRunner } from './batches/script-runner.js';
import { afterEcho, parseNumber, parseScan } from './replies.js';
import { SWEEP, SWEEP_DEAD } from './scripts.js';

/** How many keys one step of SCAN visits, and about how many bytes their names have. */
const SCAN_COUNT = 1_000;
const SCAN_BYTES = 64 * 1_024;

/** Keys in one call of a script, which removes them while other clients wait. */
const SWEEP_KEYS = 100;

/** Removes entries in the background: one command at a time, and few keys in each. */
export class Sweeps {
  readonly #runner: ScriptRunner;
  readonly #echoes: Echoes;
  readonly #reserved: string;

  /** `reserved`: what the package's own keys under the prefix begin with. */
  constructor(runner: ScriptRunner, echoes: Echoes, reserved: string) {
    this.#runner = runner;
    this.#echoes = echoes;
    this.#reserved = reserved;
  }

  scan(cursor: string, glob: string): Promise<ScanPage | Failure> {
    const { pipeline, guard } = this.#runner;
    const args = ['SCAN', cursor, 'MATCH', glob, 'COUNT', `${SCAN_COUNT}`];
    return new Promise((resolve) => {
      // Visiting a key costs Redis a tenth of changing it.
      pipeline.send({ args, lane: 'bulk', keys: SCAN_COUNT / 10, bytes: SCAN_BYTES }, (reply) => {
        const page = reply instanceof Failure ? reply : parseScan(reply);
        resolve(this.#withoutOwn(page ?? guard.desync('an odd reply to SCAN')));
      });
    });
  }

  sweep(items: readonly SweepItem[]): Promise<number | Failure> {
    return this.#run({ script: SWEEP, shared: [] }, items);
  }

  sweepDead(items: readonly SweepItem[], generation: string): Promise<number | Failure> {
    return this.#run({ script: SWEEP_DEAD, shared: [generation] }, items);
  }

  async #run(
    own: Pick<PlainScript<SweepItem, number>, 'script' | 'shared'>,
    items: readonly SweepItem[],
  ): Promise<number | Failure> {
    const argsOf = ({ limit, fingerprint }: SweepItem) => [`${limit}`, fingerprint];
    const kind = new PlainKind(this.#echoes, { ...own, argsOf, parse: parseRemoved });
    const sender = new BatchSender(this.#runner, kind);
    let removed = 0;
    for (let from = 0; from < items.length; from += SWEEP_KEYS) {
      const some = items.slice(from, from + SWEEP_KEYS);
      const counts = await new Promise<readonly (number | Failure)[] | Failure>((resolve) => {
        sender.send(some, 'bulk', resolve);
      });
      for (const count of counts instanceof Failure ? [counts] : counts) {
        if (count instanceof Failure) return count;
        removed += count;
      }
    }
    return removed;
  }

  #withoutOwn(page: ScanPage | Failure): ScanPage | Failure {
    if (page instanceof Failure) return page;
    return { next: page.next, keys: page.keys.filter((key) => !key.startsWith(this.#reserved)) };
  }
}

/** The script returns only how many values it removed in all, which counts for the first. */
function parseRemoved(reply: unknown, count: number, echo: string): readonly number[] | undefined {
  const removed = parseNumber(afterEcho(reply, echo));
  return removed === undefined || removed > count
    ? undefined
    : Array.from({ length: count }, (_, i) => (i === 0 ? removed : 0));
}
