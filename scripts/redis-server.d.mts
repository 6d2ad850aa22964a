import type { ChildProcess } from 'node:child_process';

export interface StartOptions {
  /** The path of a redis-server. */
  readonly program: string;
  readonly port: number;
  /** Whether the server answers by now. It is asked again and again. */
  answers(child: ChildProcess): Promise<boolean>;
  /** Further arguments, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
  /** The path of a configuration file. What is saved is then up to it. */
  readonly config?: string;
  /** The file that gets the output of the server. By default its output is dropped. */
  readonly log?: string;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the server gets a process group of its own, which Ctrl-C in a terminal does not reach. */
  readonly isDetached?: boolean;
}

/** The path of a redis-server on the PATH, or undefined. */
export function findRedisServer(): string | undefined;

/** The path of a redis-server that was found or installed. Throws an error that says what to type. */
export function ensureRedisServer(options?: { log?: (line: string) => void }): string;

/** Starts a server that ends with this process, and resolves to its process when it answers. */
export function startRedisServer(options: StartOptions): Promise<ChildProcess>;
