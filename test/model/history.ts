import fc from 'fast-check';

/** How many caches, and how they are made. */
export interface Setting {
  readonly caches: 2 | 3;
  readonly ttl: number;
  readonly outageTtl: number;
  readonly journalMax: number;
  readonly memoryMax: number;
  readonly commandTimeout: number;
}

/** What one cache is asked to do. `wait`: the next step comes when it is done. `req`: through a request's handle. */
export type Call = {
  readonly at: number;
  readonly key: number;
  readonly wait: boolean;
  readonly req: boolean;
} & (
  | { readonly do: 'get' | 'set' | 'delete' | 'clear' | 'clearAll' }
  | { readonly do: 'getOrSet'; readonly loadMs: number }
  | { readonly do: 'write'; readonly then: 'delete' | 'set' | 'clear' }
);

export type Fault =
  | { readonly do: 'hang' | 'thaw' | 'kill' | 'save' | 'restart' | 'restartEmpty' }
  | { readonly do: 'blackhole' | 'refuse' | 'reset' | 'lose' | 'pass'; readonly at: number }
  | { readonly do: 'slow'; readonly at: number; readonly ms: number }
  | { readonly do: 'pause'; readonly ms: number };

export type Step = Call | Fault;

export interface History {
  readonly setting: Setting;
  readonly steps: readonly Step[];
}

export const KEYS = 3;

/** One cache, or all of them (`-1`). */
const someone = fc.constantFrom(-1, 0, 1, 2);

const common = {
  at: fc.nat(2),
  key: fc.nat(KEYS - 1),
  wait: fc.boolean(),
  req: fc.boolean(),
};

export const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('get' as const), ...common }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('getOrSet' as const),
      loadMs: fc.constantFrom(0, 5, 40),
      ...common,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('set' as const, 'delete' as const), ...common }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'clearAll' as const), ...common }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      // biome-ignore lint/suspicious/noThenProperty: a history is data, and reads as "write, then delete"
      then: fc.constantFrom('delete' as const, 'delete' as const, 'set' as const, 'clear' as const),
      ...common,
    }),
  },
);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
      'hang' as const,
      'thaw' as const,
      'kill' as const,
      'save' as const,
      'restart' as const,
      'restart' as const,
      'restartEmpty' as const,
    ),
  }),
  fc.record({
    do: fc.constantFrom(
      'blackhole' as const,
      'refuse' as const,
      'reset' as const,
      'lose' as const,
      'pass' as const,
      'pass' as const,
    ),
    at: someone,
  }),
  fc.record({
    do: fc.constant('slow' as const),
    at: someone,
    ms: fc.constantFrom(0, 10, 30),
  }),
);

const pause: fc.Arbitrary<Fault> = fc.record({
  do: fc.constant('pause' as const),
  ms: fc.constantFrom(1, 5, 20, 60, 150),
});

export const setting: fc.Arbitrary<Setting> = fc.record({
  caches: fc.constantFrom(2 as const, 3 as const),
  ttl: fc.constantFrom(60_000, 60_000, 300),
  outageTtl: fc.constantFrom(30_000, 100),
  journalMax: fc.constantFrom(10_000, 10_000, 2),
  memoryMax: fc.constantFrom(100, 100, 1),
  commandTimeout: fc.constantFrom(60, 100),
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

const NAMES = ['A', 'B', 'C'];

export function nameOf(at: number): string {
  return at < 0 ? 'all' : (NAMES[at] ?? `${at}`);
}

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
    case 'hang':
    case 'thaw':
    case 'kill':
    case 'save':
    case 'restart':
    case 'restartEmpty':
      return `Redis: ${step.do}`;
    default:
      return describeCall(step);
  }
}

function describeCall(call: Call): string {
  const more = call.do === 'write' ? `, then ${call.then}` : '';
  const load = call.do === 'getOrSet' ? `, loader ${call.loadMs} ms` : '';
  const how = `${call.wait ? 'await ' : ''}${nameOf(call.at)}${call.req ? '(request)' : ''}`;
  return `${how}.${call.do}(k${call.key}${more}${load})`;
}
