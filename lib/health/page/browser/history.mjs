// What happened between two samples.

const WINDOW_MS = 300_000;

/** Lookups by who answered. A cache without a near tier has none of its hits. */
export function answersOf({ lookups: { near, redis, memory, miss } }) {
  const stale = [near, redis, memory].reduce((sum, tier) => sum + (tier?.stale ?? 0), 0);
  return { near: near?.hit ?? 0, redis: redis.hit, memory: memory.hit, stale, none: miss };
}

/** Every sample, and the numbers of now. */
export function pointsOf({ samples, now }) {
  const last = samples.at(-1);
  return now !== null && (last === undefined || now.at > last.at) ? [...samples, now] : samples;
}

/** Each number a second, between one sample and the next. */
export function ratesOf(points) {
  return points.slice(1).map((to, i) => {
    const from = points[i];
    const seconds = Math.max(0.001, (to.at - from.at) / 1_000);
    const [before, after] = [answersOf(from), answersOf(to)];
    const rates = Object.keys(after).map((name) => [
      name,
      Math.max(0, after[name] - before[name]) / seconds,
    ]);
    return { at: to.at, ...Object.fromEntries(rates) };
  });
}

/** What happened in the last five minutes, or since the cache is there. */
export function recent(data) {
  const points = pointsOf(data);
  const now = points.at(-1);
  const from = points.find(({ at }) => at >= now.at - WINDOW_MS) ?? now;
  const isAll = from === now || points[0].at > now.at - WINDOW_MS;
  const zero = {
    at: now.at - WINDOW_MS,
    errors: 0,
    failedAttempts: 0,
    lookups: { redis: { hit: 0, stale: 0 }, memory: { hit: 0, stale: 0 }, miss: 0 },
  };
  const start = isAll && data.samples.length < 2 ? zero : from;
  const [before, after] = [answersOf(start), answersOf(now)];
  const count = (name) => after[name] - before[name];
  const lookups = Object.keys(after).reduce((sum, name) => sum + count(name), 0);
  const minutes = Math.max(1 / 6, (now.at - start.at) / 60_000);
  return {
    lookups,
    hitPercent: lookups === 0 ? undefined : (100 * (lookups - count('none'))) / lookups,
    stalePercent: lookups === 0 ? undefined : (100 * count('stale')) / lookups,
    errorsPerMinute: (now.errors - start.errors) / minutes,
    attemptsPerMinute: (now.failedAttempts - start.failedAttempts) / minutes,
  };
}
