import { GENERATION_LENGTH } from '../../../entry/layout.js';
import type { Reply } from '../reply.js';
import { toNumber, whole } from './lua.js';
import { readTime, type ScriptBody, type ScriptRun, type ServerTime } from './script.js';

/** Reigns that are remembered. */
const CHAIN_LENGTH = 16;

/** A serial, and what entries carry of it. */
const GENERATION = new RegExp(`^(\\d{1,16}):[^]{${GENERATION_LENGTH}}$`);

/** The two records of a prefix. Removes keys of another type in their place. */
class Records {
  readonly #run: ScriptRun;
  readonly now: ServerTime;
  readonly pos: string;
  readonly genKey: string;

  constructor(run: ScriptRun) {
    this.#run = run;
    this.now = readTime(run);
    [this.pos = '', this.genKey = ''] = run.keys;
    this.#heal(this.pos, 'hash');
    this.#heal(this.genKey, 'string');
  }

  #heal(key: string, kind: string): void {
    const found = this.#run.call('TYPE', key);
    if (found !== kind && found !== 'none') this.#run.call('DEL', key);
  }

  /** The higher generation of both copies, written to the one that lacks it; '' where there is none. */
  repaired(): string {
    const [a, b] = [this.#text('GET', this.genKey), this.#text('HGET', this.pos, 'gen')];
    const best = serialOf(a) >= serialOf(b) ? a || b : b;
    if (serialOf(best) < 0) return '';
    if (a !== best) this.#run.call('SET', this.genKey, best);
    if (b !== best) this.setCopy(best);
    return best;
  }

  /** The generation in `pos`, where that is. */
  setCopy(generation: string): void {
    if (this.#run.call('EXISTS', this.pos) === 1) {
      this.#run.call('HSET', this.pos, 'gen', generation);
    }
  }

  newGeneration(remembered: string, random: string): string {
    const found = [this.#text('GET', this.genKey), this.#text('HGET', this.pos, 'gen')];
    const known = toNumber(remembered) ?? Number.NaN;
    const serial = Math.max(...found.map(serialOf), known, this.now.ms) + 1;
    const generation = `${whole(serial)}:${random}`;
    this.#run.call('SET', this.genKey, generation);
    return generation;
  }

  get chain(): string {
    return this.#text('HGET', this.pos, 'chain');
  }

  get n(): number {
    return toNumber(this.#text('HGET', this.pos, 'n')) ?? 0;
  }

  /** The reply of each of the scripts. */
  reply(chain: string, n: number, generation: string): Reply {
    return [chain, Math.trunc(n), generation, whole(this.now.micros)];
  }

  #text(...args: string[]): string {
    return (this.#run.call(...args) as string | null) ?? '';
  }
}

function serialOf(generation: string): number {
  return Number(GENERATION.exec(generation)?.[1] ?? -1);
}

/** A part, counted from 0, of the last reign of a chain. */
function partOfLast(chain: string, part: number): string {
  const last = /[^,]+$/.exec(chain)?.[0] ?? '';
  return last.split(':').filter((each) => each !== '')[part] ?? '';
}

/** Script OPEN. */
export const open: ScriptBody = (run) => {
  const records = new Records(run);
  const [life, reign] = [run.argv(1), run.argv(2)];
  const found = records.repaired();
  const generation = found === '' ? records.newGeneration(run.argv(4), run.argv(3)) : found;
  const openedAt = found === '' ? 0 : records.now.ms;
  let { chain, n } = records;
  if (chain === '') {
    n = 0;
    chain = `${reign}:${life}:0:${openedAt}`;
  } else if (partOfLast(chain, 1) !== life) {
    chain = shortened(`${chain},${reign}:${life}:${n}:${openedAt}`);
  }
  run.call('HSET', records.pos, 'v', '2', 'n', `${n}`, 'chain', chain, 'gen', generation);
  return records.reply(chain, n, generation);
};

function shortened(chain: string): string {
  const isLong = chain.split(',').length > CHAIN_LENGTH;
  return isLong ? chain.replace(/^[^,]+,/, '') : chain;
}

/** Script FENCE. */
export const fence: ScriptBody = (run) => {
  const records = new Records(run);
  const generation = records.repaired();
  const { chain, n } = records;
  const isOurs = partOfLast(chain, 0) === run.argv(1);
  const count = isOurs ? (run.call('HINCRBY', records.pos, 'n', '1') as number) : n;
  return records.reply(chain, count, generation);
};

/** Script BUMP. */
export const bump: ScriptBody = (run) => {
  const records = new Records(run);
  const generation = records.newGeneration(run.argv(2), run.argv(1));
  records.setCopy(generation);
  return records.reply(records.chain, records.n, generation);
};
