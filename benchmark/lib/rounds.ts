import { progress } from './report.js';
import { shuffled } from './stats.js';

/** How often, and for how long each time. */
export interface Plan {
  readonly rounds: number;
  readonly ms: number;
}

/**
 * Measures every subject in every round, in another order each time, so that what disturbs one round disturbs
 * all that is compared. The first round warms up and is not counted.
 */
export async function interleaved<Name extends string, Sample>(
  title: string,
  names: readonly Name[],
  rounds: number,
  measure: (name: Name) => Promise<Sample>,
): Promise<Map<Name, Sample[]>> {
  const samples = new Map<Name, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    progress(`${title}, round ${round} of ${rounds}`);
    for (const name of shuffled(names)) {
      const sample = await measure(name);
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  return samples;
}
