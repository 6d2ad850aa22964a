import fc from 'fast-check';
import { type Call, call, describeCall, nameOf } from '../calls.js';
import { type Setting, setting } from '../setting.js';

export type Fault =
  | {
      readonly do:
        | 'hang'
        | 'thaw'
        | 'kill'
        | 'save'
        | 'restart'
        | 'restartEmpty'
        | 'flushScripts'
        | 'join';
    }
  | { readonly do: 'blackhole' | 'refuse' | 'reset' | 'lose' | 'pass'; readonly at: number }
  | { readonly do: 'slow'; readonly at: number; readonly ms: number }
  /** Keys, and after them the two records. */
  | { readonly do: 'evict'; readonly key: number }
  | { readonly do: 'pause'; readonly ms: number };

export type Step = Call | Fault;

export interface History {
  readonly setting: Setting;
  readonly steps: readonly Step[];
}

/** One cache, or all of them (`-1`). */
const someone = fc.constantFrom(-1, 0, 1, 2);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('hang', 'thaw', 'kill', 'save', 'restart', 'restart', 'restartEmpty'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('blackhole', 'refuse', 'reset', 'lose', 'pass', 'pass'),
      at: someone,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('slow' as const),
      at: someone,
      ms: fc.constantFrom(0, 10, 30),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('flushScripts', 'join') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('evict' as const), key: fc.nat(4) }) },
);

const pause: fc.Arbitrary<Fault> = fc.record({
  do: fc.constant('pause' as const),
  ms: fc.constantFrom(1, 5, 20, 60, 150),
});

/** Shrinks by leaving steps out. */
export const history: fc.Arbitrary<History> = fc.record({
  setting,
  steps: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: call },
      { weight: 2, arbitrary: fault },
      { weight: 2, arbitrary: pause },
    ),
    { minLength: 4, maxLength: 30, size: 'max' },
  ),
});

/** A history as a script for people. */
export function describeHistory({ setting, steps }: History): string {
  const lines = steps.map((step, i) => `  ${`${i + 1}`.padStart(2)} ${describeStep(step)}`);
  return [`  ${JSON.stringify(setting)}`, ...lines].join('\n');
}

export function describeStep(step: Step): string {
  switch (step.do) {
    case 'pause':
      return `wait ${step.ms} ms`;
    case 'slow':
      return `${nameOf(step.at)}: each reply ${step.ms} ms later`;
    case 'blackhole':
    case 'refuse':
    case 'reset':
    case 'lose':
    case 'pass':
      return `${nameOf(step.at)}: network ${step.do}`;
    case 'evict':
      return `Redis: evict ${step.key}`;
    case 'join':
      return 'one more process';
    case 'hang':
    case 'thaw':
    case 'kill':
    case 'save':
    case 'restart':
    case 'restartEmpty':
    case 'flushScripts':
      return `Redis: ${step.do}`;
    default:
      return describeCall(step);
  }
}
