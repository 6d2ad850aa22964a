import fc from 'fast-check';

/** How many keys there are. */
export const KEYS = 3;

/** What one cache is asked to do. `wait`: the next step comes when it is done. `req`: through a request's handle. */
export type Call = {
  readonly at: number;
  readonly key: number;
  readonly wait: boolean;
  readonly req: boolean;
} & (
  | { readonly do: 'get' | 'set' | 'delete' | 'clear' | 'clearAll' | 'invalidate' }
  | { readonly do: 'getOrSet'; readonly loadMs: number; readonly nested: Nested }
  /** The database is written, and the cache told. */
  | { readonly do: 'write'; readonly then: 'delete' | 'set' | 'clear' | 'invalidate' }
  /** Several changes of the key in one turn. */
  | { readonly do: 'burst'; readonly changes: readonly ('set' | 'delete')[] }
  /** The key and those after it. */
  | { readonly do: 'getMany' | 'setMany' | 'deleteMany' }
  /** `gives`: which of the keys the loader gives, by their bits. */
  | { readonly do: 'getOrSetMany'; readonly loadMs: number; readonly gives: number }
);

/** What a loader loads by itself: nothing, the next key, or its own. */
export type Nested = 'none' | 'next' | 'self';

const common = {
  at: fc.nat(2),
  key: fc.nat(KEYS - 1),
  wait: fc.boolean(),
  req: fc.boolean(),
};

const loadMs = fc.constantFrom(0, 5, 40, 120);

type Kind = Call['do'];

function simple<D extends Kind>(...names: readonly D[]): fc.Arbitrary<Call> {
  return fc.record({ do: fc.constantFrom(...names), ...common }) as unknown as fc.Arbitrary<Call>;
}

export const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 3, arbitrary: simple('get') },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('getOrSet' as const),
      loadMs,
      nested: fc.constantFrom('none', 'none', 'none', 'next', 'self'),
      ...common,
    }),
  },
  { weight: 3, arbitrary: simple('set', 'delete') },
  { weight: 1, arbitrary: simple('clear', 'clearAll') },
  { weight: 2, arbitrary: simple('invalidate') },
  { weight: 1, arbitrary: simple('getMany') },
  { weight: 2, arbitrary: simple('setMany', 'deleteMany') },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('getOrSetMany' as const),
      loadMs,
      gives: fc.nat(2 ** KEYS - 1),
      ...common,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      changes: fc.array(fc.constantFrom('set', 'delete'), { minLength: 2, maxLength: 3 }),
      ...common,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      // biome-ignore lint/suspicious/noThenProperty: a history is data, and reads as "write, then delete"
      then: fc.constantFrom('delete', 'delete', 'set', 'clear', 'invalidate', 'invalidate'),
      ...common,
    }),
  },
);

/** The keys of a call. */
export function keysOf(call: Call): readonly string[] {
  const names = Array.from({ length: KEYS - call.key }, (_, i) => `k${call.key + i}`);
  return isOfMany(call) ? names : names.slice(0, 1);
}

function isOfMany(call: Call): boolean {
  return call.do.endsWith('Many');
}

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];

export function nameOf(at: number): string {
  return at < 0 ? 'all' : (NAMES[at] ?? `${at}`);
}

export function describeCall(call: Call): string {
  const how = `${call.wait ? 'await ' : ''}${nameOf(call.at)}${call.req ? '(request)' : ''}`;
  return `${how}.${call.do}(${keysOf(call).join(' ')}${detailsOf(call)})`;
}

function detailsOf(call: Call): string {
  switch (call.do) {
    case 'write':
      return `, then ${call.then}`;
    case 'burst':
      return `: ${call.changes.join(', ')}`;
    case 'getOrSet':
      return `, loader ${call.loadMs} ms${call.nested === 'none' ? '' : `, loads ${call.nested}`}`;
    case 'getOrSetMany':
      return `, loader ${call.loadMs} ms, gives ${call.gives.toString(2)}`;
    default:
      return '';
  }
}
