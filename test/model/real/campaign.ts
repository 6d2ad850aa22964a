import fc from 'fast-check';
import { RedisServer } from '../../support/redis-server.js';
import { describeHistory, type History, history } from './history.js';
import { type Outcome, play } from './play.js';

export interface Campaign {
  readonly runs: number;
  readonly seed: number;
  /** Where in the tree of histories to begin: what a failure printed. */
  readonly path?: string;
  /** No history is begun after this long. */
  readonly limitMs?: number;
  /** Once something has failed, how long smaller histories that fail as well are looked for. */
  readonly shrinkMs?: number;
}

export interface Report {
  readonly runs: number;
  /** `undefined`: every history passed. */
  readonly failure: string | undefined;
}

/** Plays generated histories, one after the other, on a server of their own. */
export async function campaign(options: Campaign): Promise<Report> {
  const server = await RedisServer.start();
  let last: Outcome | undefined;
  let shrinkUntil = Number.POSITIVE_INFINITY;
  let playing: Promise<unknown> = Promise.resolve();
  let first: unknown;
  const property = fc.asyncProperty(history, async (generated) => {
    fc.pre(performance.now() < shrinkUntil);
    const run = perform(generated);
    playing = run.catch((error: unknown) => {
      first ??= error;
    });
    await run;
  });
  const perform = async (generated: History): Promise<void> => {
    const outcome = await play(generated, server);
    if (outcome.violations.length === 0) return;
    last = outcome;
    shrinkUntil = Math.min(shrinkUntil, performance.now() + (options.shrinkMs ?? 60_000));
    throw new Error(outcome.violations.join('\n'));
  };
  const { runs, seed, path, limitMs } = options;
  const result = await fc.check(property, {
    numRuns: runs,
    seed,
    ...(path === undefined ? {} : { path }),
    ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs }),
  });
  // The limit does not wait for the history that it interrupts.
  await playing;
  await server.stop();
  if (!result.failed) return { runs: result.numRuns, failure: undefined };
  const script = result.counterexample?.[0];
  const failure = [
    textOf(result.errorInstance),
    '',
    `What failed first: ${first instanceof Error ? first.stack : textOf(first)}`,
    '',
    `The smallest history found (replay: npm run test:model -- --seed ${result.seed} --path ${result.counterexamplePath}):`,
    script === undefined ? '' : describeHistory(script),
    '',
    'What happened when it failed last:',
    ...(last?.trace ?? []),
  ].join('\n');
  return { runs: result.numRuns, failure };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
