import fc from 'fast-check';
import { SCENARIOS, type Scenario } from './order-scenarios.js';
import { OrderWorld } from './order-world.js';

/** ORDER_RUNS=1000 plays more. */
const RUNS = Number(process.env.ORDER_RUNS ?? 30);

/** Few calls meet in few orders: so many are played for each call and each fault, and RUNS at most. */
const RUNS_PER_EVENT = RUNS / 6;

function runsOf([a, b, { hasValue: _, ...faults }]: Scenario): number {
  const calls = `${a}${b}`.replaceAll('!', '').length;
  const times = Object.values(faults).reduce((sum, count) => sum + count, 0);
  return Math.ceil(Math.min(RUNS, RUNS_PER_EVENT * (calls + times)));
}

/** Plays one interleaving, and fails with its steps when an invariant is broken. */
async function play(
  scenario: Scenario,
  choices: readonly number[],
  errorMs: number,
): Promise<void> {
  const world = new OrderWorld(scenario, errorMs);
  try {
    for (const choice of choices) {
      const actions = world.actions();
      const action = actions[choice % actions.length];
      if (action === undefined || world.fault !== undefined) break;
      await world.step(action);
    }
    if (world.fault === undefined) await world.rest();
    if (world.fault !== undefined) {
      throw new Error(`${world.fault}\n  ${world.steps.join('\n  ')}`);
    }
  } finally {
    world.close();
  }
}

describe('the order of changes', () => {
  const choices = fc.array(fc.nat(1_000), { minLength: 10, maxLength: 60 });
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`holds whatever comes between: ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(choices, (order) => play(scenario, order, 0)),
        { numRuns: runsOf(scenario) },
      );
    });
  }

  it('holds for any two programs and any faults', async () => {
    const call = fc.tuple(fc.constantFrom(...'ssdlgcp'), fc.constantFrom('', '!'));
    const program = fc
      .array(call, { minLength: 1, maxLength: 5 })
      .map((calls) => calls.map((each) => each.join('')).join(''));
    const few = fc.nat(2);
    const faults = fc.record({
      lose: few,
      age: few,
      forget: few,
      wait: few,
      hasValue: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.tuple(program, program, faults), choices, (scenario, order) =>
        play(scenario, order, 0),
      ),
      { numRuns: RUNS * 5 },
    );
  });

  for (const name of ['twoSets', 'setDelete', 'deleteSet', 'unsentLost', 'readSet', 'loadDelete']) {
    it(`holds for one process with a clock that is wrong: ${name}`, async () => {
      const [program, , faults] = SCENARIOS[name] as Scenario;
      const alone: Scenario = [program, '', faults];
      await fc.assert(
        fc.asyncProperty(choices, (order) => play(alone, order, 20)),
        { numRuns: runsOf(alone) },
      );
    });
  }
});
