/** What the example borrows from the repository it lives in; an app of yours has its own Redis. */
declare module '*/scripts/redis-server.mjs' {
  /** The path of a redis-server that was found or installed. Throws an error that says what to type. */
  export function ensureRedisServer(options?: { log?: (line: string) => void }): string;
}
