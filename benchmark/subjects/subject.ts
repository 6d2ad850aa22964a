import type { Handler } from 'express';

/** What a subject is given. */
export interface Context {
  /** Of Redis, or of the proxy before it. */
  readonly port: number;
  /** The database. */
  load(key: string): Promise<unknown>;
  readonly ttlMs: number;
  /** Entries of the memory layer. */
  readonly memoryMax: number;
}

/** A cache, or a driver, behind one interface. */
export interface Subject {
  /** The value of a key: from the cache, else loaded and stored. */
  fetch(key: string): unknown;
  /** Whether `fetch` returns the value itself, not a promise. */
  readonly isSync?: boolean;
  set?(key: string, value: unknown): unknown;
  get?(key: string): unknown;
  remove(key: string): unknown;
  /** Of Express, where the subject has one. */
  readonly middleware?: Handler;
  /** As `fetch`, by way of the request. */
  fetchFor?(req: object, key: string): unknown;
  status?(): unknown;
  close(): unknown;
}

/** How long a command of a tuned peer may take, in milliseconds; the same for all. */
export const LIMIT_MS = 100;

export const urlOf = ({ port }: Pick<Context, 'port'>): string => `redis://127.0.0.1:${port}`;
