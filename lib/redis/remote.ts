import type { CacheReason } from '../api/reason.js';
import type { Histogram } from '../core/diagnostics/histogram.js';
import type { TagRecord } from '../entry/entry-tags.js';
import type { Failure } from './failure.js';
import type { Evidence, Label } from './lineage.js';
import type { ServerTime } from './server-time.js';

/** Which kind of call waits for a command: a request, which overtakes, or a bulk call. */
export type Lane = 'request' | 'bulk';

/** The content of a key in Redis: the text of the slot, `null`, or why we do not know it. */
export type SlotReply = string | null | Failure;

/** One entry (or tombstone) to write. `text` is complete: the sender writes the version. */
export interface WriteItem {
  readonly key: string; // complete, with prefix
  readonly text: string;
  readonly limit: number; // micros; a slot with a version above it is newer and stays
  readonly pxMs: number;
}
/**
 * `'done'`: applied. `'older'`: Redis has something newer, which stays. `'late'`: past its deadline, or the
 * clock was set back; nothing happened.
 */
export type WriteOutcome = 'done' | 'older' | 'late';

export interface FillItem {
  readonly key: string;
  readonly text: string;
  readonly pxMs: number;
  readonly token: string;
}

export type ClaimReply =
  /** `at`: the server's time (micros) of the grant, the version of what will be loaded. `stale`: the entry that was there. */
  | {
      readonly kind: 'granted';
      readonly token: string;
      readonly at: number;
      readonly stale: string | undefined;
    }
  | { readonly kind: 'value'; readonly entry: string }
  | { readonly kind: 'held'; readonly leftMs: number }
  | Failure;

export type TagReply = TagRecord | Failure;

export interface ScanPage {
  readonly next: string;
  readonly keys: readonly string[];
}

/** The source from which changes are pulled when there is room in the window, those of requests first. */
export interface ChangeSource {
  /** The next batch (at most `maxKeys` keys and `maxBytes` bytes, at least one key), or `undefined`: nothing to send. */
  next(lane: Lane, maxKeys: number, maxBytes: number): ChangeBatch | undefined;
}
export interface ChangeBatch {
  readonly items: readonly WriteItem[];
  /** Called once, with an outcome or a Failure per item, or one Failure for all (outcome unknown, or refused). */
  settled(outcomes: readonly (WriteOutcome | Failure)[] | Failure): void;
}

/** What the server of one connection says of keys that change. */
export interface News {
  /** Whether it tells now. Until the connection is made, or if the server refuses, it does not. */
  readonly isOn: boolean;
  /** The server has told every change before this moment (local, monotonic). Each answer of it moves it on. */
  readonly completeUntil: number;
  /** As `Commands.get`, and the server tells the first change of the key after that, be it by this process. */
  get(key: string): Promise<SlotReply>;
  /** As `Commands.getMany`, likewise. */
  getMany(keys: readonly string[], lane: Lane): Promise<readonly SlotReply[]>;
  /** As `get`, by itself and at once: of a record that is read rarely. */
  getRecord(key: string): Promise<SlotReply>;
  /** Gets each key that changed (prefix included); `undefined`: any may have. Called before later replies settle. The returned function ends it. */
  listen(onChange: (key: string | undefined) => void): () => void;
  /** Asks the server something small, so that `completeUntil` grows. */
  ask(): void;
}

/** The commands of one live connection, batched by turn and limited by its window. Nothing rejects; everything settles. */
export interface Commands {
  /** Commands that Redis has not answered yet. */
  readonly unanswered: number;
  /** How long a caller waits for an answer here, `commandTimeout` at most; absent: as long as that. */
  readonly callersPatienceMs?: number | undefined;
  /** Absent: this connection does not hear what the server tells. */
  readonly news?: News | undefined;
  /**
   * If Redis has not answered within `callersPatienceMs` of the call, settles with a Failure that `isImpatient`
   * (no fault of Redis).
   */
  get(key: string): Promise<SlotReply>;
  /** Waits as long as Redis answers anything. */
  getMany(keys: readonly string[], lane: Lane): Promise<readonly SlotReply[]>;
  /** From now on batches are pulled from this source whenever there is room. */
  setChangeSource(source: ChangeSource): void;
  /** The source has changes. They are pulled at the end of this turn. */
  wake(): void;
  claim(
    keys: readonly string[],
    mode: 'load' | 'refresh',
    lane: Lane,
  ): Promise<readonly ClaimReply[]>;
  fill(items: readonly FillItem[], lane: Lane): Promise<readonly ('done' | 'void')[] | Failure>;
  renew(
    leases: readonly { key: string; token: string }[],
  ): Promise<readonly ('done' | 'void')[] | Failure>;
  release(leases: readonly { key: string; token: string }[]): Promise<Failure | undefined>;
  /** The records of tags. Makes those that are missing, and extends those that would end within `lifeMs`. */
  tags(records: readonly { key: string; lifeMs: number }[]): Promise<readonly TagReply[]>;
  scan(cursor: string, glob: string): Promise<ScanPage | Failure>;
  /** Removes entries of ours with a version at or below `limit` (micros); void leases; keeps tombstones. `fingerprint`: of the key within its prefix. */
  sweep(items: readonly SweepItem[]): Promise<number | Failure>;
  /** Removes entries of ours that are of another generation than `generation`, with a version at or below `limit`. */
  sweepDead(items: readonly SweepItem[], generation: string): Promise<number | Failure>;
  /** Reads one key again, alone, outside of the batches, to tell shifted replies from a foreign entry. */
  recheck(key: string): Promise<SlotReply>;
  /** Reads the first `maxBytes` of a text that is no entry; '' if there is none. */
  readText(key: string, maxBytes: number): Promise<string | Failure>;
  /** Replaces a text that is no entry. It lives `lifeMs`. */
  writeText(key: string, text: string, lifeMs: number): Promise<Failure | undefined>;
  /** Ends the connection because replies no longer belong to their commands. */
  desync(what: string): Failure;
}

/** A key that is swept if its entry has this fingerprint and a version at or below `limit` (micros). */
export interface SweepItem {
  readonly key: string;
  readonly fingerprint: string;
  readonly limit: number;
}

export type DoorState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open'; readonly reason: CacheReason; readonly nextAttemptAt: number }
  | { readonly name: 'half-open'; readonly reason: CacheReason }
  | { readonly name: 'recovering'; readonly reason: CacheReason }
  /** Journal replayed; a new reign is not read until `until` (local, monotonic). Changes go to Redis. */
  | { readonly name: 'settling'; readonly reason: CacheReason; readonly until: number }
  | { readonly name: 'read-only'; readonly reason: CacheReason; readonly nextAttemptAt: number }
  | { readonly name: 'closed' }
  | { readonly name: 'shut' };

/** Where one server of a cluster is. */
export interface Place {
  /** `host:port`; '' while it is not known. */
  readonly address: string;
  /** Such as '0-5460'. */
  readonly slots: string;
}

/** One server, as the tiers see it. */
export interface Door {
  /** Present in a cluster. */
  readonly place?: Place | undefined;
  readonly state: DoorState;
  /** Present while replies of Redis may be believed. */
  readonly reader: Commands | undefined;
  /** Present while Redis takes changes (`closed` and `settling`). */
  readonly writer: Commands | undefined;
  readonly time: ServerTime;
  readonly generation: string;
  /** Whether keys can be found and removed (SCAN, UNLINK, DEL). Otherwise `bump` clears a pattern. */
  readonly canSweep: boolean;
  /** Life and reign of the connection, for labels. */
  readonly reign: { readonly life: string; readonly id: string };
  /** Present until the first attempt has ended. */
  readonly firstAttempt: Promise<void> | undefined;
  /**
   * Whether a recent heartbeat was answered (R8). A process that was suspended needs a new one first. As long as no
   * one asks, heartbeats may come every five seconds.
   */
  isProven(): boolean;
  /**
   * Sends a heartbeat at once, which all calls of this turn share. `true`: the data is still that of the same
   * reign.
   */
  prove(): Promise<boolean>;
  /** If Redis is used and has answered no heartbeat of the last half second, sends one; otherwise `undefined`. */
  look(): Promise<boolean> | undefined;
  /**
   * Makes a new generation (R4, clear()). Each try has a new id. Resolves to it, or to a Failure: outcome
   * unknown.
   */
  bump(): Promise<string | Failure>;
  /** Reports that a command failed. Refused writes change the state. `bytes`: the size of the write. */
  report(failure: Failure, bytes?: number): void;
}

/** Slots have moved. */
export interface Move {
  readonly from: Door;
  readonly to: Door;
}

/** The tiers, as a door sees them. Set by `start`. */
export interface DoorListener {
  /** The listener for one door of several. Absent: it is the same for all. */
  listenerFor?(door: Door): DoorListener;
  /** `doors` or `doorFor` have changed. New doors are not started yet, old ones not closed yet. */
  doorsChanged?(moves: readonly Move[]): void;
  /** Whether memory can answer a read of this key (prefix included) while Redis hesitates. */
  canSpare(key: string): boolean;
  stateChanged(door: Door, state: DoorState, previous: DoorState): void;
  failed(failure: Failure, kind: 'command' | 'connect' | 'probe'): void;
  /** An attempt to connect to Redis and to prove its data has ended. */
  attempted(isOk: boolean): void;
  /**
   * A heartbeat is about to be sent. The door calls the returned function with the label when the pair proves
   * the data.
   */
  beginFence(): (label: Label) => void;
  /**
   * Whether an acknowledged write is not fenced yet. Then the heartbeat increments the counter; otherwise it
   * only reads.
   */
  readonly hasUnfenced: boolean;
  /** Whether something must reach Redis, perhaps again (journal, batches). The door then tries again soon, and heartbeats do not rest. */
  readonly hasWork: boolean;
  /** Redis acknowledged a new generation of this process: label it like a write (R4). */
  bumped(door: Door): void;
  /** R3: compare batches and floor with the evidence. `'amnesia'`: the door makes a new generation. */
  judge(door: Door, evidence: Evidence): 'intact' | 'amnesia';
  /** R4: replay everything that must be in Redis before the first read. `false`: the connection did not survive. */
  replay(door: Door, commands: Commands): Promise<boolean>;
  /** The connection is usable for changes from now on (`settling`, `closed`). */
  opened(door: Door, commands: Commands): void;
}

/** Redis, whatever its topology. Building connects nothing; `start` begins. */
export interface Remote {
  /** How many seconds Redis took to answer commands, over all servers. */
  readonly commandTimes: Histogram;
  readonly doors: readonly Door[];
  doorFor(key: string): Door;
  /** What people should know although Redis is used. */
  readonly notice?: string | undefined;
  start(listener: DoorListener): void;
  close(): void;
}
