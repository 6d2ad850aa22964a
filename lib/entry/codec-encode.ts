import { types } from 'node:util';
import { CacheHealthError } from '../core/errors.js';
import { errorText } from '../core/redact/redact.js';
import {
  cycleRefusal,
  depthRefusal,
  isRefused,
  pathText,
  refusal,
  SPREAD,
  type Step,
} from './codec-refusal.js';
import { looksLikeTag, MAX_DEPTH, TAG, type Tag } from './codec-tags.js';

/**
 * Encodes with tags if the value needs them, and otherwise as plain JSON.
 *
 * @throws CacheHealthError `ERR_CACHE_VALUE`.
 */
export function encodeCarefully(value: unknown): string {
  const walk = new TaggingWalk();
  try {
    const copy = walk.visit(value);
    return (walk.usedTags ? 't' : 'j') + JSON.stringify(copy);
  } catch (error) {
    if (error instanceof CacheHealthError && error.code === 'ERR_CACHE_VALUE') throw error;
    const message = `${pathText(walk.path)} cannot be cached, because reading it failed: ${errorText(error)}`;
    throw new CacheHealthError('ERR_CACHE_VALUE', message, { cause: error });
  }
}

/**
 * Copies a value into one that JSON can express.
 *
 * Invariants: `path` leads to the part that is being encoded, also after an error; `#ancestors` are the objects
 * around it; every property is read once and every `toJSON` called once.
 */
class TaggingWalk {
  readonly path: Step[] = [];
  usedTags = false;
  readonly #ancestors: object[] = [];

  visit(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return this.#number(value);
      case 'bigint':
        return this.#tag(TAG.bigint, `${value}`);
      case 'undefined':
        return this.#tag(TAG.undefined, 0);
      case 'symbol':
        throw refusal(this.path, value);
      default:
        return value === null ? null : this.#enter(value as object);
    }
  }

  #number(value: number): unknown {
    if (Object.is(value, -0)) return this.#tag(TAG.number, '-0');
    return Number.isFinite(value) ? value : this.#tag(TAG.number, `${value}`);
  }

  #enter(value: object): unknown {
    if (this.#ancestors.includes(value)) throw cycleRefusal(this.path);
    if (this.path.length >= MAX_DEPTH) throw depthRefusal(this.path);
    this.#ancestors.push(value);
    const copy = this.#builtIn(value) ?? this.#convertible(value);
    this.#ancestors.pop();
    return copy;
  }

  /** Decides by internal slots, not by the prototype, which differs between realms (Jest, `vm`). */
  #builtIn(value: object): unknown {
    if (Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value)) return undefined;
    if (types.isDate(value)) return this.#tag(TAG.date, Date.prototype.getTime.call(value));
    if (types.isUint8Array(value)) return this.#bytes(value);
    if (types.isMap(value)) return this.#tag(TAG.map, this.#spread(value));
    if (types.isSet(value)) return this.#tag(TAG.set, this.#spread(value));
    return undefined;
  }

  /** As in JSON, we do not call `toJSON` of the result of a `toJSON`. */
  #convertible(value: object): unknown {
    if (!('toJSON' in value && typeof value.toJSON === 'function')) return this.#content(value);
    const result = value.toJSON(this.#key()) as unknown;
    if (typeof result !== 'object' || result === null) return this.visit(result);
    return this.#builtIn(result) ?? this.#content(result);
  }

  #content(value: object): unknown {
    if (Array.isArray(value)) return this.#items(value);
    if (types.isBoxedPrimitive(value)) return this.visit(value.valueOf());
    if (isRefused(value)) throw refusal(this.path, value);
    return this.#properties(value as Record<string, unknown>);
  }

  #items(items: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let i = 0; i < items.length; i++) {
      this.path.push(i);
      copy.push(this.visit(items[i]));
      this.path.pop();
    }
    return copy;
  }

  #properties(source: Record<string, unknown>): unknown {
    const copy: Record<string, unknown> = {};
    const keys = Object.keys(source);
    for (const key of keys) {
      this.path.push(key);
      setOwn(copy, key, this.visit(source[key]));
      this.path.pop();
    }
    return looksLikeTag(keys) ? this.#tag(TAG.object, copy) : copy;
  }

  #spread(items: Iterable<unknown>): unknown {
    this.path.push(SPREAD);
    const copy = this.#items([...items]);
    this.path.pop();
    return copy;
  }

  #bytes(value: Uint8Array): unknown {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return this.#tag(Buffer.isBuffer(value) ? TAG.buffer : TAG.bytes, base64);
  }

  #tag(tag: Tag, content: unknown): unknown {
    this.usedTags = true;
    return { [tag]: content };
  }

  /** The argument that JSON.stringify gives to `toJSON`. */
  #key(): string {
    return String(this.path.at(-1) ?? '');
  }
}

/** `copy.__proto__ = …` would change the prototype instead of the content. */
function setOwn(copy: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') copy[key] = value;
  else Object.defineProperty(copy, key, { value, enumerable: true });
}
