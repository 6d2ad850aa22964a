// One subject in a process of its own, called in a closed loop.

import { isDeepStrictEqual } from 'node:util';
import { serve } from '../lib/rpc.js';
import { sleep } from '../lib/time.js';
import { type Product, productOf } from '../lib/values.js';
import { createSubject } from '../subjects/index.js';
import type { Subject } from '../subjects/subject.js';

export interface Slice {
  readonly kind: 'hit' | 'miss' | 'set' | 'memory';
  readonly size: number;
  readonly concurrency: number;
  readonly ms: number;
}

export interface SliceResult {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly loads: number;
}

export interface MemoryResult {
  readonly ns: number;
  readonly cpuNs: number;
}

type Step = (n: number, lane: number) => unknown;

const KEYS = 64;
/** Keys that only one lane asks for: two at once would be one flight to Redis for subjects that share them. */
const KEYS_OF_A_LANE = 8;
const LANES = 64;

let subject: Subject;
let loads = 0;
let bytes = 200;
let fresh = 0;

const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf(':') + 1));

async function load(key: string): Promise<Product> {
  loads++;
  return productOf(numberOf(key), bytes);
}

async function run({ kind, size, concurrency, ms }: Slice): Promise<SliceResult> {
  bytes = size;
  const step = kind === 'set' ? setStep(size) : kind === 'miss' ? missStep() : hitStep(size);
  loads = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const lanes = Array.from({ length: concurrency }, (_, i) => loop(step, i, startedAt + ms));
  const ops = (await Promise.all(lanes)).reduce((a, b) => a + b, 0);
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (ops / tookMs) * 1_000, cpuUs: (user + system) / ops, loads };
}

async function loop(step: Step, lane: number, until: number): Promise<number> {
  let ops = 0;
  do {
    // The clock is read once in a while: it costs more than a hit in memory.
    for (let i = 0; i < 16; i++) await step(ops + i, lane);
    ops += 16;
  } while (performance.now() < until);
  return ops;
}

/** Processor time until the code is compiled: a starved process would otherwise be measured before. */
const WARM_CPU_MS = 500;
const WARM_LIMIT_MS = 10_000;

/** Hits until the process has used that much processor time. */
async function warmUp({ size, concurrency }: Pick<Slice, 'size' | 'concurrency'>): Promise<void> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const usedMs = (): number => {
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1_000;
  };
  while (usedMs() < WARM_CPU_MS && performance.now() < startedAt + WARM_LIMIT_MS) {
    await run({ kind: 'hit', size, concurrency, ms: 50 });
  }
}

/** Keys of this process alone, because all subjects share one Redis and not all have a prefix. */
function keysOf(size: number, count = KEYS): string[] {
  return Array.from({ length: count }, (_, i) => `hit:${process.pid}:${size}:${i}`);
}

function hitStep(size: number): Step {
  const keys = keysOf(size, LANES * KEYS_OF_A_LANE);
  return (n, lane) => subject.fetch(keys[lane * KEYS_OF_A_LANE + (n % KEYS_OF_A_LANE)] as string);
}

/** A key that is not cached: the value is made at once and written. */
function missStep(): Step {
  return () => subject.fetch(`miss:${process.pid}:${fresh++}`);
}

function setStep(size: number): Step {
  const value = productOf(1, size);
  return (n, lane) => subject.set?.(`set:${process.pid}:${lane}:${n % KEYS_OF_A_LANE}`, value);
}

/** A hit in memory without a Redis between: the time of one call, in a tight loop. */
async function runMemory({ size, ms }: Pick<Slice, 'size' | 'ms'>): Promise<MemoryResult> {
  const keys = keysOf(size);
  const startedAt = performance.now();
  const until = startedAt + ms;
  const cpu = process.cpuUsage();
  const ops = subject.isSync ? loopSync(keys, until) : await loopAwaited(keys, until);
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  return { ns: (tookMs * 1e6) / ops, cpuNs: ((user + system) * 1e3) / ops };
}

function loopSync(keys: readonly string[], until: number): number {
  let ops = 0;
  let seen = 0;
  do {
    for (let i = 0; i < 512; i++) {
      if (subject.fetch(keys[i % KEYS] as string) !== undefined) seen++;
    }
    ops += 512;
  } while (performance.now() < until);
  if (seen !== ops) throw new Error('a hit was a miss');
  return ops;
}

async function loopAwaited(keys: readonly string[], until: number): Promise<number> {
  let ops = 0;
  do {
    for (let i = 0; i < 512; i++) await subject.fetch(keys[i % KEYS] as string);
    ops += 512;
  } while (performance.now() < until);
  return ops;
}

async function put(key: string, value: Product): Promise<void> {
  await (subject.set === undefined ? subject.fetch(key) : subject.set(key, value));
}

/** Fills what `hit` reads, and makes sure that it is what was put in. */
async function fill({ size }: { size: number }): Promise<void> {
  bytes = size;
  for (const [i, key] of keysOf(size, LANES * KEYS_OF_A_LANE).entries()) {
    await put(key, productOf(i, size));
    const value = await subject.fetch(key);
    const product = typeof value === 'string' ? JSON.parse(value) : value;
    if (!isDeepStrictEqual(product, productOf(i, size))) throw new Error(`wrong value of ${key}`);
  }
}

async function collected(): Promise<number> {
  await sleep(200);
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes of memory for an entry. */
async function heap({ count, size }: { count: number; size: number }): Promise<number> {
  const before = await collected();
  bytes = size;
  for (let i = 0; i < count; i++) await put(`entry:${i}`, productOf(i, size));
  return ((await collected()) - before) / count;
}

const operations = {
  async open(options: { name: string; port: number; memoryMax: number }): Promise<void> {
    subject = await createSubject(options.name, { ...options, load, ttlMs: 600_000 });
  },
  fill,
  warmUp,
  run,
  runMemory,
  heap,
};

export type HotOperations = typeof operations;
serve(operations);
