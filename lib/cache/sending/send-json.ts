import type { ServerResponse } from 'node:http';
import type { Loader, LoadOptions } from '../../api/loading.js';
import { invalid, parseFunction } from '../../core/validate.js';
import { plainJsonOf } from '../../entry/codec.js';
import { identityOf, payloadOffset } from '../../entry/entry.js';
import type { Found, Store } from '../../tiers/store.js';
import { loadArguments } from '../arguments/load-arguments.js';
import type { Lookups } from '../bulk-reads.js';
import type { CacheParts } from '../cache-parts.js';
import { answerJson, type JsonText } from './answer-json.js';

export type SendCall<T> = readonly [
  res: ServerResponse,
  key: string,
  loader: Loader<T>,
  options?: LoadOptions | undefined,
];

/** The handle that sends. */
export interface Sender {
  readonly parts: CacheParts;
  readonly store: Store;
  /** A hit is counted, and its value is not needed. */
  seen(key: string, tier: Found['tier']): void;
  readonly lookups: Lookups;
}

const RESPONSE = {
  name: 'the first argument of send()',
  code: 'ERR_CACHE_OPTION',
  advice: "Write req.cache.send(res, 'products', loadProducts).",
} as const;
const LOADER = { name: 'the loader', code: 'ERR_CACHE_LOADER' } as const;

/** Answers with a cached value, without reading and writing its JSON again. Loads it if there is none. */
export async function sendJson<T>(sender: Sender, call: SendCall<T>): Promise<void> {
  const [res, key, loader, options] = call;
  checkResponse(res);
  const { parts, store } = sender;
  const full = parts.args.fullKey(key);
  const load = parseFunction<Loader<unknown>>(LOADER, loader);
  const { isClosed: isAfterClose } = parts.loading;
  const given = loadArguments(parts.config, store, options);
  const request = { key: full, loader: load, ...given, isAfterClose };
  const answer = store.get(full);
  const found = answer instanceof Promise ? await answer : answer;
  const fresh = found?.isStale === false ? jsonOf(sender, full, found) : undefined;
  if (found !== undefined && fresh !== undefined) {
    parts.loading.hit(request, found.entry);
    answerJson(res, fresh);
    return;
  }
  parts.args.noteTtl(options?.ttl);
  const loaded = await parts.loading.answer(request, found?.isStale === true ? found : undefined);
  await parts.turns.due();
  sender.lookups.loaded(full, loaded);
  answerJson(res, loadedJson(store.peek(full), loaded.value));
}

/** The text of a hit. JSON is taken as it is; other values are read and written, as `res.json()` does. */
function jsonOf(sender: Sender, key: string, found: Found): JsonText | undefined {
  const { entry, tier } = found;
  const version = identityOf(entry);
  const plain = plainJsonOf(entry, payloadOffset(entry));
  if (plain !== undefined) {
    sender.seen(key, tier);
    return { text: plain, version };
  }
  const hit = sender.lookups.hit(key, found);
  return hit && { text: JSON.stringify(hit.value), version };
}

/** The version of what was loaded is that of the entry in memory, if that is the same text. */
function loadedJson(kept: Found | undefined, value: unknown): JsonText {
  const text = JSON.stringify(value) as string | undefined;
  const isKept = kept !== undefined && plainJsonOf(kept.entry, payloadOffset(kept.entry)) === text;
  return isKept && text !== undefined ? { text, version: identityOf(kept.entry) } : { text };
}

function checkResponse(res: unknown): void {
  const { setHeader, end } = (res ?? {}) as Partial<ServerResponse>;
  if (typeof setHeader === 'function' && typeof end === 'function') return;
  throw invalid(RESPONSE, 'the response of a request', res);
}
