import { createClient } from 'redis';

type Send = (args: readonly unknown[], ...rest: unknown[]) => unknown;

/** What this process asks of any Redis, as the driver is given it: name and arguments. Tracers see less. */
export class Wiretap {
  readonly commands: (readonly string[])[] = [];
  readonly #owner = ownerOfSendCommand();
  readonly #untapped = this.#owner.sendCommand;

  constructor() {
    const { commands } = this;
    const send = this.#untapped;
    this.#owner.sendCommand = function tapped(args, ...rest) {
      commands.push(args.map(String));
      return send.call(this, args, ...rest);
    };
  }

  stop(): void {
    this.#owner.sendCommand = this.#untapped;
  }
}

/** The class of all clients: `createClient` makes one of a class of its own below it. */
function ownerOfSendCommand(): { sendCommand: Send } {
  let owner = Object.getPrototypeOf(createClient());
  while (!Object.hasOwn(owner, 'sendCommand')) owner = Object.getPrototypeOf(owner);
  return owner;
}

/** What the supervision of a connection sends. Everything else was sent for somebody's call. */
export function isSupervision(command: readonly string[], prefix: string): boolean {
  const [name = '', ...args] = command;
  if (['TIME', 'INFO', 'SCRIPT', 'SCAN', 'CLIENT'].includes(name)) return true;
  return args.some((arg) => arg.startsWith(`${prefix}__ech:`));
}
