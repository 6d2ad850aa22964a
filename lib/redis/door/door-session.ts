import { Failure } from '../failure.js';
import type { Commands, ReignEntry, ServerTime } from '../remote.js';

/** What the two records of the prefix say. */
export interface Records {
  /** Empty where the record is missing. */
  readonly chain: readonly ReignEntry[];
  readonly count: number;
  /** The newer of the two copies, `serial:random`; '' where both are missing. */
  readonly generation: string;
  /** Both copies of the generation are there and equal. */
  readonly isWhole: boolean;
  /** The server's time of the reply in microseconds, where the command tells it. */
  readonly micros: number | undefined;
}

/** Neither record is there, or one holds what is not ours: OPEN makes it anew. */
export const NO_RECORDS: Records = {
  chain: [],
  count: 0,
  generation: '',
  isWhole: false,
  micros: undefined,
};

/** What a process brings to OPEN (R2). */
export interface OpeningCommand {
  readonly life: string;
  /** A fresh random id of a reign. */
  readonly reign: string;
  /** The fresh random part of a generation. */
  readonly random: string;
  /** The serial of the newest generation that this process knows; -1 for none. */
  readonly serial: number;
}

/** Which commands a server does not know or forbids, of those that have a substitute. */
export interface Capabilities {
  readonly mget: boolean;
  /** `undefined`: not asked for this time. */
  readonly scan: boolean | undefined;
  readonly unlink: boolean;
  readonly time: boolean;
  readonly info: boolean;
}

/** What the door needs of a live connection. Nothing rejects. */
export interface DoorSession extends Commands {
  open(opening: OpeningCommand): Promise<Records | Failure>;
  fence(reign: string): Promise<Records | Failure>;
  bump(random: string, serial: number): Promise<Records | Failure>;
  /** Reads both records without changing them. */
  readRecords(): Promise<Records | Failure>;
  /** One section of INFO. */
  info(section: string): Promise<string | Failure>;
  /** The server's time in microseconds. */
  time(): Promise<number | Failure>;
  /** Any other command. */
  send(args: readonly string[]): Promise<unknown>;
  /** The probe found what this server can do. */
  adapt(capabilities: Capabilities): void;
  /** Ends the connection and tells `SessionEvents.lost`. */
  lose(failure: Failure): void;
  /** Ends the connection and tells nobody. Harmless when it has ended. */
  dispose(failure?: Failure): void;
}

/** What was read, where a key of another type in a record's place counts as no record. */
export function orNoRecords(reply: Records | Failure): Records | Failure {
  return reply instanceof Failure && reply.isAbout('WRONGTYPE') ? NO_RECORDS : reply;
}

/** What a source asks and tells the door that uses it. */
export interface SessionEvents {
  readonly time: ServerTime;
  /** The generation that entries must have now. */
  generation(): string;
  /** Whether the reader of a key (prefix included) can be served without Redis, should Redis hesitate. */
  canSpare(key: string): boolean;
  /** A session that was opened has ended. */
  lost(session: DoorSession, failure: Failure): void;
  /** An adopted client says that it is usable again. */
  ready(): void;
}

/** Where a door gets its connections. */
export interface SessionSource {
  /** Whether each session is a new connection, with the name of the server resolved anew. */
  readonly isFresh: boolean;
  /** Called once, before the first `open`. */
  start(events: SessionEvents): void;
  /** Never rejects. */
  open(): Promise<DoorSession | Failure>;
  /** Also ends a connection that is being made. */
  close(): void;
}
