// A closed loop over keep-alive connections; the text of a request never changes, so it costs next to nothing.

import { createConnection, type Socket } from 'node:net';
import { serve } from '../lib/rpc.js';
import { sleep } from '../lib/time.js';

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly ms: number;
}

/** At least as many requests as connections. */
export interface Count extends Omit<Load, 'ms'> {
  readonly requests: number;
}

interface State {
  done: number;
  isOver: boolean;
  error?: Error;
  /** Called with each answer. */
  onDone?: () => void;
}

function line(port: number, path: string, state: State): Socket {
  const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
  const socket = createConnection(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  let text = '';
  socket.on('connect', () => socket.write(request));
  socket.on('error', (error) => {
    state.error ??= error;
  });
  socket.on('data', (chunk) => {
    text += chunk;
    if (!isComplete(text)) return;
    if (!text.startsWith('HTTP/1.1 200')) state.error ??= new Error(text.slice(0, 300));
    text = '';
    state.done++;
    state.onDone?.();
    if (!state.isOver) socket.write(request);
  });
  return socket;
}

function isComplete(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(text);
  if (length !== null) return text.length >= head + 4 + Number(length[1]);
  return text.endsWith('0\r\n\r\n');
}

const operations = {
  /** Resolves to the requests a second. */
  async run({ port, path, connections, ms }: Load): Promise<number> {
    const state: State = { done: 0, isOver: false };
    const sockets = Array.from({ length: connections }, () => line(port, path, state));
    const startedAt = performance.now();
    await sleep(ms);
    const perSecond = (state.done / (performance.now() - startedAt)) * 1_000;
    state.isOver = true;
    for (const socket of sockets) socket.destroy();
    if (state.error) throw state.error;
    return perSecond;
  },
  /** Sends so many requests, however long they take. Resolves to the requests a second. */
  async send({ port, path, connections, requests }: Count): Promise<number> {
    const state: State = { done: 0, isOver: false };
    const startedAt = performance.now();
    const all = new Promise<void>((resolve) => {
      state.onDone = () => {
        state.isOver = state.done > requests - connections;
        if (state.done >= requests || state.error !== undefined) resolve();
      };
    });
    const sockets = Array.from({ length: connections }, () => line(port, path, state));
    await all;
    const perSecond = (state.done / (performance.now() - startedAt)) * 1_000;
    for (const socket of sockets) socket.destroy();
    if (state.error) throw state.error;
    return perSecond;
  },
};

export type HttpLoadOperations = typeof operations;
serve(operations);
