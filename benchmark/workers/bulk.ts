// One subject in a process of its own, called with many keys, or by many at once.

import { serve } from '../lib/rpc.js';
import { sleep } from '../lib/time.js';
import { type Product, productOf } from '../lib/values.js';
import { type BulkSubject, bareBulk, type ManyValues, ourBulk } from '../subjects/bulk.js';

export type Kind =
  | 'getMany'
  | 'setMany'
  | 'getOrSetMany'
  | 'deleteMany'
  | 'set'
  | 'delete'
  | 'miss'
  | 'in and out';

export interface BulkSlice {
  readonly kind: Kind;
  /** Keys of one call. */
  readonly size: number;
  readonly calls: number;
  readonly concurrency: number;
}

export interface BulkResult {
  readonly tookMs: number;
  readonly cpuUs: number;
}

const BYTES = 200;
const TTL_MS = 600_000;
/** Keys that are there, for reads and for writes over them: more than memory holds. */
const POOL = 10_000;
/** How many keys a call has that prepares or clears away. */
const CHUNK = 200;
/** How many keys hand-written code sends at once in a flood. */
const FLOOD_CHUNK = 1_000;

let subject: BulkSubject;
/** Of our package: it takes any number of keys in one call. */
let takesAll = false;
let fresh = 0;

const products = Array.from({ length: POOL }, (_, i) => productOf(i, BYTES));
const productAt = (n: number): Product => products[n % POOL] as Product;

/** Keys by the name of their group, made once: what they cost is not the subject's. */
const made = new Map<string, string[]>();

function keysOf(name: string, count: number): readonly string[] {
  const keys = made.get(name) ?? [];
  made.set(name, keys);
  while (keys.length < count) keys.push(`${name}:${process.pid}:${keys.length}`);
  return keys;
}

const keyAt = (name: string, n: number): string => keysOf(name, n + 1)[n] as string;
const keysFrom = (name: string, from: number, count: number): string[] =>
  keysOf(name, from + count).slice(from, from + count);
const entriesFrom = (name: string, from: number, count: number): [string, Product][] =>
  keysFrom(name, from, count).map((key, i) => [key, productAt(from + i)]);

const loadMany = (keys: readonly string[]): ManyValues =>
  new Map(keys.map((key, i) => [key, productAt(i)]));

/** The keys of a call, at the same places of the pool again and again. */
const poolFrom = (n: number, size: number): number => (n * size) % (POOL - size + 1);

function expectAll(values: ManyValues, size: number): void {
  if (values.size !== size) throw new Error(`${size - values.size} of ${size} values are missing`);
}

type Step = (n: number, size: number) => unknown;

const STEPS: Readonly<Record<Kind, Step>> = {
  async getMany(n, size) {
    expectAll(await subject.getMany(keysFrom('pool', poolFrom(n, size), size)), size);
  },
  setMany: (n, size) => subject.setMany(entriesFrom('pool', poolFrom(n, size), size)),
  async getOrSetMany(_, size) {
    const from = fresh;
    fresh += size;
    expectAll(await subject.fetchMany(keysFrom('fresh', from, size), loadMany), size);
  },
  deleteMany: (n, size) => subject.removeMany(keysFrom('doomed', n * size, size)),
  set: (n) => subject.set(keyAt('pool', n % POOL), productAt(n)),
  delete: (n) => subject.remove(keyAt('doomed', n)),
  miss(n) {
    return subject.fetch(keyAt('fresh', fresh++), () => productAt(n));
  },
  'in and out': (_, size) => inAndOut(size),
};

async function inAndOut(size: number): Promise<void> {
  const chunk = takesAll ? size : FLOOD_CHUNK;
  for (let from = 0; from < size; from += chunk) {
    await subject.setMany(entriesFrom('flood', from, chunk));
  }
  for (let from = 0; from < size; from += chunk) {
    const keys = keysFrom('flood', from, chunk);
    const values = await subject.getMany(keys);
    expectAll(values, chunk);
    for (const [i, key] of keys.entries()) {
      if (values.get(key)?.id !== productAt(from + i).id) throw new Error(`wrong value of ${key}`);
    }
  }
}

async function fill(name: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    await subject.setMany(entriesFrom(name, from, Math.min(CHUNK, count - from)));
  }
}

async function untilWell(): Promise<void> {
  for (let i = 0; i < 250 && subject.trouble() !== undefined; i++) await sleep(20);
}

function expectWell(): void {
  const trouble = subject.trouble();
  if (trouble !== undefined) throw new Error(trouble);
}

const operations = {
  async open({ isOurs, port }: { isOurs: boolean; port: number }): Promise<void> {
    const load = async (): Promise<undefined> => undefined;
    const context = { port, load, ttlMs: TTL_MS, memoryMax: 100 };
    takesAll = isOurs;
    subject = await (isOurs ? ourBulk(context) : bareBulk(context));
    await untilWell();
    await fill('pool', POOL);
  },
  /** What a slice needs and does not measure. */
  async prepare({ kind, size, calls }: BulkSlice): Promise<void> {
    await untilWell();
    if (kind === 'in and out') keysOf('flood', size);
    if (kind === 'delete' || kind === 'deleteMany') await fill('doomed', calls * size);
    expectWell();
  },
  async run({ kind, size, calls, concurrency }: BulkSlice): Promise<BulkResult> {
    const step = STEPS[kind];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < calls) await step(next++, size);
    };
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: concurrency }, lane));
    const tookMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    expectWell();
    return { tookMs, cpuUs: user + system };
  },
};

export type BulkOperations = typeof operations;
serve(operations);
