import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../lib/core/time/clock.js';

/** The documented API of a vendor, and its limits. */
export interface Vendor {
  readonly method: string;
  readonly path: RegExp;
  /** The header with the credentials, in lower case, and what it must be. */
  readonly auth: readonly [name: string, value: string] | undefined;
  /** The tags of a request; `undefined`: 400. */
  readonly tagsOf: (request: Received) => readonly string[] | undefined;
  readonly maxTags: number;
  readonly maxTagLength: number;
  readonly maxBodyBytes: number;
  readonly burst: number;
  readonly perSecond: number;
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly tags: readonly string[];
  readonly status: number;
}

/** What the fake does in place of an answer, for some requests. */
export type Fault = 'reset' | 'hang' | 500 | 401 | 429;

/** A vendor's API on a port of this machine: it enforces the documented limits by a clock that the test drives. */
export class VendorFake {
  readonly received: Received[] = [];
  readonly faults: Fault[] = [];
  readonly #vendor: Vendor;
  readonly #clock: Clock;
  readonly #server: Server;
  #tokens: number;
  #at: number;
  #busy = 0;

  constructor(vendor: Vendor, clock: Clock) {
    this.#vendor = vendor;
    this.#clock = clock;
    this.#tokens = vendor.burst;
    this.#at = clock.now();
    this.#server = createServer((req, res) => void this.#answer(req, res));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  statuses(): Readonly<Record<number, number>> {
    const counts: Record<number, number> = {};
    for (const { status } of this.received) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  /** How often each tag was in a request that was accepted. */
  accepted(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { status, tags } of this.received)
      if (status === 200) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return counts;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.#busy++;
    res.once('close', () => this.#busy--);
    const { method = '', url: path = '' } = req;
    const headers = Object.fromEntries(
      Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
    );
    const request = { method, path, headers, body: await text(req), tags: [], status: 0 };
    const fault = this.faults.shift();
    if (fault === 'reset') return void req.socket.destroy();
    if (fault === 'hang') return;
    const tags = this.#vendor.tagsOf(request) ?? [];
    const status = fault ?? this.#judge({ ...request, tags });
    this.received.push({ ...request, tags, status });
    if (status === 429) res.setHeader('Retry-After', '1');
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ success: status === 200 }));
  }

  #judge(request: Received): number {
    const { method, path, auth, maxTags, maxTagLength, maxBodyBytes } = this.#vendor;
    const bytes = Buffer.byteLength(request.body);
    if (!path.test(request.path)) return 404;
    if (request.method !== method) return 405;
    if (auth !== undefined && request.headers[auth[0]] !== auth[1]) return 401;
    if (bytes > maxBodyBytes) return 413;
    const { tags } = request;
    if (tags.length === 0 || tags.length > maxTags) return 400;
    if (tags.some((tag) => tag === '' || tag.length > maxTagLength)) return 400;
    return this.#take() ? 200 : 429;
  }

  #take(): boolean {
    const { burst, perSecond } = this.#vendor;
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
