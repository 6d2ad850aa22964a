// One process of a fleet: a subject and the truth, for the parts `truth` and `stampede`.

import { serve } from '../lib/rpc.mjs';
import { createSubject } from '../lib/subjects.mjs';

let subject;
let loads = 0;
let version = 1;
let loaderMs = 5;
let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);
process.on('uncaughtException', () => unhandled++);

async function load(key) {
  loads++;
  // As a database: what it reads is what is true when the query runs.
  const value = { key, version };
  await new Promise((resolve) => setTimeout(resolve, loaderMs));
  return value;
}

const now = () => performance.timeOrigin + performance.now();

function within(promise, ms) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ isLate: true }), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

let reading;
let seen = [];

serve({
  async open({ name, port, ttlMs, memoryMax, loaderMs: ms }) {
    loaderMs = ms ?? loaderMs;
    subject = await within(createSubject(name, { port, load, ttlMs, memoryMax }), 5_000);
    if (subject.isLate) throw new Error('does not start');
  },
  /** What the database says from now on. */
  write({ version: next }) {
    version = next;
  },
  fetch: ({ key }) => within(subject.fetch(key), 5_000),
  async remove({ key, limitMs }) {
    const startedAt = now();
    const result = await within(
      Promise.resolve(subject.remove(key)).then(
        (returned) => ({ returned: String(returned) }),
        (error) => ({ error: String(error?.message ?? error) }),
      ),
      limitMs,
    );
    return { ...result, startedAt, tookMs: now() - startedAt };
  },
  /** Reads a key again and again, each time for a second at most, and notes what came. */
  watch({ key, everyMs }) {
    seen = [];
    reading = setInterval(async () => {
      const at = now();
      const value = await within(Promise.resolve(subject.fetch(key)), 1_000).catch(() => ({
        isError: true,
      }));
      seen.push({
        at,
        endedAt: now(),
        version: value.version ?? null,
        isLate: value.isLate === true,
      });
    }, everyMs);
  },
  unwatch() {
    clearInterval(reading);
    return { seen, unhandled };
  },
  async rush({ key, callers, limitMs }) {
    loads = 0;
    const startedAt = now();
    const calls = Array.from({ length: callers }, () =>
      Promise.resolve(subject.fetch(key)).then(
        (value) => (value?.key === key ? 'right' : 'wrong'),
        () => 'error',
      ),
    );
    const answered = await within(Promise.all(calls), limitMs);
    const isLate = answered.isLate === true;
    const right = isLate ? 0 : answered.filter((one) => one === 'right').length;
    return { loads, isLate, right, tookMs: now() - startedAt };
  },
  status: () => JSON.parse(JSON.stringify(subject.status?.() ?? null)),
});
