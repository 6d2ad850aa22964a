import { expect } from 'chai';
import fc from 'fast-check';
import { CacheHealthError } from '../../lib/core/errors.js';
import { decodeValue, encodeValue } from '../../lib/entry/codec.js';
import { RawText } from '../../lib/entry/raw-text.js';
import { anyValue, objectsIn, portrait, TRAPS } from '../support/values.js';

type Nest = (inner: unknown) => unknown;

function nested(levels: number, nest: Nest): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = nest(value);
  return value;
}

function refusalOf(value: unknown): CacheHealthError {
  try {
    encodeValue(value);
  } catch (error) {
    if (error instanceof CacheHealthError && error.code === 'ERR_CACHE_VALUE') return error;
    throw error;
  }
  throw new Error('the value was accepted');
}

describe('codec: what cannot be kept', () => {
  const cyclic: Record<string, unknown> = { at: new Date(1) };
  cyclic.children = [{ parent: cyclic }];
  const cyclicByConversion = { toJSON: (): unknown => ({ again: cyclicByConversion }) };
  const cyclicByReturn: object = { up: { toJSON: () => cyclicByReturn } };
  const deepening: Nest = (inner) => ({ inner, at: 1n });
  const refused: Record<string, [value: unknown, message: string]> = {
    'a function': [
      { items: [0, 1, 2, { run() {} }] },
      'value.items[3].run is a function, which cannot be cached. Store plain data, or give the class a toJSON() method.',
    ],
    'a function from toJSON': [{ a: { toJSON: () => () => {} } }, 'value.a is a function'],
    'a symbol': [{ 'a b': Symbol('s') }, 'value["a b"] is a symbol'],
    'a Promise': [
      { user: Promise.resolve(1) },
      'value.user is a Promise, which cannot be cached. Await it first',
    ],
    // biome-ignore lint/suspicious/noThenProperty: query builders have one
    'a query that has a then()': [Object.create({ then() {} }), 'value is a Promise'],
    'a RegExp': [
      new Map([['k', /x/]]),
      '[...value][0][1] is a RegExp, which cannot be cached. Store its source',
    ],
    'an Error': [
      [new Set([Object.assign(new Error('x'), { code: 1 })])],
      '[...value[0]][0] is an Error',
    ],
    'a WeakMap': [new WeakMap(), 'value is a WeakMap'],
    'a WeakSet': [new WeakSet(), 'value is a WeakSet'],
    'a WeakRef': [new WeakRef({}), 'value is a WeakRef'],
    'an ArrayBuffer': [
      new ArrayBuffer(1),
      'value is an ArrayBuffer, which cannot be cached. Store a Uint8Array or a Buffer',
    ],
    'another typed array': [new Float32Array(1), 'value is a Float32Array'],
    'a DataView': [new DataView(new ArrayBuffer(1)), 'value is a DataView'],
    'an object that hides its content': [new URLSearchParams('a=1'), 'value is a URLSearchParams'],
    'a cycle': [cyclic, 'value.children[0].parent leads back to an object that it is part of'],
    'a cycle through toJSON': [cyclicByConversion, 'value.again leads back'],
    'a cycle by what toJSON returns': [cyclicByReturn, 'value.up.up leads back'],
    'data nested too deep': [
      nested(501, (inner) => [inner]),
      `value${'[0]'.repeat(30)}… is nested more than 500 levels deep`,
    ],
    'data nested far too deep': [
      nested(100_000, deepening),
      `value${'.inner'.repeat(30)}… is nested`,
    ],
  };
  for (const [name, [value, message]] of Object.entries(refused)) {
    it(`refuses ${name} and says where`, () => {
      expect(refusalOf(value).message.slice(0, message.length)).to.equal(message);
    });
  }

  it('keeps what is nested 500 levels deep, in whatever it is nested', () => {
    const nests: [levels: number, nest: Nest][] = [
      [500, (inner) => [inner]],
      [500, (inner) => [inner, 1n]],
      [500, (inner) => ({ $object: inner })],
      [250, (inner) => new Set([inner])],
      [166, (inner) => new Map([[inner, inner === 1 ? 1n : 1]])],
    ];
    for (const [levels, nest] of nests) {
      const value = nested(levels, nest);
      expect(portrait(decodeValue(encodeValue(value)))).to.equal(portrait(value));
    }
  });

  it('says where a getter or a toJSON threw, and why', () => {
    const cause = new Error('the row is detached');
    const fail = (): never => {
      throw cause;
    };
    const getter = Object.defineProperty({}, 'total', { get: fail, enumerable: true });
    for (const row of [getter, { total: { toJSON: fail } }]) {
      const error = refusalOf({ rows: [1n, row] });
      expect(error.message).to.equal(
        'value.rows[1].total cannot be cached, because reading it failed: the row is detached. See express-cache-health/docs/errors.md#err_cache_value',
      );
      expect(error.cause).to.equal(cause);
    }
  });

  it('finds a cycle at once, however many ways lead around it', () => {
    const hub: Record<string, unknown> = {};
    for (let i = 0; i < 50; i++) hub[`way${i}`] = [hub, hub];
    expect(refusalOf(hub).message).to.match(/^value\.way0\[0\] leads back/);
  });
});

describe('codec: corrupt and hostile texts', () => {
  const corrupt = [
    ['', 'x', '{}', 'x{}', 'j', 't', 'j{', 't{"a":'],
    ['t{"$nothing":1}', 't{"$undefined":1}', 't{"$object":[]}', 't{"$object":{"a":1}}'],
    [
      't{"$date":"1"}',
      't{"$date":9e15}',
      't{"$number":"1"}',
      't{"$bigint":"0x1"}',
      't{"$bigint":""}',
    ],
    ['t{"$buffer":"a*=="}', 't{"$buffer":5}', 't{"$bytes":"YWJ"}'],
    ['t{"$map":[[1]]}', 't{"$map":{}}', 't{"$set":"ab"}'],
  ].flat();
  for (const text of corrupt) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => decodeValue(text))
        .to.throw(Error)
        .and.not.instanceOf(CacheHealthError);
    });
  }

  it('throws for a text nested deeper than any value', () => {
    const text = `t${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(() => decodeValue(text)).to.throw(Error);
  });

  it('gives hostile keys as own properties', () => {
    const hostile =
      '{"__proto__":{"polluted":{"$date":1}},"constructor":{"prototype":{"polluted":1}}}';
    for (const text of [`j${hostile}`, `t${hostile}`, `t{"$map":[["__proto__",${hostile}]]}`]) {
      expectHarmless(decodeValue(text));
    }
    expect(Object.keys(decodeValue(`t${hostile}`) as object)).to.deep.equal([
      '__proto__',
      'constructor',
    ]);
  });

  it('throws an Error or gives a harmless value for any damaged text', () => {
    const scraps = [...TRAPS.map((key) => `"${key}":`), '{', '}', '[', ']', '"', ',', '1', ''];
    const damage = fc.tuple(fc.nat(), fc.nat(6), fc.constantFrom(...scraps));
    const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyValue, damages, (value, cuts) => {
        expectHarmless(decodedOrError(cuts.reduce(damaged, encodeValue(value))));
      }),
      { numRuns: 2_000 },
    );
  });
});

function damaged(text: string, [place, length, scrap]: [number, number, string]): string {
  const from = place % (text.length + 1);
  return text.slice(0, from) + scrap + text.slice(from + length);
}

function decodedOrError(text: string): unknown {
  try {
    return decodeValue(text);
  } catch (error) {
    expect(error).to.be.instanceOf(Error);
    return undefined;
  }
}

const KNOWN = [Object, Array, Map, Set, Date, Buffer, Uint8Array, RawText].map(
  (type) => type.prototype as object,
);
const OWN_KEYS = Reflect.ownKeys(Object.prototype).length;

function expectHarmless(value: unknown): void {
  for (const object of objectsIn(value)) {
    expect(KNOWN.includes(Object.getPrototypeOf(object)), 'a known prototype').to.equal(true);
  }
  expect(Reflect.ownKeys(Object.prototype)).to.have.length(OWN_KEYS);
  expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
}
