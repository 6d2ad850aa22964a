/** The same random numbers for the same play, so that it can be played again. */
export async function withRandom<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const original = Math.random;
  let state = seed;
  Math.random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  try {
    return await work();
  } finally {
    Math.random = original;
  }
}
