/** Takes a listener away again; harmless when called twice. */
export type Unsubscribe = () => void;

/**
 * Typed events whose listeners cannot harm the speaker: one that throws, or returns a promise that
 * rejects, is reported to `onListenerError` and the others still hear the event.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => unknown>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  on<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => unknown,
  ): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Whether anybody listens: lets a hot path skip building an event nobody hears. */
  hears(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) this.#call(listener, event);
  }

  #call(listener: (event: never) => unknown, event: unknown): void {
    try {
      const returned = listener(event as never);
      if (returned instanceof Promise) returned.catch(this.#onListenerError);
    } catch (error) {
      this.#onListenerError(error);
    }
  }
}
