// The visitors. A closed loop of connections, each asking again when it was answered, finds the throughput
// (`rate` is what they want in all; without one they ask as fast as they can); an open loop that asks by
// the clock, whatever came of the last, finds what a visitor waits.

import { createConnection } from 'node:net';
import { serve } from '../lib/rpc.mjs';
import { seeded, zipf } from '../lib/values.mjs';

const OK = 0;
const FAILED = 1;
const REFUSED = 2;
const WRONG = 3;

/** A keep-alive connection that carries one request at a time: a few lines of HTTP cost little of the other core. */
class Line {
  #port;
  #socket;
  #text = '';
  #expect = '';
  #done;

  constructor(port) {
    this.#port = port;
  }

  /** Connects, so that the first request need not. */
  connect() {
    this.#open();
    return new Promise((resolve) => this.#socket.once('connect', resolve).once('close', resolve));
  }

  ask(id, done) {
    this.#done = done;
    this.#expect = `"id":${id},`;
    this.#text = '';
    if (this.#socket === undefined) this.#open();
    this.#socket.write(`GET /product/${id} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  }

  #open() {
    const socket = createConnection(this.#port, '127.0.0.1');
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#end(REFUSED);
    });
    this.#socket = socket;
  }

  #read(chunk) {
    this.#text += chunk;
    const head = this.#text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < head + 4 + length) return;
    if (!this.#text.startsWith('HTTP/1.1 200')) this.#end(FAILED);
    else this.#end(this.#text.includes(this.#expect, head) ? OK : WRONG);
  }

  #end(outcome) {
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }

  close() {
    this.#done = undefined;
    this.#socket?.destroy();
  }
}

/** Requests by what they were: when they should have begun (Unix milliseconds), what they took, how they ended. */
class Log {
  #starts = [];
  #took = [];
  #outcomes = [];
  #open = new Map();
  #last = 0;

  begin(startedAt) {
    this.#open.set(++this.#last, startedAt);
    return this.#last;
  }

  end(id, outcome) {
    const startedAt = this.#open.get(id);
    this.#open.delete(id);
    this.#add(startedAt, now() - startedAt, outcome);
  }

  #add(startedAt, took, outcome) {
    this.#starts.push(startedAt);
    this.#took.push(took);
    this.#outcomes.push(outcome);
  }

  get result() {
    return {
      starts: Float64Array.from(this.#starts),
      took: Float64Array.from(this.#took),
      outcomes: Uint8Array.from(this.#outcomes),
      pending: Float64Array.from(this.#open.values()),
      endedAt: now(),
    };
  }
}

const now = () => performance.timeOrigin + performance.now();

let isRunning = false;
let closed;
let open;
const lines = [];

/** Visitors come through a proxy that keeps its connections: it is not the accepting of new ones that is measured. */
async function connectAll(port, count) {
  const opened = Array.from({ length: count }, () => new Line(port));
  lines.push(...opened);
  await Promise.all(opened.map((line) => line.connect()));
  return opened;
}

/** How far a connection that was kept waiting may catch up. */
const CATCH_UP_MS = 100;

function runClosed({ opened, rate, draw }) {
  const connections = opened.length;
  const pauseMs = rate > 0 ? (connections / rate) * 1_000 : 0;
  const due = [];
  for (const [i, line] of opened.entries()) {
    let nextAt = now() + (i / connections) * pauseMs;
    const ask = () => {
      if (!isRunning) return;
      const id = closed.begin(now());
      line.ask(draw(), (outcome) => {
        closed.end(id, outcome);
        nextAt = Math.max(nextAt + pauseMs, now() - CATCH_UP_MS);
        if (outcome === REFUSED) setTimeout(ask, 20);
        else if (nextAt <= now()) ask();
        else due.push({ at: nextAt, ask });
      });
    };
    due.push({ at: nextAt, ask });
  }
  const tick = () => {
    if (!isRunning) return;
    const waiting = due.splice(0);
    const at = now();
    for (const one of waiting) {
      if (one.at <= at) one.ask();
      else due.push(one);
    }
    setTimeout(tick, 1);
  };
  tick();
}

function runOpen({ port, opened, perSecond, draw }) {
  const idle = opened;
  const startedAt = now();
  let sent = 0;
  const tick = () => {
    if (!isRunning) return;
    const due = Math.floor(((now() - startedAt) / 1_000) * perSecond);
    for (; sent < due; sent++) ask(startedAt + ((sent + 1) / perSecond) * 1_000);
    setTimeout(tick, 1);
  };
  const ask = (scheduledAt) => {
    let line = idle.pop();
    if (line === undefined) {
      line = new Line(port);
      lines.push(line);
    }
    const id = open.begin(scheduledAt);
    line.ask(draw(), (outcome) => {
      open.end(id, outcome);
      idle.push(line);
    });
  };
  tick();
}

serve({
  async start({ port, connections, rate, perSecond, keys, exponent, seed }) {
    const visitors = await connectAll(port, connections);
    const byTheClock = await connectAll(port, connections);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const draw = zipf(keys, exponent, seeded(seed));
    isRunning = true;
    closed = new Log();
    open = new Log();
    runClosed({ opened: visitors, rate, draw });
    runOpen({ port, opened: byTheClock, perSecond, draw });
  },
  stop() {
    isRunning = false;
    const result = { closed: closed.result, open: open.result };
    for (const line of lines) line.close();
    return result;
  },
});
