import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'tracing:node-redis:command:start';

/** What this process asks of any Redis, as the driver is given it: name and arguments. */
export class Wiretap {
  readonly commands: (readonly string[])[] = [];
  readonly #listen = (message: unknown): void => {
    this.commands.push([...(message as { args: readonly string[] }).args]);
  };

  constructor() {
    subscribe(CHANNEL, this.#listen);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#listen);
  }
}

/** What the supervision of a connection sends. Everything else was sent for somebody's call. */
export function isSupervision(command: readonly string[], prefix: string): boolean {
  const [name = '', ...args] = command;
  if (['TIME', 'INFO', 'SCRIPT'].includes(name)) return true;
  if (name === 'SCAN') return args.includes(`${prefix}*`);
  return args.some((arg) => arg.startsWith(`${prefix}__ech:`));
}
