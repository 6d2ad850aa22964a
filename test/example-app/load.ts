import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** What a load of requests met. */
export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly string[];
  readonly slowestMs: number;
  readonly p99Ms: number;
  /** How many answers came from where: `hit; tier=redis`, `miss`, … */
  readonly origins: Readonly<Record<string, number>>;
}

const WORKERS = 4;
const PAUSE_MS = 8;
const PRODUCTS = 60;
const TICK_MS = 5;

/**
 * Requests over all URLs of the catalogue until `isEnough` says so: lists, products, and changes of a
 * price, each of which must be seen by the very next read. A wrong answer is a failure.
 */
export class Load {
  readonly #url: string;
  readonly #failures: string[] = [];
  readonly #times: number[] = [];
  readonly #origins: Record<string, number> = {};
  #isRunning = true;
  /** Milliseconds this process itself was held up since it began. */
  #stalledMs = 0;

  private constructor(url: string) {
    this.#url = url;
  }

  get requests(): number {
    return this.#times.length;
  }

  static start(url: string): Load & { readonly done: Promise<LoadReport> } {
    const load = new Load(url);
    return Object.assign(load, { done: load.#run() });
  }

  stop(): void {
    this.#isRunning = false;
  }

  async #run(): Promise<LoadReport> {
    const watching = this.#watchStalls();
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => this.#work(worker)));
    await watching;
    const sorted = this.#times.toSorted((a, b) => a - b);
    return {
      requests: sorted.length,
      failures: this.#failures,
      slowestMs: sorted.at(-1) ?? 0,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      origins: this.#origins,
    };
  }

  async #watchStalls(): Promise<void> {
    let last = performance.now();
    while (this.#isRunning) {
      await delay(TICK_MS);
      const now = performance.now();
      this.#stalledMs += Math.max(0, now - last - 2 * TICK_MS);
      last = now;
    }
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
    const stalledBefore = this.#stalledMs;
    const began = performance.now();
    const response = await fetch(`${this.#url}${path}`, price === undefined ? {} : put(price));
    const body = await response.json();
    this.#times.push(performance.now() - began - (this.#stalledMs - stalledBefore));
    const origin = response.headers.get('x-cache') ?? 'write';
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

function put(price: number): RequestInit {
  return {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ price }),
  };
}
