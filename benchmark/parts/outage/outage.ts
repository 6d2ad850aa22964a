// The bad day: Express under load while its Redis is sick.

import type { Keep, Options, Result } from '../../lib/part.js';
import { progress, say } from '../../lib/report.js';
import { shuffled } from '../../lib/stats.js';
import { OURS, outageBars, RIVAL } from './bars.js';
import { FAULTS } from './faults.js';
import { hangMemory, MEMORY } from './memory.js';
import { pictures, printFault, printSeconds } from './report.js';
import { type Phases, type Run, run } from './run.js';
import { APP, LOAD } from './world.js';

const PHASES = { warmMs: 1_000, beforeMs: 2_000, duringMs: 4_000, afterMs: 2_500 };
const QUICK = { warmMs: 300, beforeMs: 500, duringMs: 1_000, afterMs: 1_000 };

/** Those the bars are about; the others run once. */
const RIVALS = [OURS, RIVAL];
const OTHERS = ['ours', 'naive', 'cacheable-tuned'];
const ALL = [
  ...['naive-tuned', 'bento', 'bento-l2-tuned', 'cacheable', 'cache-manager'],
  ...['cache-manager-tuned', 'async-cache-dedupe', 'async-cache-dedupe-tuned'],
];

export async function outage(options: Options, keep: Keep): Promise<Result> {
  const names = options.fault ?? [...Object.keys(FAULTS), MEMORY];
  const faults = names.filter((name) => name !== MEMORY);
  const phases = phasesOf(options);
  explain(phases);
  const runs: Run[] = [];
  for (const fault of faults) {
    const own = await allThrough(fault, phases, options);
    runs.push(...own);
    printFault(fault, own);
    if (options.fault) printSeconds(own);
    keep({ phases, runs });
  }
  const isMeasured = names.includes(MEMORY) && !(options.quick && options.fault === undefined);
  const memory = isMeasured ? await hangMemory(options, phases) : [];
  return {
    figures: { phases, runs, memory },
    lines: outageBars(runs, memory, faults),
    pictures: pictures(runs, faults),
  };
}

function phasesOf(options: Options): Phases {
  const phases = options.quick ? QUICK : PHASES;
  return {
    ...phases,
    rate: options.rate ?? LOAD.rate,
    work: options.work ?? APP.work,
    duringMs: options.duringMs ?? phases.duringMs,
  };
}

function explain({ rate, work, duringMs }: Phases): void {
  const asking = rate > 0 ? `${rate} requests a second` : 'asking again as soon as answered';
  const visitors = `${LOAD.connections} connections ${asking}, and ${LOAD.perSecond} a second by the clock`;
  say(`\n${visitors}; ${work} rounds of PBKDF2 a request; faults of ${duringMs} ms`);
}

async function allThrough(fault: string, phases: Phases, options: Options): Promise<Run[]> {
  const repeat = options.repeat ?? (options.quick ? 1 : 3);
  const rivals = options.only ?? RIVALS;
  const others = options.only || options.quick ? [] : [...OTHERS, ...(options.all ? ALL : [])];
  const runs: Run[] = [];
  for (let round = 0; round < repeat; round++) {
    for (const name of shuffled(round === 0 ? [...rivals, ...others] : rivals)) {
      progress(`outage: ${fault}, ${name}, round ${round + 1} of ${repeat}`);
      runs.push(await run(fault, name, phases, round));
    }
  }
  return runs;
}
