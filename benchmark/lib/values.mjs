// What is cached: a product of exactly so many bytes of JSON.

const flat = (text) => Buffer.from(text).toString();

const WORDS = 'quiet harbour lantern copper meadow window winter paper silver garden river stone ';

/** @param {number} id @param {number} bytes of its JSON */
export function productOf(id, bytes) {
  const product = {
    id,
    name: `Product ${id}`,
    price: 19.5,
    inStock: true,
    tags: ['new', 'sale'],
    text: '',
  };
  const missing = bytes - JSON.stringify(product).length;
  // Flat: a slice would hold what it was cut from, and be charged to who keeps the object.
  product.text = flat(
    WORDS.repeat(Math.ceil(Math.max(0, missing) / WORDS.length)).slice(0, missing),
  );
  return product;
}

/** Zipf: rank r is asked for in proportion to 1 / r^s. Returns a function that draws a rank from 0. */
export function zipf(count, exponent, random = Math.random) {
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
      if (shares[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** A small seeded generator (mulberry32, public domain), so that every subject is asked the same. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
