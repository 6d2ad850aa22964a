import type { Opening, Records } from '../commands/records.js';
import { Failure } from '../failure.js';
import type { Commands } from '../remote.js';
import type { ServerTime } from '../server-time.js';

/** Both records are missing, or one holds something that is not ours. OPEN makes them again. */
export const NO_RECORDS: Records = {
  chain: [],
  count: 0,
  generation: '',
  isWhole: false,
  micros: undefined,
};

/** Which commands a server does not know or forbids, of those that have a substitute. */
export interface Capabilities {
  readonly mget: boolean;
  /** `undefined`: the probe did not send it. */
  readonly scan: boolean | undefined;
  readonly unlink: boolean;
  readonly time: boolean;
  readonly info: boolean;
}

/** What the door needs of a live connection. Nothing rejects. */
export interface DoorSession extends Commands {
  open(opening: Opening): Promise<Records | Failure>;
  fence(reign: string): Promise<Records | Failure>;
  bump(random: string, serial: number): Promise<Records | Failure>;
  /** Reads both records without changing them. */
  readRecords(): Promise<Records | Failure>;
  /** A key of the package's own, on this server. */
  ownKey(name: string): string;
  /** One section of INFO. */
  info(section: string): Promise<string | Failure>;
  /** The server's time in microseconds. */
  time(): Promise<number | Failure>;
  /** Any other command. */
  send(args: readonly string[]): Promise<unknown>;
  /** The probe found out what this server can do. */
  adapt(capabilities: Capabilities): void;
  /** Ends the connection and calls `SessionHost.lost`. */
  lose(failure: Failure): void;
  /** Ends the connection without calling `SessionHost.lost`. Harmless when it has ended. */
  dispose(failure?: Failure): void;
}

/** The reply, in which a key of another type counts as a missing record. */
export function orNoRecords(reply: Records | Failure): Records | Failure {
  return reply instanceof Failure && reply.isAbout('WRONGTYPE') ? NO_RECORDS : reply;
}

/** The door, as its sessions see it. */
export interface SessionHost {
  readonly time: ServerTime;
  /** The generation that entries must have now. */
  readonly generation: string;
  /** Whether memory can answer a read of this key (with prefix) while Redis hesitates. */
  canSpare(key: string): boolean;
  /** A session that was opened has ended. */
  lost(session: DoorSession, failure: Failure): void;
  /** An adopted client says that it is usable again. */
  ready(): void;
}

/** Where a door gets its connections. */
export interface SessionSource {
  /** Whether each session is a new connection, for which the name of the server is resolved again. */
  readonly isFresh: boolean;
  /** Called once, before the first `open`. */
  start(host: SessionHost): void;
  /** Never rejects. */
  open(): Promise<DoorSession | Failure>;
  /** Whether the server of this session was, a moment ago, still the one to use (R8, R11). */
  isNamed(session: DoorSession): boolean;
  /** Asks again if it was not. Never rejects. */
  confirm(session: DoorSession): Promise<boolean>;
  /** Also ends a connection that is being made. */
  close(): void;
}
