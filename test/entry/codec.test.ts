import vm from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeValue, encodeValue } from '../../lib/entry/codec.js';
import { anyValue, objectsIn, portrait } from '../support/values.js';

function roundTrip(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}

describe('codec: what goes in comes out', () => {
  const examples: Record<string, unknown> = {
    'JSON data': { id: 1, name: 'Chair', price: 9.5, tags: ['a', 'b'], parent: null, on: true },
    'a top-level undefined': undefined,
    'undefined as a property and in an array': { a: undefined, list: [1, undefined] },
    'the numbers JSON forgets': [Number.NaN, Infinity, -Infinity, -0, 0],
    'a bigint': [0n, -12345678901234567890n],
    'a Date, also an invalid one': [new Date(1_767_225_600_123), new Date(Number.NaN)],
    'a Buffer and a Uint8Array': [Buffer.from([0, 255]), new Uint8Array([1, 2]), Buffer.alloc(0)],
    'a Map with keys of any kind': new Map<unknown, unknown>([
      [{ a: 1 }, new Date(0)],
      ['k', new Map()],
    ]),
    'a Set': new Set([1, 'a', new Set([undefined])]),
    'objects that look like a tag': [{ $date: 1 }, { $object: { $date: 1n } }, { $: 0 }],
    'half a surrogate pair': ['\ud83d', 1n],
    'own properties named __proto__ and constructor': JSON.parse(
      '{"__proto__":{},"constructor":1}',
    ),
    'the same beside a bigint': { ...JSON.parse('{"__proto__":{"a":1},"constructor":1}'), b: 1n },
  };
  for (const [name, value] of Object.entries(examples)) {
    it(`keeps ${name}`, () => {
      expect(portrait(roundTrip(value))).to.equal(portrait(value));
    });
  }

  it('keeps any nesting of all of these', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(portrait(roundTrip(value))).to.equal(portrait(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives one text for one value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = encodeValue(value);
        expect(encodeValue(value)).to.equal(text);
        expect(encodeValue(decodeValue(text))).to.equal(text);
      }),
    );
  });

  it('shares no object with what went in, nor with what came out before', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = encodeValue(value);
        const sets = [value, decodeValue(text), decodeValue(text)].map(
          (each) => new Set(objectsIn(each)),
        );
        const union = new Set(sets.flatMap((set) => [...set]));
        expect(union.size).to.equal(sets.reduce((sum, set) => sum + set.size, 0));
      }),
    );
  });

  it('shares no bytes either', () => {
    for (const bytes of [Buffer.from('abc'), new Uint8Array([97, 98, 99])]) {
      const text = encodeValue(bytes);
      (decodeValue(text) as Uint8Array).fill(0);
      expect([...bytes]).to.deep.equal([97, 98, 99]);
      expect(decodeValue(text)).to.deep.equal(bytes);
    }
  });

  it('reads a value that begins within a text', () => {
    expect(decodeValue(`head${encodeValue({ a: 1 })}`, 4)).to.deep.equal({ a: 1 });
    expect(decodeValue(`head${encodeValue(5n)}`, 4)).to.equal(5n);
  });

  it('keeps JSON data as JSON, for people who look into Redis', () => {
    expect(encodeValue({ a: [1, 'b', null], $gt: 5 })).to.equal('j{"a":[1,"b",null],"$gt":5}');
    expect(encodeValue({ $gt: 5 })).to.equal('j{"$gt":5}');
    expect(encodeValue({ link: new URL('https://a.example/') })).to.equal(
      'j{"link":"https://a.example/"}',
    );
    expect(encodeValue({ at: new Date(1) })).to.equal('t{"at":{"$date":1}}');
    expect(encodeValue({ $gt: 5n, b: 1 })).to.equal('t{"$gt":{"$bigint":"5"},"b":1}');
  });
});

describe('codec: what comes out as plain data', () => {
  it('keeps what toJSON returns, and tells it the key, as JSON does', () => {
    const decimal = { toJSON: (key: string) => `9.50 as '${key}'` };
    expect(roundTrip(decimal)).to.equal("9.50 as ''");
    expect(roundTrip({ price: decimal, list: [decimal] })).to.deep.equal({
      price: "9.50 as 'price'",
      list: ["9.50 as '0'"],
    });
  });

  it('finds a toJSON that is not enumerable', () => {
    const row = Object.defineProperty({ id: 1 }, 'toJSON', { value: () => new Date(1) });
    expect(roundTrip({ row })).to.deep.equal({ row: new Date(1) });
  });

  it('calls toJSON once, and not that of its result', () => {
    let calls = 0;
    class Row {
      readonly at = new Date(5);
      calls = 0;
      toJSON(): this {
        this.calls = ++calls;
        return this;
      }
    }
    expect(roundTrip(new Row())).to.deep.equal({ at: new Date(5), calls: 1 });
    expect(calls).to.equal(1);
  });

  it('asks no toJSON of the types it knows', () => {
    expect(roundTrip({ toJSON: () => new Date(5) })).to.deep.equal(new Date(5));
    class Register extends Map<string, number> {
      toJSON(): string {
        return 'not asked';
      }
    }
    expect(portrait(roundTrip(new Register([['a', 1]])))).to.equal(portrait(new Map([['a', 1]])));
  });

  it('makes plain objects of class instances and of objects without prototype', () => {
    class Point {
      x = 1;
      seen = new Date(2);
      #y = 3;
      get y(): number {
        return this.#y;
      }
    }
    const bare: unknown = Object.assign(Object.create(null), { a: 1n });
    expect(portrait(roundTrip(new Point()))).to.equal(portrait({ x: 1, seen: new Date(2) }));
    for (const value of [new Point(), bare, Object.create(null)]) {
      expect(Object.getPrototypeOf(roundTrip(value))).to.equal(Object.prototype);
    }
  });

  it('unshares what was shared', () => {
    const shared = { at: new Date(1) };
    const [first, second] = roundTrip([shared, shared]) as [unknown, unknown];
    expect(first).to.deep.equal(shared);
    expect(second).to.deep.equal(shared);
    expect(second).to.not.equal(first);
  });

  it('fills the holes of an array with undefined', () => {
    const sparse = [1];
    sparse[2] = 3;
    expect(portrait(roundTrip(sparse))).to.equal(portrait([1, undefined, 3]));
  });

  it('unwraps boxed primitives and ignores symbol keys', () => {
    expect(portrait(roundTrip([Object('a'), Object(-0)]))).to.equal(portrait(['a', -0]));
    expect(roundTrip({ [Symbol('s')]: () => {}, a: 1 })).to.deep.equal({ a: 1 });
  });

  it('knows its types from another realm, such as that of a Jest test', () => {
    const source =
      '({ at: new Date(5), map: new Map([[1, {}]]), set: new Set([1]), bytes: new Uint8Array(2) })';
    const foreign: unknown = vm.runInNewContext(source);
    expect(portrait(roundTrip(foreign))).to.equal(portrait(vm.runInThisContext(source)));
  });
});
