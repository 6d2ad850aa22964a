import type { Keyspace } from '../keyspace.js';
import type { Reply } from '../reply.js';

/** The parts of a server that its commands work on. */
export interface ServerState {
  readonly keyspace: Keyspace;
  /** SHA1 of the scripts that it knows. */
  readonly scripts: Set<string>;
  runId: string;
  replicationId: string;
  role: 'master' | 'slave';
  mode: 'standalone' | 'cluster' | 'sentinel';
  replicas: number;
  isLoading: boolean;
  /** Its clock, stopped while a command runs: microseconds since 1970. */
  nowMicros(): number;
  /** Runs a command of a script. Throws an `ErrorReply`. */
  call(args: readonly string[]): Reply;
}

export type Run = (state: ServerState, args: readonly string[]) => Reply;

export interface CommandSpec {
  /** How many words it has, its name included; negative: at least that many. */
  readonly arity: number;
  /** Gets the words after the name. Throws an `ErrorReply`. */
  readonly run: Run;
  readonly isWrite: boolean;
  /** Whether it is refused when memory is full. */
  readonly takesMemory: boolean;
  readonly isAllowedWhileLoading: boolean;
  readonly isForScripts: boolean;
}

export type Flag = 'write' | 'takes-memory' | 'while-loading' | 'not-in-scripts';

export type CommandTable = Readonly<Record<string, CommandSpec>>;

export function command(arity: number, run: Run, ...flags: readonly Flag[]): CommandSpec {
  return {
    arity,
    run,
    isWrite: flags.includes('write'),
    takesMemory: flags.includes('takes-memory'),
    isAllowedWhileLoading: flags.includes('while-loading'),
    isForScripts: !flags.includes('not-in-scripts'),
  };
}

/** `undefined`: it is none as Redis understands it. */
export function parseInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0|-?[1-9]\d{0,18})$/.test(text) ? Number(text) : undefined;
}
