import type { CacheReason } from '../api/reason.js';
import type { Failure } from './failure.js';

/** Who waits for a command: a request (overtakes) or a bulk call. */
export type Lane = 'request' | 'bulk';

/** A moment by the server's clock, in microseconds, with what the estimate may be wrong by. `low` is the version to store, `high` the limit to compare with. Both grow from stamp to stamp of one process. */
export interface Stamp {
  readonly low: number;
  readonly high: number;
  /** The same moment, local and monotonic. */
  readonly at: number;
  /** How often the estimate had been found wrong. */
  readonly epoch: number;
}

export interface ServerTime {
  /** Milliseconds since 1970, by the server. */
  now(): number;
  /** The latest server time it can be now, in milliseconds. */
  latest(): number;
  /** The stamp of a change that is called now. Calls of one turn of the event loop share it. Never repeats or goes back after `newTurn`/`raiseFloor`. */
  stamp(): Stamp;
  /** The stamp as it would be made with what is known now: raised where the estimate was found to be behind since. */
  renewed(stamp: Stamp): Stamp;
  /** What the server's clock has shown, in microseconds, until it has caught up with it after it was set back; else 0. */
  readonly ceiling: number;
  /** This process has seen this version: what it changes from now on is newer, whatever the estimate says. */
  saw(version: number): void;
  /** The next stamp lies above `micros`. */
  raiseFloor(micros: number): void;
}

/** What is under a key in Redis: the text of the slot, `null`, or why it is not known. */
export type SlotReply = string | null | Failure;

/** One entry (or tombstone) on its way. `text` is complete: the sender writes the version. */
export interface WriteItem {
  readonly key: string; // complete, with prefix
  readonly text: string;
  readonly limit: number; // micros; a slot with a version above it is newer and stays
  readonly pxMs: number;
}
/** `'done'`: applied; `'older'`: something newer is there and stays; `'late'`: past its deadline (or the clock was set back), nothing happened. */
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

export interface ScanPage {
  readonly next: string;
  readonly keys: readonly string[];
}

/** What changes are pulled from when there is room in the window. Request changes before bulk ones. */
export interface ChangeSource {
  /** The next batch (at most `maxKeys` keys and `maxBytes` bytes, at least one key), or `undefined`: nothing to send. */
  next(lane: Lane, maxKeys: number, maxBytes: number): ChangeBatch | undefined;
}
export interface ChangeBatch {
  readonly items: readonly WriteItem[];
  /** Told once: an outcome per item, or one Failure for all (outcome unknown, or refused). */
  settled(outcomes: readonly WriteOutcome[] | Failure): void;
}

/** The commands of one live connection, batched by turn and limited by its window. Nothing rejects; everything settles. */
export interface Commands {
  /** `patienceMs` counts from the call; what was not answered by then settles with a Failure that `isImpatient` (no fault of Redis). */
  get(key: string): Promise<SlotReply>;
  /** Bulk: waits as long as Redis answers anything. */
  getMany(keys: readonly string[], lane: Lane): Promise<readonly SlotReply[]>;
  /** From now on batches are pulled from here whenever there is room. */
  setChangeSource(source: ChangeSource): void;
  /** The source has something. Sent at the end of this turn. */
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
  scan(cursor: string, glob: string): Promise<ScanPage | Failure>;
  /** Removes entries of ours with a version at or below `limit` (micros); void leases; keeps tombstones. `fingerprint`: of the key within its prefix. */
  sweep(
    items: readonly { key: string; fingerprint: string; limit: number }[],
  ): Promise<number | Failure>;
  /** Removes entries of ours that are of another generation than `generation`, with a version at or below `limit`. */
  sweepDead(
    items: readonly { key: string; fingerprint: string; limit: number }[],
    generation: string,
  ): Promise<number | Failure>;
  /** Asks for one key again, alone, past the batches: tells shifted replies from a foreign entry. */
  recheck(key: string): Promise<SlotReply>;
  /** Ends the connection because replies no longer belong to their commands. */
  desync(what: string): Failure;
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

/** The label of acknowledged writes: the reign they belong to and the count of the fence that came after them. */
export interface Label {
  readonly life: string;
  readonly reign: string;
  readonly count: number;
}
export interface ReignEntry {
  readonly id: string;
  readonly life: string;
  readonly base: number;
  readonly openedAt: number;
}
/** What a connection shows (R2, R3). */
export interface Evidence {
  readonly life: string;
  readonly chain: readonly ReignEntry[];
  readonly count: number;
  readonly serial: number;
  /** The generation found is older than the one this process knew. The door flushes by a new one. */
  readonly isOlderGeneration: boolean;
}

/** One server, as the tiers see it. */
export interface Door {
  readonly state: DoorState;
  /** Present while what Redis says may be believed. */
  readonly reader: Commands | undefined;
  /** Present while Redis takes changes (`closed` and `settling`). */
  readonly writer: Commands | undefined;
  readonly time: ServerTime;
  readonly generation: string;
  /** Whether keys can be looked for and removed (SCAN, UNLINK, DEL). Else a pattern is cleared by `bump`. */
  readonly canSweep: boolean;
  /** Life and reign of the connection, for labels. */
  readonly reign: { readonly life: string; readonly id: string };
  /** Until the first attempt has ended. */
  readonly firstAttempt: Promise<void> | undefined;
  /** Whether a heartbeat was answered lately (R8); a process that was suspended must hear one first. */
  isProven(): boolean;
  /** A heartbeat at once; `true`: the data is still that of the same reign. Shared by all who ask together. */
  prove(): Promise<boolean>;
  /** A new generation (R4, clear()). Each try has a new id. Resolves to it, or to a Failure: outcome unknown. */
  bump(): Promise<string | Failure>;
  /** A command failed: counts it; refused writes change the state. `bytes`: what was to be written. */
  report(failure: Failure, bytes?: number): void;
}

/** What a door asks and tells the tiers. Set by `start`. */
export interface DoorListener {
  /** Whether the reader of a key (prefix included) can be served without Redis, should Redis hesitate. */
  canSpare(key: string): boolean;
  stateChanged(door: Door, state: DoorState, previous: DoorState): void;
  failed(failure: Failure, kind: 'command' | 'connect' | 'probe'): void;
  /** A heartbeat is about to be sent; the returned function is called with the label once the pair was answered well. */
  beginFence(): (label: Label) => void;
  /** Whether something acknowledged is not fenced yet (then the heartbeat counts; else it only reads). */
  readonly hasUnfenced: boolean;
  /** Whether something must reach Redis, or may have to again (journal, batches): the door then returns soon. */
  readonly hasWork: boolean;
  /** Redis acknowledged a new generation, whoever asked for it: label it like a write (R4). */
  bumped(door: Door): void;
  /** R3: judge batches and floor against what is there. `'amnesia'`: the door flushes by a new generation. */
  judge(door: Door, evidence: Evidence): 'intact' | 'amnesia';
  /** R4: replay everything that must be in Redis before anybody reads. `false`: the connection did not survive. */
  replay(door: Door, commands: Commands): Promise<boolean>;
  /** The connection is usable for changes from now on (`settling`, `closed`). */
  opened(door: Door, commands: Commands): void;
}

/** Redis, whatever its topology. Building connects nothing; `start` begins. */
export interface Remote {
  readonly doors: readonly Door[];
  doorFor(key: string): Door;
  start(listener: DoorListener): void;
  close(): void;
}
