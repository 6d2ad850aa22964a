import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Tells a large value in flight from silence. */
export interface Progress {
  /** A reply has arrived. Bytes that move from now on belong to the next one. */
  replied(): void;
  /** Whether many bytes have moved since the last reply or the last call. */
  hasMoved(): boolean;
  /** Bytes received since the last reply. */
  arrived(): number;
}

/** A connection whose socket cannot be seen. */
export const NO_PROGRESS: Progress = {
  replied: () => {},
  hasMoved: () => false,
  arrived: () => 0,
};

/** libuv's counters of a socket: bytes read, written, and written but not yet taken by the system. */
interface Handle {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
}

/** This many bytes are a value in flight, not the noise of a dying connection. */
const MOVED_BYTES = 64 * 1_024;

/** No reply is larger. We do not wait for a server that never stops sending. */
const LARGEST_REPLY_BYTES = 2 ** 31;

/** Measures how much moves through the socket of one connection. */
export class SocketMeter implements Progress {
  #socket: { readonly _handle?: Handle | null } | undefined;
  #mark = 0;
  #atReply = 0;
  /** Bytes received when it was looked last. */
  #read = 0;
  #readAtReply = 0;

  attach(socket: object): void {
    this.#socket = socket;
  }

  replied(): void {
    if (this.#socket === undefined) return;
    this.#mark = this.#moved();
    this.#atReply = this.#mark;
    this.#readAtReply = this.#read;
  }

  hasMoved(): boolean {
    const moved = this.#moved();
    const isMuch = moved - this.#mark > MOVED_BYTES;
    this.#mark = moved;
    return isMuch && moved - this.#atReply <= LARGEST_REPLY_BYTES;
  }

  arrived(): number {
    this.#moved();
    return this.#read - this.#readAtReply;
  }

  /** Bytes received, and bytes sent as far as the system has taken them. */
  #moved(): number {
    const handle = this.#socket?._handle;
    if (handle === undefined || handle === null) return this.#mark;
    const { bytesRead = 0, bytesWritten = 0, writeQueueSize = 0 } = handle;
    this.#read = bytesRead;
    return bytesRead + bytesWritten - writeQueueSize;
  }
}

const CHANNEL = 'net.client.socket';
const connecting = new AsyncLocalStorage<SocketMeter>();
/** Meters whose socket does not exist yet. */
const waiting = new Set<SocketMeter>();

function onSocket(message: unknown): void {
  const { socket } = message as { readonly socket?: object };
  const meter = connecting.getStore();
  if (meter === undefined || socket === undefined) return;
  meter.attach(socket);
  leave(meter);
}

function enter(meter: SocketMeter): void {
  if (waiting.size === 0) subscribe(CHANNEL, onSocket);
  waiting.add(meter);
}

/** An AsyncLocalStorage in use makes every promise of the process more expensive, so we use it only briefly. */
function leave(meter: SocketMeter): void {
  if (!waiting.delete(meter) || waiting.size > 0) return;
  unsubscribe(CHANNEL, onSocket);
  connecting.disable();
}

/**
 * Runs `connect` and shows its socket to the meter. Node announces each new TCP socket; the one that is ours is
 * announced in the context of our call. Node does not announce a TLS socket, so we cannot measure it.
 */
export async function withMeter<T>(meter: SocketMeter, connect: () => Promise<T>): Promise<T> {
  enter(meter);
  try {
    return await connecting.run(meter, connect);
  } finally {
    leave(meter);
  }
}
