/** What the environment decides; every setting has a default, so `npm start` needs none. */
export interface Settings {
  /** `0` takes any free port. */
  readonly port: number;
  /** A URL, or `private` for a Redis of the app's own, or `cluster` for a Redis Cluster of its own. */
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** Added to every catalogue query, so that the cache can be seen with the naked eye. */
  readonly queryDelayMs: number;
  /** The port of a private Varnish in front of the app; absent: there is none. */
  readonly edgePort: number | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    port: wholeNumber('PORT', env.PORT, 3000, 65_535),
    redisUrl: env.REDIS_URL || undefined,
    databaseUrl: env.DATABASE_URL || undefined,
    queryDelayMs: wholeNumber('QUERY_DELAY_MS', env.QUERY_DELAY_MS, 50, 60_000),
    edgePort:
      env.EDGE === 'varnish' ? wholeNumber('EDGE_PORT', env.EDGE_PORT, 6081, 65_535) : undefined,
  };
}

function wholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  max: number,
): number {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`${name} must be a whole number from 0 to ${max}, got '${text}'.`);
}
