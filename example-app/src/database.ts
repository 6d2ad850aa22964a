import { setTimeout as delay } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { Settings } from './settings.js';

/** PostgreSQL, embedded or on a server: the same SQL runs on both. */
export interface Database {
  /** One line for the banner; never the URL, which may hold a password. */
  readonly description: string;
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** What `/health` calls: the cheapest question that needs a working database. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export async function openDatabase(settings: Settings): Promise<Database> {
  const { databaseUrl } = settings;
  return databaseUrl === undefined ? openEmbedded() : openServer(databaseUrl);
}

async function openEmbedded(): Promise<Database> {
  const db = await PGlite.create();
  return {
    description: 'PostgreSQL embedded (PGlite, in memory; DATABASE_URL chooses a server)',
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await db.query<Row>(sql, [...parameters])).rows,
    ping: async () => {
      await db.query('select 1');
    },
    close: () => db.close(),
  };
}

async function openServer(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => console.error(`database: ${error.message}`));
  return {
    description: `PostgreSQL at ${new URL(url).host} (DATABASE_URL)`,
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await pool.query(sql, [...parameters])).rows as Row[],
    ping: async () => {
      await pool.query('select 1');
    },
    close: () => pool.end(),
  };
}

/** The same database, with every query slower by `ms`; `ping` stays as fast as it is. */
export function slowed(database: Database, ms: number): Database {
  if (ms === 0) return database;
  return {
    ...database,
    query: async <Row>(sql: string, parameters?: readonly unknown[]) => {
      await delay(ms);
      return database.query<Row>(sql, parameters);
    },
  };
}
