import type { ServerResponse } from 'node:http';
import { inBackground } from '../../core/background.js';
import type { Timer } from '../../core/time/clock.js';
import { pageData } from './page-data.js';
import { SAMPLE_EVERY_MS, Watch, type WatchParts } from './watch.js';

const TICK_MS = 1_000;
/** Checks cost queries, so they run less often than the numbers are read. */
const LOOK_EVERY_TICKS = 5;
const MAX_CLIENTS = 20;
/** Ticks. */
const MAX_UNREAD = 30;

/**
 * The data of the live page: sampled each 15 s always, so that history is there when a person comes, and each
 * second while a person looks. Its timers do not keep the process alive.
 */
export class LivePage {
  readonly watch: Watch;
  readonly #parts: WatchParts;
  /** How often in a row a client had not read the message before. */
  readonly #clients = new Map<ServerResponse, number>();
  #isEnding = false;
  #ticker: Timer | undefined;
  #ticks = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.watch = new Watch(parts);
  }

  /** Begins to sample. The first run of the checks is later, when what they check may be connected. */
  start(): void {
    inBackground(() => {
      this.watch.begin();
      this.#sampleLater();
    });
  }

  /** Runs the checks whose verdict is too old. */
  refresh(): Promise<void> {
    return this.watch.look(false);
  }

  /** Whether one more client may look. */
  get hasRoom(): boolean {
    return this.#clients.size < MAX_CLIENTS;
  }

  json(): string {
    return JSON.stringify(this.#data(true));
  }

  /** Sends the data at once, and again each second until the client leaves (server-sent events). */
  stream(res: ServerResponse): void {
    this.#clients.set(res, 0);
    res.on('close', () => {
      this.#clients.delete(res);
    });
    res.write(messageOf(this.json()));
    // It would delay the shutdown.
    if (this.#isEnding) res.end();
    if (this.#ticker === undefined) inBackground(() => this.#schedule());
  }

  /** Ends every stream, so that none delays a shutdown. */
  endStreams(): void {
    this.#isEnding = true;
    for (const res of this.#clients.keys()) res.end();
  }

  #sampleLater(): void {
    this.#parts.clock.setTimer(() => {
      void this.watch.look(true);
      this.#sampleLater();
    }, SAMPLE_EVERY_MS);
  }

  #schedule(): void {
    this.#ticker = this.#parts.clock.setTimer(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    this.#ticker = undefined;
    if (this.#clients.size === 0) return;
    this.#ticks++;
    if (this.#ticks % LOOK_EVERY_TICKS === 0) void this.watch.look(false);
    const isWhole = this.#ticks % (SAMPLE_EVERY_MS / TICK_MS) === 0;
    const message = messageOf(JSON.stringify(this.#data(isWhole)));
    for (const [res, unread] of this.#clients) this.#send(message, res, unread);
    this.#schedule();
  }

  /** A client that does not read gets nothing more until it does, and does not keep its place for ever. */
  #send(message: string, res: ServerResponse, unread: number): void {
    if (unread >= MAX_UNREAD) res.destroy();
    else if (res.writableNeedDrain) this.#clients.set(res, unread + 1);
    else {
      this.#clients.set(res, 0);
      res.write(message);
    }
  }

  #data(isWhole: boolean): object {
    return pageData(this.watch, this.#parts.clock.wallNow(), isWhole);
  }
}

function messageOf(json: string): string {
  return `data: ${json}\n\n`;
}
