import { contain } from './contain.js';

/** Takes a listener away again; harmless when called twice. */
export type Unsubscribe = () => void;

interface Registration {
  readonly listener: (event: never) => unknown;
  isActive: boolean;
}

const NOBODY: readonly Registration[] = [];

/**
 * Typed events whose listeners cannot harm the emitter. If a listener throws, or returns a promise that
 * rejects, `onListenerError` gets the error and the other listeners still get the event.
 *
 * Lists are replaced and never changed, so a listener may be added or removed during an event. An added one
 * gets the next event; a removed one gets no more.
 */
export class Emitter<Events extends object> {
  readonly #registrations = new Map<keyof Events, readonly Registration[]>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Each call registers the listener once more, even if it is the same function. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => unknown,
  ): Unsubscribe {
    const registration: Registration = { listener, isActive: true };
    this.#registrations.set(name, [...this.#of(name), registration]);
    return () => {
      if (!registration.isActive) return;
      registration.isActive = false;
      const others = this.#of(name).filter((other) => other !== registration);
      this.#registrations.set(name, others);
    };
  }

  /** Whether there is a listener. A hot path skips building an event that has none. */
  hears(name: keyof Events): boolean {
    return this.#of(name).length > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const { listener, isActive } of this.#of(name)) {
      if (isActive) contain(() => listener(event as never), this.#onListenerError);
    }
  }

  #of(name: keyof Events): readonly Registration[] {
    return this.#registrations.get(name) ?? NOBODY;
  }
}
