const PATH = "Write app.use('/health', healthRouter()).";
const DATABASE = "Write database: () => pool.query('SELECT 1').";
const MAX_AGE = "Write maxAge: '1s'.";

/** What to write instead of options that other packages have, by their names in lower case. */
export const HEALTH_HINTS: Readonly<Record<string, string>> = Object.freeze({
  db: DATABASE,
  ping: DATABASE,
  pool: DATABASE,
  sql: DATABASE,
  postgres: DATABASE,
  postgresql: DATABASE,
  pg: DATABASE,
  mysql: DATABASE,
  sqlite: DATABASE,
  mongo: 'Write database: () => mongoose.connection.db.admin().ping().',
  mongodb: 'Write database: () => mongoose.connection.db.admin().ping().',
  mongoose: 'Write database: () => mongoose.connection.db.admin().ping().',
  prisma: 'Write database: () => prisma.$queryRaw`SELECT 1`.',
  redis: 'Write cache: what cacheMiddleware() returned, or checks: { redis: () => client.ping() }.',
  services: 'Write checks: { search: () => searchPing() }.',
  dependencies: 'Write checks: { search: () => searchPing() }.',
  healthchecks: 'Write checks: { search: () => searchPing() }.',
  path: PATH,
  route: PATH,
  endpoint: PATH,
  url: PATH,
  basepath: PATH,
  interval: MAX_AGE,
  cachetime: MAX_AGE,
  ttl: MAX_AGE,
});

/** How clients of databases are asked whether they work, by a method that they have. */
const PINGS: readonly (readonly [method: string, call: (name: string) => string])[] = [
  ['$queryRaw', (name) => `${name}.$queryRaw\`SELECT 1\``],
  ['query', (name) => `${name}.query('SELECT 1')`],
  ['authenticate', (name) => `${name}.authenticate()`],
  ['raw', (name) => `${name}.raw('SELECT 1')`],
  ['unsafe', (name) => `${name}.unsafe('SELECT 1')`],
  ['ping', (name) => `${name}.ping()`],
  ['command', (name) => `${name}.command({ ping: 1 })`],
  ['db', (name) => `${name}.db().command({ ping: 1 })`],
  ['execute', (name) => `${name}.execute('SELECT 1')`],
  ['exec', (name) => `${name}.exec('SELECT 1')`],
];

/** The call that pings a database by this client of it; `undefined` if it is none. */
export function pingOf(given: unknown): string | undefined {
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null)
    return undefined;
  const client = given as Readonly<Record<string, unknown>>;
  const found = PINGS.find(([method]) => isMethod(client, method));
  return found?.[1](typeof given === 'function' ? 'sql' : 'pool');
}

/**
 * Whether a client of a database was given where options belong. A plain object with a function `db` has an
 * option of the wrong name.
 */
export function isClient(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const maker: unknown = Object.getPrototypeOf(given)?.constructor;
  return typeof maker === 'function' && maker.name !== 'Object' && pingOf(given) !== undefined;
}

/** A getter may throw, and a proxy may have every method. */
function isMethod(client: Readonly<Record<string, unknown>>, name: string): boolean {
  try {
    return typeof client[name] === 'function' && typeof client['no such method'] !== 'function';
  } catch {
    return false;
  }
}

/** What to write for a check that is neither a function nor options of one. */
export function checkAdvice(name: string, given: unknown): string {
  const key = name === 'database' ? 'database' : `checks: { ${name}`;
  const end = name === 'database' ? '' : ' }';
  if (isPromise(given)) {
    const why = 'A promise is the answer to one ping; the router pings again and again.';
    return `${why} Write a function: ${key}: () => pool.query('SELECT 1')${end}.`;
  }
  return `Write ${key}: () => ${pingOf(given) ?? "pool.query('SELECT 1')"}${end}.`;
}

/** What to write where something else than options was given. */
export function routerAdvice(given: unknown): string {
  if (typeof given === 'string') return PATH;
  const ping = pingOf(given);
  if (ping !== undefined) return `Write healthRouter({ database: () => ${ping} }).`;
  if (typeof given === 'function') return 'Write healthRouter({ database: ping }).';
  return DATABASE.replace('Write ', 'Write healthRouter({ ').replace(/\.$/, ' }).');
}

export function isPromise(given: unknown): boolean {
  const isObject = typeof given === 'object' || typeof given === 'function';
  return isObject && typeof (given as PromiseLike<unknown> | null)?.then === 'function';
}
