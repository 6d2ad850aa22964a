import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** What a load of requests met. */
export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly string[];
  /** The slowest request as the client saw it. */
  readonly slowestMs: number;
  /** The same without what the machine and the database took from every request at that time. */
  readonly slowestOwnMs: number;
  readonly p99Ms: number;
  /** How many answers came from where: `express-cache-health; hit; detail=redis`, … */
  readonly origins: Readonly<Record<string, number>>;
}

const WORKERS = 4;
const PAUSE_MS = 8;
const PRODUCTS = 60;

/** A request's begin and end. */
type Span = readonly [began: number, ended: number];

/**
 * Requests over all URLs of the catalogue until `isEnough` says so: lists, products, and changes of a
 * price, each of which must be seen by the very next read. A wrong answer is a failure.
 */
export class Load {
  readonly #url: string;
  readonly #failures: string[] = [];
  readonly #spans: Span[] = [];
  /** Requests for `/health/live`, which touches neither cache nor database: as slow as the machine makes them. */
  readonly #baseline: Span[] = [];
  readonly #origins: Record<string, number> = {};
  #isRunning = true;

  private constructor(url: string) {
    this.#url = url;
  }

  get requests(): number {
    return this.#spans.length;
  }

  static start(url: string): Load & { readonly done: Promise<LoadReport> } {
    const load = new Load(url);
    return Object.assign(load, { done: load.#run() });
  }

  stop(): void {
    this.#isRunning = false;
  }

  async #run(): Promise<LoadReport> {
    const baseline = this.#measureBaseline();
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => this.#work(worker)));
    await baseline;
    const sorted = this.#spans.map(length).toSorted((a, b) => a - b);
    return {
      requests: sorted.length,
      failures: this.#failures,
      slowestMs: sorted.at(-1) ?? 0,
      slowestOwnMs: Math.max(...this.#spans.map((span) => length(span) - this.#heldUp(span))),
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      origins: this.#origins,
    };
  }

  async #measureBaseline(): Promise<void> {
    while (this.#isRunning) {
      const began = performance.now();
      await (await fetch(`${this.#url}/health/live`)).arrayBuffer();
      this.#baseline.push([began, performance.now()]);
      await delay(PAUSE_MS);
    }
  }

  /** How long the process was held up during a request: the longest baseline request it overlaps, at most whole. */
  #heldUp([began, ended]: Span): number {
    const overlaps = this.#baseline
      .filter(([from, to]) => from < ended && to > began)
      .map(([from, to]) => Math.min(to, ended) - Math.max(from, began));
    return Math.max(0, ...overlaps);
  }

  /** Each worker owns the products whose id is its own number, modulo the workers. */
  async #work(worker: number): Promise<void> {
    for (let turn = 0; this.#isRunning; turn++) {
      const id = ((turn * WORKERS + worker) % PRODUCTS) + 1;
      await this.#contained(() => this.#visit(turn, id));
      await delay(PAUSE_MS);
    }
  }

  async #visit(turn: number, id: number): Promise<void> {
    if (turn % 10 === 3) return this.#changePrice(id, ((turn % 900) + 100) / 100);
    if (turn % 4 === 1) {
      const products = (await this.#request('/products')) as unknown[];
      if (products.length !== PRODUCTS) throw new Error(`${products.length} products`);
      return;
    }
    const product = (await this.#request(`/products/${id}`)) as { id: number };
    if (product.id !== id) throw new Error(`asked for product ${id}, got ${product.id}`);
  }

  async #changePrice(id: number, price: number): Promise<void> {
    await this.#request(`/products/${id}/price`, price);
    const seen = (await this.#request(`/products/${id}`)) as { price: number };
    if (seen.price !== price) throw new Error(`product ${id}: set ${price}, read ${seen.price}`);
  }

  async #request(path: string, price?: number): Promise<unknown> {
    const began = performance.now();
    const response = await fetch(`${this.#url}${path}`, price === undefined ? {} : put(price));
    const body = await response.json();
    this.#spans.push([began, performance.now()]);
    const origin = response.headers.get('cache-status') ?? 'write';
    this.#origins[origin] = (this.#origins[origin] ?? 0) + 1;
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    return body;
  }

  async #contained(visit: () => Promise<void>): Promise<void> {
    try {
      await visit();
    } catch (error) {
      this.#failures.push(String(error));
    }
  }
}

function length([began, ended]: Span): number {
  return ended - began;
}

function put(price: number): RequestInit {
  return {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ price }),
  };
}
