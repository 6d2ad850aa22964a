// One subject in a process of its own, called in a closed loop.

import { isDeepStrictEqual } from 'node:util';
import { serve } from '../lib/rpc.mjs';
import { createSubject } from '../lib/subjects.mjs';
import { productOf } from '../lib/values.mjs';

const KEYS = 64;
/** Keys that only one lane asks for: two at once would be one flight to Redis for who shares them. */
const KEYS_OF_A_LANE = 8;
const LANES = 64;

let subject;
let loads = 0;
let bytes = 200;
let fresh = 0;

const number = (key) => Number(key.slice(key.lastIndexOf(':') + 1));

async function load(key) {
  loads++;
  return productOf(number(key), bytes);
}

async function run({ kind, size, concurrency, ms }) {
  bytes = size;
  const step = kind === 'set' ? setStep(size) : kind === 'miss' ? missStep() : hitStep(size);
  loads = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const counts = await Promise.all(
    Array.from({ length: concurrency }, (_, i) => loop(step, i, startedAt + ms)),
  );
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const ops = counts.reduce((a, b) => a + b, 0);
  return { ops, tookMs, perSecond: (ops / tookMs) * 1_000, cpuUs: (user + system) / ops, loads };
}

async function loop(step, lane, until) {
  let n = 0;
  let ops = 0;
  do {
    // The clock is read once in a while: it costs more than a hit in memory.
    for (let i = 0; i < 16; i++) await step(n++, lane);
    ops += 16;
  } while (performance.now() < until);
  return ops;
}

/** Of its own, for all subjects share one Redis and not all have a prefix. */
function keysOf(size, count = KEYS) {
  return Array.from({ length: count }, (_, i) => `hit:${process.pid}:${size}:${i}`);
}

function hitStep(size) {
  const keys = keysOf(size, LANES * KEYS_OF_A_LANE);
  return (n, lane) => subject.fetch(keys[lane * KEYS_OF_A_LANE + (n % KEYS_OF_A_LANE)]);
}

/** A key that nobody has: the value is made at once and written. */
function missStep() {
  return () => subject.fetch(`miss:${process.pid}:${fresh++}`);
}

function setStep(size) {
  const value = productOf(1, size);
  return (n, lane) => subject.set(`set:${process.pid}:${lane}:${n % KEYS_OF_A_LANE}`, value);
}

/** A hit in memory without a Redis between: the time of one call, in a tight loop. */
async function runMemory({ size, ms }) {
  const keys = keysOf(size);
  const startedAt = performance.now();
  const until = startedAt + ms;
  const cpu = process.cpuUsage();
  const timed = subject.isSync === true ? loopSync : loopAwaited;
  const ops = await timed(keys, until);
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  return { ops, ns: (tookMs * 1e6) / ops, cpuNs: ((user + system) * 1e3) / ops };
}

function loopSync(keys, until) {
  let ops = 0;
  let seen = 0;
  do {
    for (let i = 0; i < 512; i++) if (subject.fetch(keys[i % KEYS]) !== undefined) seen++;
    ops += 512;
  } while (performance.now() < until);
  if (seen !== ops) throw new Error('a hit was a miss');
  return ops;
}

async function loopAwaited(keys, until) {
  let ops = 0;
  do {
    for (let i = 0; i < 512; i++) await subject.fetch(keys[i % KEYS]);
    ops += 512;
  } while (performance.now() < until);
  return ops;
}

async function collected() {
  await new Promise((resolve) => setTimeout(resolve, 200));
  globalThis.gc();
  globalThis.gc();
}

serve({
  async open({ name, port, memoryMax = 100 }) {
    subject = await createSubject(name, { port, load, ttlMs: 600_000, memoryMax });
  },
  /** Fills what `hit` reads, and makes sure that it is what was put in. */
  async fill({ size }) {
    bytes = size;
    for (const [i, key] of keysOf(size, LANES * KEYS_OF_A_LANE).entries()) {
      if (subject.set !== undefined) await subject.set(key, productOf(i, size));
      else await subject.fetch(key);
      const value = await subject.fetch(key);
      const product = typeof value === 'string' ? JSON.parse(value) : value;
      if (!isDeepStrictEqual(product, productOf(i, size))) throw new Error(`wrong value of ${key}`);
    }
  },
  run,
  runMemory,
  async heap({ count, size }) {
    await collected();
    const before = process.memoryUsage();
    bytes = size;
    const put = subject.set ?? ((key) => subject.fetch(key));
    for (let i = 0; i < count; i++) await put(`entry:${i}`, productOf(i, size));
    await collected();
    const after = process.memoryUsage();
    const used = (m) => m.heapUsed + m.external;
    return { bytes: (used(after) - used(before)) / count };
  },
  close: () => subject.close(),
});
