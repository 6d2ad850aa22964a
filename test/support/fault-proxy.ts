import { connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'blackhole' | 'refuse' | 'say';

interface Chunk {
  readonly to: Socket;
  readonly bytes: Buffer;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket | undefined;
  /** Never works again: what it is sent is swallowed. */
  isLost: boolean;
  /** Bytes that a black hole holds back, in order. */
  held: Chunk[];
  /** When the last delayed reply is due, so that none overtakes another. */
  lastDue: number;
}

/**
 * A TCP proxy in front of a server, for the faults that a network makes. Replies keep their order in
 * every mode, also when a delay ends.
 */
export class FaultProxy {
  readonly port: number;
  /** Connections accepted since the start. */
  accepted = 0;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  #server: Server;
  #mode: Mode = 'pass';
  #banner = '';
  #delayMs = 0;
  #repliesToDrop = 0;

  private constructor(port: number, targetPort: number, server: Server) {
    this.port = port;
    this.#targetPort = targetPort;
    this.#server = server;
    server.on('connection', (client) => this.#accept(client));
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    const server = await listen(0);
    const { port } = server.address() as { port: number };
    return new FaultProxy(port, targetPort, server);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Everything works again; what a black hole held is delivered, as TCP does after a short partition. */
  async pass(): Promise<void> {
    const wasRefusing = this.#mode === 'refuse';
    this.#mode = 'pass';
    this.#delayMs = 0;
    for (const link of this.#links) {
      for (const { to, bytes } of link.held.splice(0)) to.write(bytes);
    }
    if (!wasRefusing) return;
    this.#server = await listen(this.port);
    this.#server.on('connection', (client) => this.#accept(client));
  }

  /** Accepts, and forwards nothing in either direction until `pass()`. */
  blackhole(): void {
    this.#mode = 'blackhole';
  }

  /** The connections there are never work again and are not closed; new ones work. */
  lose(): void {
    for (const link of this.#links) link.isLost = true;
  }

  /** Closes what is open and refuses what comes. */
  async refuse(): Promise<void> {
    this.#mode = 'refuse';
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { client, server } of this.#links) {
      client.destroy();
      server?.destroy();
    }
    await closed;
  }

  /** Resets the connections there are; new ones work. */
  reset(): void {
    for (const { client } of this.#links) client.resetAndDestroy();
  }

  /** Each reply comes this much later. */
  slow(ms: number): void {
    this.#delayMs = ms;
  }

  /** The next replies of the server get lost, one whole reply each. */
  dropReplies(count: number): void {
    this.#repliesToDrop = count;
  }

  /** Junk arrives in the middle of every stream of replies. */
  garbage(bytes = '\x00\x01 not RESP \r\n'): void {
    for (const { client } of this.#links) client.write(bytes);
  }

  /** Answers every new connection with these bytes (a server that is not Redis); with '' it stays silent. */
  say(bytes: string): void {
    this.#mode = 'say';
    this.#banner = bytes;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { client, server } of this.#links) {
      client.destroy();
      server?.destroy();
    }
    if (this.#mode !== 'refuse') await closed;
  }

  #accept(client: Socket): void {
    this.accepted++;
    client.on('error', () => {});
    if (this.#mode === 'say') {
      const link: Link = { client, server: undefined, isLost: true, held: [], lastDue: 0 };
      this.#links.add(link);
      client.on('close', () => this.#links.delete(link));
      client.on('data', () => this.#banner !== '' && client.write(this.#banner));
      if (this.#banner !== '') client.write(this.#banner);
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    server.on('error', () => client.destroy());
    const link: Link = { client, server, isLost: false, held: [], lastDue: 0 };
    this.#links.add(link);
    client.on('data', (bytes) => this.#forward(link, server, bytes));
    server.on('data', (bytes) => this.#reply(link, bytes));
    server.on('close', () => {
      if (!link.isLost && this.#mode !== 'blackhole') client.destroy();
    });
    client.on('close', () => {
      this.#links.delete(link);
      // What a black hole holds of a client that has gone is still delivered when it ends.
      if (link.held.length > 0) this.#links.add(link);
      else server.end();
    });
  }

  #forward(link: Link, to: Socket, bytes: Buffer): void {
    if (link.isLost) return;
    if (this.#mode === 'blackhole') link.held.push({ to, bytes });
    else to.write(bytes);
  }

  #reply(link: Link, bytes: Buffer): void {
    if (link.isLost) return;
    const rest = this.#repliesToDrop > 0 ? this.#withoutDropped(bytes) : bytes;
    if (rest.length === 0) return;
    if (this.#delayMs === 0 && link.lastDue <= performance.now()) {
      this.#forward(link, link.client, rest);
      return;
    }
    link.lastDue = Math.max(link.lastDue, performance.now() + this.#delayMs);
    setTimeout(() => this.#forward(link, link.client, rest), link.lastDue - performance.now());
  }

  #withoutDropped(bytes: Buffer): Buffer {
    let rest = bytes;
    while (this.#repliesToDrop > 0 && rest.length > 0) {
      this.#repliesToDrop--;
      rest = rest.subarray(endOfReply(rest, 0));
    }
    return rest;
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer({ noDelay: true });
  server.listen(port, '127.0.0.1');
  await new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return server;
}

/** Where the RESP reply that begins at `at` ends. Replies of the tests come in one piece. */
function endOfReply(bytes: Buffer, at: number): number {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd === -1) return bytes.length;
  const type = String.fromCharCode(bytes[at] ?? 0);
  const count = Number(bytes.toString('latin1', at + 1, lineEnd));
  const after = lineEnd + 2;
  if ('$=!'.includes(type)) return count < 0 ? after : after + count + 2;
  const items = '*~>'.includes(type) ? count : type === '%' ? count * 2 : 0;
  let end = after;
  for (let i = 0; i < items; i++) end = endOfReply(bytes, end);
  return end;
}
