import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockStepLibrary } from './clock-step/compile.js';
import { RedisServer, type RedisServerOptions } from './redis-server.js';

const NUMBERS = 2;
const NUMBER_BYTES = 8;

/** Whether there is a way to move a server's clock here. */
export const CAN_STEP_CLOCKS = process.platform === 'linux';

/** A redis-server whose wall clock the test moves; its timers go on as ever. */
export class SteppedRedis {
  readonly server: RedisServer;
  readonly #dir: string;
  readonly #file: number;
  #addedMs = 0;
  #standsAtMs: number | undefined;

  private constructor(server: RedisServer, dir: string, file: number) {
    this.server = server;
    this.#dir = dir;
    this.#file = file;
  }

  static async start(options: RedisServerOptions = {}): Promise<SteppedRedis> {
    const library = await clockStepLibrary();
    const dir = mkdtempSync(join(tmpdir(), 'stepped-redis-'));
    const path = join(dir, 'clock');
    const file = openSync(path, 'w+');
    writeNumbers(file, 0, 0);
    const env = { ...options.env, LD_PRELOAD: library, CLOCK_STEP_FILE: path };
    const server = await RedisServer.start({ ...options, env });
    return new SteppedRedis(server, dir, file);
  }

  get url(): string {
    return this.server.url;
  }

  /** The clock jumps, forward or back, and goes on from there. It stays so when the server is restarted. */
  stepClock(ms: number): void {
    this.#addedMs += ms;
    if (this.#standsAtMs !== undefined) this.#standsAtMs += ms;
    this.#write();
  }

  /** The clock stands still from now on, at this time (milliseconds since 1970), and moves by `stepClock` alone. */
  freezeClock(atMs: number): void {
    this.#standsAtMs = atMs;
    this.#write();
  }

  /** The clock is right, and runs. */
  setClockRight(): void {
    this.#addedMs = 0;
    this.#standsAtMs = undefined;
    this.#write();
  }

  async stop(): Promise<void> {
    await this.server.stop();
    closeSync(this.#file);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #write(): void {
    writeNumbers(this.#file, this.#addedMs, this.#standsAtMs ?? 0);
  }
}

function writeNumbers(file: number, ...ms: readonly number[]): void {
  const bytes = Buffer.alloc(NUMBERS * NUMBER_BYTES);
  ms.forEach((value, i) => {
    bytes.writeBigInt64LE(BigInt(Math.round(value * 1_000)), i * NUMBER_BYTES);
  });
  writeSync(file, bytes, 0, bytes.length, 0);
}
