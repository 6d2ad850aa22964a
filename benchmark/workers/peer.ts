// One process of a fleet: a subject and the truth, for the parts `truth` and `stampede`.

import { serve } from '../lib/rpc.js';
import { now, sleep } from '../lib/time.js';
import { createSubject } from '../subjects/index.js';
import type { Subject } from '../subjects/subject.js';

export interface PeerOptions {
  readonly name: string;
  readonly port: number;
  readonly ttlMs: number;
  readonly memoryMax: number;
  readonly loaderMs?: number;
}

interface Value {
  readonly key: string;
  readonly version: number;
}

/** A read of `watch`. */
export interface Look {
  readonly at: number;
  readonly endedAt: number;
  readonly version: number | undefined;
  readonly isLate: boolean;
}

export interface Removal {
  readonly startedAt: number;
  readonly tookMs: number;
  /** What the call resolved to, or the error that it rejected with; nothing where it was too late. */
  readonly answer: string | undefined;
}

export interface Rush {
  readonly loads: number;
  readonly isLate: boolean;
  readonly right: number;
  readonly tookMs: number;
}

const LATE = Symbol('late');

let subject: Subject;
let loads = 0;
let version = 1;
let loaderMs = 5;
process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});

async function load(key: string): Promise<Value> {
  loads++;
  // As a database: what it reads is what is true when the query runs.
  const value = { key, version };
  await sleep(loaderMs);
  return value;
}

function within<T>(promise: T | Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function fetch(key: string): Promise<Value | undefined> {
  return (await subject.fetch(key)) as Value | undefined;
}

let reading: NodeJS.Timeout | undefined;
let seen: Look[] = [];

async function look(key: string): Promise<Look> {
  const at = now();
  const value = await within(fetch(key), 1_000).catch(() => undefined);
  const isLate = value === LATE;
  return { at, endedAt: now(), version: isLate ? undefined : value?.version, isLate };
}

const operations = {
  async open({ loaderMs: ms, ...options }: PeerOptions): Promise<void> {
    loaderMs = ms ?? loaderMs;
    const opened = await within(createSubject(options.name, { ...options, load }), 5_000);
    if (opened === LATE) throw new Error('does not start');
    subject = opened;
  },
  /** What the database says from now on. */
  write({ version: next }: { version: number }): void {
    version = next;
  },
  async fetch({ key }: { key: string }): Promise<void> {
    await within(fetch(key), 5_000);
  },
  async remove({ key, limitMs }: { key: string; limitMs: number }): Promise<Removal> {
    const startedAt = now();
    const removal = Promise.resolve(subject.remove(key)).then(String, (error) => String(error));
    const answer = await within(removal, limitMs);
    return { answer: answer === LATE ? undefined : answer, startedAt, tookMs: now() - startedAt };
  },
  /** Reads a key again and again, each time for a second at most, and notes what came. */
  watch({ key, everyMs }: { key: string; everyMs: number }): void {
    seen = [];
    reading = setInterval(async () => seen.push(await look(key)), everyMs);
  },
  unwatch(): readonly Look[] {
    clearInterval(reading);
    return seen;
  },
  async rush(options: { key: string; callers: number; limitMs: number }): Promise<Rush> {
    const { key, callers, limitMs } = options;
    loads = 0;
    const startedAt = now();
    const isRight = (): Promise<boolean> =>
      fetch(key).then(
        (value) => value?.key === key,
        () => false,
      );
    const answered = await within(Promise.all(Array.from({ length: callers }, isRight)), limitMs);
    const isLate = answered === LATE;
    const right = isLate ? 0 : answered.filter(Boolean).length;
    return { loads, isLate, right, tookMs: now() - startedAt };
  },
};

export type PeerOperations = typeof operations;
serve(operations);
