// What is cached: a product of exactly so many bytes of JSON.

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly inStock: boolean;
  readonly tags: readonly string[];
  readonly text: string;
}

/** A string that stands alone: a slice would keep what it was cut from, and count for the owner of the object. */
const flat = (text: string): string => Buffer.from(text).toString();

const WORDS = 'quiet harbour lantern copper meadow window winter paper silver garden river stone ';

/** `bytes` is the length of its JSON. */
export function productOf(id: number, bytes: number): Product {
  const short = {
    id,
    name: `Product ${id}`,
    price: 19.5,
    inStock: true,
    tags: ['new', 'sale'],
    text: '',
  };
  const missing = Math.max(0, bytes - JSON.stringify(short).length);
  const words = WORDS.repeat(Math.ceil(missing / WORDS.length));
  return { ...short, text: flat(words.slice(0, missing)) };
}

/** Zipf: rank r is asked for in proportion to 1 / r^s. Returns a function that draws a rank from 0. */
export function zipf(count: number, exponent: number, random: () => number): () => number {
  const shares = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += 1 / (i + 1) ** exponent;
    shares[i] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((shares[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** A small seeded generator (mulberry32, public domain), so that every subject is asked the same. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
