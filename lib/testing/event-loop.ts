import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * Turns of the event loop. They work while a test has replaced the timers, `nextTick` and `queueMicrotask` by
 * fake ones, because no fake timers replace the messages between ports.
 */
export class EventLoop {
  #port: MessagePort | undefined;
  #other: MessagePort | undefined;
  #callbacks: (() => void)[] = [];

  /** Whether a call of `next` waits for its turn. */
  get isAwaited(): boolean {
    return this.#callbacks.length > 0;
  }

  /** Calls back in the next turn, in the order of the calls. Until then the process stays alive. */
  next(callback: () => void): void {
    this.#callbacks.push(callback);
    if (this.#callbacks.length > 1) return;
    if (this.#port === undefined) this.#open();
    this.#port?.ref();
    this.#other?.postMessage(undefined);
  }

  #open(): void {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#other = port2;
    port1.on('message', () => this.#turn());
    port2.unref();
  }

  #turn(): void {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    this.#port?.unref();
    for (const callback of callbacks) callback();
  }
}

/** All caches of a process share it. It leaves nothing behind that keeps a finished process alive. */
export const eventLoop: EventLoop = new EventLoop();
