import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.js';
import { Link, resetSocket } from './proxy-link.js';

type Mode = 'pass' | 'blackhole' | 'refuse' | 'say';

const PORTS_TO_TRY = 5;

/**
 * A TCP proxy in front of a server, for the faults that a network makes. Bytes keep their order in every
 * mode, also when a delay ends. A mode holds until the next one; each begins at once, and its promise settles
 * when the port is open, or closed, as the mode wants it.
 */
export class FaultProxy {
  readonly port: number;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  /** The clients of a server that is not Redis. */
  readonly #strangers = new Set<Socket>();
  #server: Server | undefined;
  /** Opening and closing the port, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #mode: Mode = 'pass';
  #banner = '';
  #delayMs = 0;
  #repliesToDrop = 0;
  #accepted = 0;

  private constructor(port: number, targetPort: number) {
    this.port = port;
    this.#targetPort = targetPort;
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    for (let triesLeft = PORTS_TO_TRY - 1; ; triesLeft--) {
      const proxy = new FaultProxy(await freePort(), targetPort);
      try {
        await proxy.#open();
        return proxy;
      } catch (error) {
        if (triesLeft === 0) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that clients have open now. */
  get connections(): number {
    return [...this.#links].filter((link) => link.isOpen).length + this.#strangers.size;
  }

  /**
   * Everything works again, but connections that were lost. What a black hole held is delivered, as TCP does
   * after a short partition, also of a client that has gone.
   */
  pass(): Promise<void> {
    this.slow(0);
    this.dropReplies(0);
    return this.#enter('pass');
  }

  /** Accepts, and forwards nothing in either direction, be it bytes or the end of a stream. */
  blackhole(): Promise<void> {
    return this.#enter('blackhole');
  }

  /** The connections there are never work again and are not closed; new ones work. */
  lose(): void {
    for (const link of this.#links) link.lose();
  }

  /** Closes what is open and refuses what comes. */
  refuse(): Promise<void> {
    return this.#enter('refuse');
  }

  /** Resets the connections there are; new ones work. */
  reset(): void {
    for (const link of this.#links) link.reset();
    for (const socket of this.#strangers) resetSocket(socket);
  }

  /** Each reply comes this much later; 0 ends it. */
  slow(ms: number): void {
    this.#delayMs = ms;
    for (const link of this.#links) link.slow(ms);
  }

  /** The next replies of the server get lost, on whatever connection they come. */
  dropReplies(count: number): void {
    this.#repliesToDrop = count;
  }

  /** Junk arrives in every stream of replies there is. */
  garbage(bytes = '\x00\x01 not RESP \r\n'): void {
    for (const link of this.#links) link.inject(Buffer.from(bytes));
  }

  /**
   * A server that is not Redis takes the port: connections are closed, new ones are greeted with these bytes
   * and hear them again whatever they say; with '' it stays silent.
   */
  say(bytes: string): Promise<void> {
    this.#banner = bytes;
    return this.#enter('say');
  }

  async close(): Promise<void> {
    await this.#enter('refuse');
  }

  #enter(mode: Mode): Promise<void> {
    this.#mode = mode;
    if (mode === 'refuse' || mode === 'say') this.#hangUp();
    for (const socket of mode === 'say' ? [] : this.#strangers) socket.destroy();
    for (const link of this.#links) link.hold(mode === 'blackhole');
    const act = (): Promise<void> => (mode === 'refuse' ? this.#shut() : this.#open());
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  #hangUp(): void {
    for (const link of this.#links) link.destroy();
    for (const socket of this.#strangers) socket.destroy();
  }

  async #open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    server.on('connection', (client) => this.#accept(client));
    this.#server = server;
  }

  async #shut(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise((resolve) => server.close(resolve));
  }

  #accept(client: Socket): void {
    // The system had accepted it before the port was closed.
    if (this.#mode === 'refuse') return void resetSocket(client);
    this.#accepted++;
    if (this.#mode === 'say') this.#greet(client);
    else this.#forward(client);
  }

  #greet(client: Socket): void {
    this.#strangers.add(client);
    client.on('close', () => this.#strangers.delete(client));
    client.on('error', () => {});
    const speak = (): void => {
      if (this.#banner !== '') client.write(this.#banner);
    };
    client.on('data', speak);
    speak();
  }

  #forward(client: Socket): void {
    const link = new Link(client, this.#targetPort, () => this.#takeDrop());
    this.#links.add(link);
    link.slow(this.#delayMs);
    link.hold(this.#mode === 'blackhole');
    link.onClose(() => {
      if (link.isOver) this.#links.delete(link);
    });
  }

  #takeDrop(): boolean {
    if (this.#repliesToDrop === 0) return false;
    this.#repliesToDrop--;
    return true;
  }
}
