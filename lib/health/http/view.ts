import type { CheckConfig } from '../checker/check-runner.js';
import type { Checker } from '../checker/checker.js';
import type { Ask } from './ask.js';
import type { View } from './writers/writer.js';

/** At most this many unknown names are echoed back. */
const MAX_ECHOED = 10;

const MAX_NAME = 50;

/** What the client may see. `wanted` says which checks the route will look at. */
export async function viewOf(ask: Ask, wanted: (check: CheckConfig) => boolean): Promise<View> {
  const { checker, target } = ask;
  const isDetailed = await mayDetail(ask, wanted);
  return {
    isDetailed,
    isVerbose: target.params.has('verbose'),
    unknownExcluded: unknownNames(checker, target.params.getAll('exclude')),
    history: isDetailed && target.params.has('history') ? checker.history.changes : undefined,
  };
}

/** The checks run while `authorize` decides, so that a slow one does not keep a probe waiting. */
function mayDetail(
  { config, checker, req }: Ask,
  wanted: (check: CheckConfig) => boolean,
): boolean | Promise<boolean> {
  if (config.details !== 'authorized') return config.details;
  return checker.alongside(wanted, async () => (await config.authorize(req)) === true, false);
}

function unknownNames(checker: Checker, excluded: readonly string[]): string[] {
  const known = new Set([...checker.names, 'cache']);
  return excluded
    .filter((name) => !known.has(name))
    .slice(0, MAX_ECHOED)
    .map((name) => name.replace(/[^\w-]/g, '?').slice(0, MAX_NAME));
}
