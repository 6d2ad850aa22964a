/**
 * Why an answer was not stored. The same words stand in the `Cache-Status` header, in `counts()` and in the log.
 *
 * Of the request: `method` · `skip` (your function said so) · `no-key` (your `key` returned no text) · `invalid-tags` ·
 * `request-body` · `request-no-store` · `range` (also a precondition such as `If-Match`) · `head`.
 *
 * Of the handler: `unkeyed-read` (it read something that the key does not cover).
 *
 * Of the answer: `set-cookie` · `no-store` · `private` · `no-cache` · `vary-star` · `authorization` · `partial` ·
 * `not-modified` · `server-error` · `status` · `no-lifetime` · `age` (cannot be read) · `encoding` (without `Vary`) ·
 * `stream` (server-sent events) · `trailer` · `too-large` · `incomplete`.
 *
 * Of the values that it was made of: `changed` (while the handler ran) · `no-value` (a key that it read has none) ·
 * `too-many-keys`.
 *
 * Of the cache: `not-shared` (an answer of this URL was not stored a moment ago, so visitors do not wait for each other).
 */
export type NotStored =
  | 'method'
  | 'skip'
  | 'no-key'
  | 'invalid-tags'
  | 'request-body'
  | 'request-no-store'
  | 'range'
  | 'head'
  | 'unkeyed-read'
  | 'set-cookie'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'vary-star'
  | 'authorization'
  | 'partial'
  | 'not-modified'
  | 'server-error'
  | 'status'
  | 'no-lifetime'
  | 'age'
  | 'encoding'
  | 'stream'
  | 'trailer'
  | 'too-large'
  | 'incomplete'
  | 'changed'
  | 'no-value'
  | 'too-many-keys'
  | 'not-shared';
