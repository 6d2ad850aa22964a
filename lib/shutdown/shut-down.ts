import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep, within } from '../core/time/wait.js';
import { type Closing, closeServer } from './close-server.js';
import type { ShutdownConfig } from './shutdown-options.js';

/** The share of `timeout` that is kept for the clean-up, and its limit. */
const CLEAN_UP_SHARE = 0.25;
const LONGEST_CLEAN_UP_MS = 5_000;

export interface ShutdownCall {
  /** A signal ends the process afterwards. */
  readonly isBySignal: boolean;
}

/**
 * The steps of a shutdown, in order. Each runs even if the one before failed. Returns how many requests lost
 * their answer; rejects with the first error of a step.
 */
export async function shutDown(
  closing: Closing,
  config: ShutdownConfig,
  call: ShutdownCall,
): Promise<number> {
  const { clock } = closing;
  const endsAt = clock.now() + config.timeoutMs;
  let lost = 0;
  const failures = await inTurn([
    () => beginToClose(closing, config),
    () => drain(closing, config, call),
    async () => {
      lost = await closeServer(closing, endsAt - cleanUpMs(config));
    },
    // A cache that does not close must not use up the time of the user's own clean-up.
    () => closeCache(closing, config, (endsAt - clock.now()) / 2),
    () => config.onSignal(),
  ]);
  if (failures.length > 0) throw failures[0];
  return lost;
}

async function inTurn(steps: readonly (() => unknown)[]): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

async function closeCache(
  { clock }: Closing,
  config: ShutdownConfig,
  limitMs: number,
): Promise<void> {
  await within(Promise.resolve(config.closeCache()), { clock, ms: limitMs }, () => {
    throw new Error('the cache did not close in time');
  });
}

function cleanUpMs({ timeoutMs, drainDelayMs }: ShutdownConfig): number {
  return Math.min(LONGEST_CLEAN_UP_MS, timeoutMs * CLEAN_UP_SHARE, timeoutMs - drainDelayMs);
}

function beginToClose({ server, connections }: Closing, config: ShutdownConfig): void {
  connections.look();
  // A balancer that has taken the instance out still uses its open connections.
  server.prependListener('request', closeAfterAnswer);
  config.beginShutdown();
}

function closeAfterAnswer(_req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('Connection', 'close');
}

/**
 * Gives the balancer time to notice. If no client was connected for that long there is no balancer, so a
 * process that a watcher restarts at each save ends at once.
 */
async function drain(
  { connections, clock }: Closing,
  { drainDelayMs }: ShutdownConfig,
  { isBySignal }: ShutdownCall,
): Promise<void> {
  if (isBySignal && (await connections.wereAbsentFor(drainDelayMs))) return;
  await sleep(clock, drainDelayMs);
}
