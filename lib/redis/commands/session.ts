import type { Clock } from '../../core/time/clock.js';
import { entryHead } from '../../entry/entry.js';
import { fingerprint } from '../../entry/fingerprint.js';
import { RESERVED } from '../../entry/layout.js';
import type { Connection } from '../connection/connection.js';
import { Failure } from '../failure.js';
import type * as Port from '../remote.js';
import type { ServerTime } from '../server-time.js';
import { Echoes } from './batches/echoes.js';
import { ScriptRunner } from './batches/script-runner.js';
import { SendingTimes } from './batches/sending-times.js';
import { ChangeWriter } from './change-writer.js';
import { Claims } from './claims.js';
import { Pipeline } from './flow/pipeline.js';
import { ReplyGuard } from './flow/reply-guard.js';
import { KeptTexts } from './kept-texts.js';
import { type LeaseName, Leases } from './leases.js';
import { BulkReads } from './reads/bulk-reads.js';
import { slotOf } from './reads/read-replies.js';
import { SingleReads } from './reads/single-reads.js';
import { type Opening, RecordCommands, type Records } from './records.js';
import { parseTime } from './replies.js';
import { ServerNews } from './server-news.js';
import type { SlotOf } from './slots/group-by-slot.js';
import { Sweeps } from './sweeps.js';
import { TagRecords, type TagRequest } from './tag-records.js';

export interface SessionOptions {
  readonly prefix: string;
  /** The hash tag of the package's own keys: it says which slot of a cluster they are in. @default 'ech' */
  readonly tag?: string | undefined;
  /** Present in a cluster: keys of several slots may not share a command. */
  readonly slotOf?: SlotOf | undefined;
  readonly clock: Clock;
  readonly time: Pick<ServerTime, 'now' | 'latest' | 'ceiling' | 'observe'>;
  readonly commandTimeoutMs: number;
  /** The largest value that we send. */
  readonly maxValueBytes: number;
  /** The generation that entries must have now. */
  readonly generation: () => string;
  /** Whether memory can answer a read of this key (with prefix) while Redis hesitates. */
  readonly spare: (key: string) => boolean;
}

const TAG = 'ech';

/**
 * The typed commands of one connection. Keys are complete (prefix included). Nothing rejects. A reply of the
 * wrong shape, or with another command's echo, means that replies no longer belong to their commands, and the
 * connection ends. A call on a connection that has ended settles with the reason.
 */
export class Session implements Port.Commands {
  readonly connection: Connection;
  readonly news: ServerNews | undefined;
  readonly #own: string;
  readonly #guard: ReplyGuard;
  readonly #pipeline: Pipeline;
  readonly #gets: SingleReads;
  readonly #bulk: BulkReads;
  readonly #changes: ChangeWriter;
  readonly #claims: Claims;
  readonly #leases: Leases;
  readonly #sweeps: Sweeps;
  readonly #tags: TagRecords;
  readonly #records: RecordCommands;
  readonly #texts: KeptTexts;

  constructor(connection: Connection, options: SessionOptions) {
    const { prefix, clock, commandTimeoutMs, maxValueBytes, spare, time, slotOf } = options;
    this.#own = `${prefix}${RESERVED}{${options.tag ?? TAG}}:`;
    const headOf = (key: string): string =>
      entryHead(options.generation(), fingerprint(key.slice(prefix.length)));
    const guard = new ReplyGuard(connection);
    const pipeline = new Pipeline(connection, clock);
    const runner = new ScriptRunner(pipeline, guard, slotOf);
    const times = new SendingTimes({ time, commandTimeoutMs, maxValueBytes, pipeline });
    const echoes = new Echoes();
    const reads = { pipeline, guard, clock, commandTimeoutMs, spare, slotOf };
    this.connection = connection;
    this.news = connection.hearsMessages ? new ServerNews(reads) : undefined;
    this.#guard = guard;
    this.#pipeline = pipeline;
    this.#gets = new SingleReads(reads);
    this.#bulk = new BulkReads(reads);
    this.#claims = new Claims(runner, echoes, { clock, time, headOf });
    this.#leases = new Leases(runner, echoes, times);
    this.#changes = new ChangeWriter(runner, times);
    this.#sweeps = new Sweeps(runner, echoes, prefix + RESERVED);
    this.#tags = new TagRecords(runner, echoes, headOf);
    this.#records = new RecordCommands(runner, this.#own);
    this.#texts = new KeptTexts(pipeline, guard);
    connection.listen({ ended: () => this.#end(), hesitating: () => this.#spareAll() });
  }

  get unanswered(): number {
    return this.connection.unanswered;
  }

  get callersPatienceMs(): number {
    return this.connection.callersPatienceMs;
  }

  get(key: string): Promise<Port.SlotReply> {
    return this.#gets.get(key);
  }

  getMany(keys: readonly string[], lane: Port.Lane): Promise<readonly Port.SlotReply[]> {
    return this.#bulk.getMany(keys, lane);
  }

  setChangeSource(source: Port.ChangeSource): void {
    this.#changes.setSource(source);
  }

  wake(): void {
    this.#pipeline.wake();
  }

  claim(
    keys: readonly string[],
    mode: 'load' | 'refresh',
    lane: Port.Lane,
  ): Promise<readonly Port.ClaimReply[]> {
    return this.#claims.claim(keys, mode, lane);
  }

  fill(
    items: readonly Port.FillItem[],
    lane: Port.Lane,
  ): Promise<readonly ('done' | 'void')[] | Failure> {
    return this.#leases.fill(items, lane);
  }

  renew(leases: readonly LeaseName[]): Promise<readonly ('done' | 'void')[] | Failure> {
    return this.#leases.renew(leases);
  }

  release(leases: readonly LeaseName[]): Promise<Failure | undefined> {
    return this.#leases.release(leases);
  }

  tags(requests: readonly TagRequest[]): Promise<readonly Port.TagReply[]> {
    return this.#tags.ensure(requests);
  }

  scan(cursor: string, glob: string): Promise<Port.ScanPage | Failure> {
    return this.#sweeps.scan(cursor, glob);
  }

  sweep(items: readonly Port.SweepItem[]): Promise<number | Failure> {
    return this.#sweeps.sweep(items);
  }

  sweepDead(items: readonly Port.SweepItem[], generation: string): Promise<number | Failure> {
    return this.#sweeps.sweepDead(items, generation);
  }

  async recheck(key: string): Promise<Port.SlotReply> {
    const reply = await this.#pipeline.direct(['GET', key]);
    return slotOf(reply, { pipeline: this.#pipeline, guard: this.#guard });
  }

  readText(key: string, maxBytes: number): Promise<string | Failure> {
    return this.#texts.read(key, maxBytes);
  }

  writeText(key: string, text: string, lifeMs: number): Promise<Failure | undefined> {
    return this.#texts.write(key, text, lifeMs);
  }

  ownKey(name: string): string {
    return this.#own + name;
  }

  desync(what: string): Failure {
    return this.#guard.desync(what);
  }

  open(opening: Opening): Promise<Records | Failure> {
    return this.#records.open(opening);
  }

  fence(reign: string): Promise<Records | Failure> {
    return this.#records.fence(reign);
  }

  bump(random: string, serial: number): Promise<Records | Failure> {
    return this.#records.bump(random, serial);
  }

  /** Reads both records without changing them. */
  readRecords(): Promise<Records | Failure> {
    return this.#records.read();
  }

  /** A section of INFO. It may be forbidden. */
  async info(section: string): Promise<string | Failure> {
    const reply = await this.#pipeline.direct(['INFO', section]);
    if (reply instanceof Failure || typeof reply === 'string') return reply;
    return this.desync('an odd reply to INFO');
  }

  /** The server's time in microseconds. It may be forbidden. */
  async time(): Promise<number | Failure> {
    const reply = await this.#pipeline.direct(['TIME']);
    return reply instanceof Failure
      ? reply
      : (parseTime(reply) ?? this.desync('an odd reply to TIME'));
  }

  /** Any command, at once: probes. Resolves to the reply or to a `Failure`. */
  send(args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#pipeline.direct(args);
  }

  /** The probe found out what the server can do. */
  adapt({ mget }: { readonly mget: boolean }): void {
    if (mget) return;
    this.#gets.askOneByOne();
    this.news?.askOneByOne();
    this.#bulk.askOneByOne();
  }

  /** Ends the connection and calls `onLost`. */
  lose(failure: Failure): void {
    this.connection.lose(failure);
  }

  /** Ends the connection without calling `onLost`. */
  dispose(failure?: Failure): void {
    this.connection.dispose(failure);
  }

  #spareAll(): void {
    this.#gets.spareAll();
    this.news?.spareAll();
    this.#bulk.spareAll();
  }

  #end(): void {
    this.#pipeline.end();
    this.#gets.cancel();
    this.news?.cancel();
  }
}
