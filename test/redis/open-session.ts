import { systemClock } from '../../lib/core/time/clock.js';
import { Session } from '../../lib/redis/commands/session.js';
import { makeClient } from '../../lib/redis/connection/client.js';
import { openConnection } from '../../lib/redis/connection/handshake.js';
import { Failure } from '../../lib/redis/failure.js';
import type { ChangeBatch, Lane, WriteItem, WriteOutcome } from '../../lib/redis/remote.js';
import type { ServerTime } from '../../lib/redis/server-time.js';

export const PREFIX = 'app:';
export const GENERATION = 'gen001';

export interface OpenSession {
  readonly session: Session;
  /** Why the connection was lost. */
  readonly lost: string[];
  /** How far the server's clock seems to be ahead. */
  step(ms: number): void;
  /** The server's clock has to catch up with what it has shown. */
  setBack(): void;
}

export async function openSession(port: number, commandTimeoutMs: number): Promise<OpenSession> {
  const lost: string[] = [];
  let stepMs = 0;
  let ceiling = 0;
  const time: Pick<ServerTime, 'now' | 'latest' | 'ceiling' | 'observe'> = {
    now: () => Date.now() + stepMs,
    latest: () => Date.now() + stepMs + 5,
    get ceiling() {
      return ceiling;
    },
    observe: () => {},
  };
  const onLost = (_: unknown, failure: Failure): void => void lost.push(failure.reason);
  const client = makeClient({ url: `redis://127.0.0.1:${port}` });
  const opened = await openConnection(
    client,
    { clock: systemClock, commandTimeoutMs, onLost },
    () => {},
  );
  if (opened instanceof Failure) throw opened.error;
  const session = new Session(opened, {
    prefix: PREFIX,
    clock: systemClock,
    time,
    commandTimeoutMs,
    maxValueBytes: 32 * 1_024 * 1_024,
    generation: () => GENERATION,
    spare: () => false,
  });
  const step = (ms: number): void => {
    stepMs = ms;
  };
  const setBack = (): void => {
    ceiling = Number.MAX_SAFE_INTEGER;
  };
  return { session, lost, step, setBack };
}

/** Gives a session changes, and resolves to what became of each. */
export function writeAll(
  session: Session,
  items: readonly WriteItem[],
  lane: Lane = 'request',
): Promise<readonly (WriteOutcome | Failure)[]> {
  return new Promise((resolve) => {
    const all: (WriteOutcome | Failure)[] = [];
    let next = 0;
    const take = (maxKeys: number, maxBytes: number): ChangeBatch => {
      const from = next;
      let bytes = 0;
      while (next < items.length && next - from < maxKeys && bytes < maxBytes) {
        bytes += items[next++]?.text.length ?? 0;
      }
      const batch = items.slice(from, next);
      const settled = (outcomes: readonly WriteOutcome[] | Failure): void => {
        all.push(
          ...batch.map((_, i) =>
            outcomes instanceof Failure ? outcomes : (outcomes[i] as WriteOutcome),
          ),
        );
        if (all.length === items.length) resolve(all);
      };
      return { items: batch, settled };
    };
    session.setChangeSource({
      next: (asked, maxKeys, maxBytes) =>
        asked === lane && next < items.length ? take(maxKeys, maxBytes) : undefined,
    });
  });
}
