/**
 * Gives many listeners of one signal one real listener. Node warns of a leak from the eleventh listener of a
 * signal on, and a request may well wait for thirty loads at once.
 *
 * Invariant: a signal has our listener exactly while one of them waits for it.
 */
export class AbortListeners {
  readonly #bySignal = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>();

  /** Calls `onAbort` once when the signal aborts (at once if it has). The returned function ends that. */
  add(signal: AbortSignal, onAbort: (reason: unknown) => void): () => void {
    if (signal.aborted) {
      onAbort(signal.reason);
      return () => {};
    }
    const listener = (reason: unknown): void => onAbort(reason);
    const listeners = this.#bySignal.get(signal) ?? this.#listenTo(signal);
    listeners.add(listener);
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) this.#leave(signal);
    };
  }

  /** The one listener of all signals. */
  readonly #tell = (event: Event): void => {
    const signal = event.target as AbortSignal;
    const listeners = this.#bySignal.get(signal) ?? [];
    this.#leave(signal);
    for (const listener of listeners) listener(signal.reason);
  };

  #listenTo(signal: AbortSignal): Set<(reason: unknown) => void> {
    const listeners = new Set<(reason: unknown) => void>();
    this.#bySignal.set(signal, listeners);
    signal.addEventListener('abort', this.#tell);
    return listeners;
  }

  #leave(signal: AbortSignal): void {
    this.#bySignal.delete(signal);
    signal.removeEventListener('abort', this.#tell);
  }
}
