import { warmingOf } from '../checker/cache-result.js';
import { type Examination, isServing } from '../checker/checker.js';
import type { Ask } from './ask.js';
import { ALLOWED, type Answer } from './respond.js';
import { viewOf } from './view.js';
import { jsonWriter } from './writers/json-writer.js';
import type { View, Writer } from './writers/writer.js';

type Handler = (ask: Ask) => Answer | Promise<Answer>;

interface Route {
  /** Whether a name follows in the path. */
  readonly isNamed: boolean;
  readonly answer: Handler;
}

/** Every path below where the router is mounted. A Map, because a client may ask for `/constructor`. */
export const ROUTES: ReadonlyMap<string, Route> = new Map([
  ['', { isNamed: false, answer: report }],
  ['live', { isNamed: false, answer: liveness }],
  ['ready', { isNamed: false, answer: readiness }],
  ['startup', { isNamed: false, answer: startup }],
  ['check', { isNamed: true, answer: single }],
]);

const COMMON: Readonly<Record<string, string>> = Object.freeze({ Allow: ALLOWED, Vary: 'Accept' });

/** Looks at nothing: a restart helps no dependency. */
function liveness({ writer }: Ask): Answer {
  return answerOf(200, writer, writer.word(true));
}

async function report(ask: Ask): Promise<Answer> {
  const view = await viewOf(ask, () => true);
  const examination = await examine(ask, view, false);
  const code = ask.config.statusCodes[examination.status];
  const body = ask.writer.render(examination, view);
  return { ...answerOf(code, ask.writer, body), headers: headersFor(examination) };
}

async function readiness(ask: Ask): Promise<Answer> {
  const view = await viewOf(ask, ({ critical }) => critical);
  const examination = await examine(ask, view, true);
  const progress = isServing(examination.status) ? warmingOf(ask.cache) : undefined;
  if (progress !== undefined) {
    const waiting = answerOf(503, ask.writer, ask.writer.warming(progress));
    return { ...waiting, headers: { ...COMMON, 'Retry-After': '1' } };
  }
  const code = isServing(examination.status) ? 200 : 503;
  const body = ask.writer.readiness(examination, view);
  return { ...answerOf(code, ask.writer, body), headers: headersFor(examination) };
}

/** Start-up succeeds once and for all. Later failures show in readiness. */
async function startup({ checker, writer }: Ask): Promise<Answer> {
  if (!checker.hasStarted) {
    await checker.examine({ cache: undefined, isCriticalOnly: true, excluded: new Set() });
  }
  const { hasStarted } = checker;
  return answerOf(hasStarted ? 200 : 503, writer, writer.word(hasStarted));
}

/** One check alone. A client that may not see details may not learn which checks there are. */
async function single(ask: Ask): Promise<Answer> {
  const { cache, checker, target, writer } = ask;
  const [asked] = target.rest;
  const isAsked = (name: string): boolean => name.toLowerCase() === asked;
  const view = await viewOf(ask, (check) => isAsked(check.name));
  const known = cache === undefined ? checker.names : [...checker.names, 'cache'];
  const name = known.find(isAsked);
  if (name === undefined || !view.isDetailed) return problem(404, 'no such check');
  const excluded = new Set(known.filter((other) => other !== name));
  const examination = await checker.examine({ cache, isCriticalOnly: false, excluded });
  const isDown = examination.findings.some(({ result }) => result.status === 'down');
  const code = isDown || checker.isShuttingDown ? 503 : 200;
  const body = writer.render(examination, view);
  return { ...answerOf(code, writer, body), headers: headersFor(examination) };
}

function examine(
  { cache, checker, target }: Ask,
  { isDetailed }: View,
  isCriticalOnly: boolean,
): Promise<Examination> {
  const excluded = new Set(isDetailed ? target.params.getAll('exclude') : []);
  return checker.examine({ cache, isCriticalOnly, excluded });
}

function answerOf(code: number, { contentType }: Writer, body: string): Answer {
  return { code, contentType, body, headers: COMMON };
}

function headersFor({ status }: Examination): Readonly<Record<string, string>> {
  if (status === 'degraded') return { ...COMMON, 'x-envoy-degraded': 'true' };
  if (status === 'shutting_down') return { ...COMMON, Connection: 'close', 'Retry-After': '5' };
  return COMMON;
}

/** An answer that is not about health, always in JSON. */
export function problem(code: number, message?: string): Answer {
  const { contentType } = jsonWriter;
  return { code, contentType, body: jsonWriter.word(false, message), headers: { Allow: ALLOWED } };
}
