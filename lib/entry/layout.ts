/**
 * The slot: the string under an entry's key in Redis, with heads of fixed width. JavaScript and the Lua scripts
 * are both made from these constants.
 *
 *     [ 'L' token(10) until(13) ]  entry?                                       a lease while a process loads the key
 *     'E2' generation(6) fingerprint(8) kind(1) version(13) ttl(8) [grace(8) load(5)] [tags] payload        an entry
 *     'E2' generation(6) '--------'     't'     version(13)                                          a tombstone
 *
 * `until` is server time in milliseconds, decimal. `version` is the server time of the change's call, or of the
 * lease's grant, in microseconds, hexadecimal: text order is time order. `ttl`, `grace` and `load` are
 * milliseconds in base 36. Kinds: `v` a value, `g` a value with grace and load time, `t` a tombstone. For the form
 * of `tags` see entry-tags.ts.
 */
export const MARK = 'E2';
/** Entries of release 0.1, which may share Redis with this one during a rolling deploy: never read, but swept. */
export const OLD_MARK = 'E1';

export const GENERATION_AT = 2;
export const GENERATION_LENGTH = 6;
export const FINGERPRINT_AT = 8;
export const FINGERPRINT_LENGTH = 8;
export const KIND_AT = 16;
export const VERSION_AT = 17;
export const VERSION_LENGTH = 13;
export const TTL_AT = 30;
export const TTL_LENGTH = 8;
export const PAYLOAD_AT = 38;
export const GRACE_AT = 38;
export const GRACE_LENGTH = 8;
export const LOAD_AT = 46;
export const LOAD_LENGTH = 5;
export const GRACED_PAYLOAD_AT = 51;

export const KIND_VALUE = 'v';
export const KIND_GRACED = 'g';
export const KIND_TOMBSTONE = 't';

/** A tombstone has this instead of a fingerprint, so that all tombstones of a batch share one text. */
export const NO_FINGERPRINT = '--------';

export const LEASE_MARK = 'L';
export const TOKEN_AT = 1;
export const TOKEN_LENGTH = 10;
export const UNTIL_AT = 11;
export const UNTIL_LENGTH = 13;
export const LEASE_WIDTH = 24;
/** How long a lease lasts when it is not renewed. If its owner dies, another process may load after this. */
export const LEASE_MS = 600;
/**
 * How long Redis keeps a lease that is not renewed. From the time that it states on, another process may take it over. Until one
 * does, its owner may still fill it, because only a change of the key, or another owner, makes it void: a process that
 * computes, or a fill that waits behind others, can be late.
 */
export const LEASE_KEPT_MS = 30_000;

/** The longest head of a slot that a script must see: a lease, and an entry up to its version. */
export const HEAD_WIDTH: number = LEASE_WIDTH + TTL_AT;

/** A key or a prefix that contains this could reach a name of the package's own. */
export const RESERVED = '__ech:';

/**
 * A version this far above the server's clock (microseconds) was made before that clock was set back, so we
 * ignore it.
 */
export const ANOMALY_MICROS = 1_000_000;

/** Entries up to this many bytes are exchanged in one call; of larger ones the script reads the head first. */
export const SMALL_BYTES = 1_024;
