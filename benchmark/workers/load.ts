// The visitors. A closed loop of connections, each asking again when it was answered, finds the throughput (`rate` is
// what they want in all; without one they ask as fast as they can). An open loop that asks by the clock, whatever
// became of the last request, finds how long a visitor waits.

import { serve } from '../lib/rpc.js';
import { now, sleep } from '../lib/time.js';
import { seeded, zipf } from '../lib/values.js';
import { REFUSED, type RequestLog, RequestLogger, Visitor } from '../lib/visitor.js';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Requests a second of the closed loop; 0: as many as it gets. */
  readonly rate: number;
  /** Requests a second of the open loop. */
  readonly perSecond: number;
  readonly keys: number;
  /** Of Zipf's law. */
  readonly exponent: number;
  readonly seed: number;
}

export interface LoadLog {
  readonly closed: RequestLog;
  readonly open: RequestLog;
}

/** How far a connection that was kept waiting may catch up. */
const CATCH_UP_MS = 100;
const RETRY_MS = 20;

let isRunning = false;
let closed: RequestLogger;
let open: RequestLogger;
const visitors: Visitor[] = [];

function visit(port: number): Visitor {
  const visitor = new Visitor(port);
  visitors.push(visitor);
  return visitor;
}

/** Visitors come through a proxy that keeps its connections: the accepting of new ones is not measured. */
async function connectAll({ port, connections }: LoadOptions): Promise<Visitor[]> {
  const opened = Array.from({ length: connections }, () => visit(port));
  await Promise.all(opened.map((visitor) => visitor.connect()));
  return opened;
}

function everyMillisecond(tick: () => void): void {
  if (!isRunning) return;
  tick();
  setTimeout(() => everyMillisecond(tick), 1);
}

function runClosed({ rate }: LoadOptions, opened: readonly Visitor[], draw: () => number): void {
  const pauseMs = rate > 0 ? (opened.length / rate) * 1_000 : 0;
  const due: { readonly at: number; readonly ask: () => void }[] = [];
  for (const [i, visitor] of opened.entries()) {
    let nextAt = now() + (i / opened.length) * pauseMs;
    const ask = (): void => {
      if (!isRunning) return;
      const end = closed.begin(now());
      visitor.ask(draw(), (outcome) => {
        end(outcome);
        nextAt = Math.max(nextAt + pauseMs, now() - CATCH_UP_MS);
        if (outcome === REFUSED) setTimeout(ask, RETRY_MS);
        else if (nextAt <= now()) ask();
        else due.push({ at: nextAt, ask });
      });
    };
    due.push({ at: nextAt, ask });
  }
  everyMillisecond(() => {
    const at = now();
    for (const one of due.splice(0)) {
      if (one.at <= at) one.ask();
      else due.push(one);
    }
  });
}

function runOpen(options: LoadOptions, idle: Visitor[], draw: () => number): void {
  const { port, perSecond } = options;
  const startedAt = now();
  let sent = 0;
  const ask = (scheduledAt: number): void => {
    const visitor = idle.pop() ?? visit(port);
    const end = open.begin(scheduledAt);
    visitor.ask(draw(), (outcome) => {
      end(outcome);
      idle.push(visitor);
    });
  };
  everyMillisecond(() => {
    const due = Math.floor(((now() - startedAt) / 1_000) * perSecond);
    for (; sent < due; sent++) ask(startedAt + ((sent + 1) / perSecond) * 1_000);
  });
}

const operations = {
  async start(options: LoadOptions): Promise<void> {
    const inLoop = await connectAll(options);
    const byTheClock = await connectAll(options);
    await sleep(100);
    const draw = zipf(options.keys, options.exponent, seeded(options.seed));
    isRunning = true;
    closed = new RequestLogger();
    open = new RequestLogger();
    runClosed(options, inLoop, draw);
    runOpen(options, byTheClock, draw);
  },
  stop(): LoadLog {
    isRunning = false;
    const result = { closed: closed.log, open: open.log };
    for (const visitor of visitors) visitor.close();
    return result;
  },
};

export type LoadOperations = typeof operations;
serve(operations);
