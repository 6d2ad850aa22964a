/** What one step of a pattern accepts: any run of bytes, or exactly one byte of a set. */
type Step = typeof STAR | ByteSet;

/** One flag for each of the 256 bytes. */
type ByteSet = Uint8Array;

const STAR = '*';
const ANY_BYTE: ByteSet = new Uint8Array(256).fill(1);

const ASTERISK = 0x2a;
const HYPHEN = 0x2d;
const QUESTION_MARK = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

/**
 * A matcher for one glob, with the meaning that Redis gives to it in `SCAN … MATCH` and `KEYS`
 * (`stringmatchlen` in Redis' util.c), so that a pattern clears the same keys in both tiers.
 *
 * - `*` any run of bytes, `?` one byte, `\x` the character x itself.
 * - `[abc]`, `[a-c]`, `[^abc]` one byte that is, or is not, in the set; a set without its `]` reaches to
 *   the end of the pattern.
 *
 * Redis matches UTF-8 bytes, not characters, and so does this: `?` is half an `é`, and `[é]` matches
 * neither half of a text that has an `é` in it; `*` and literal text have no such seams.
 * Two things are decided here because Redis leaves them open. A range between an ASCII and a non-ASCII
 * byte runs upwards (in Redis it depends on the processor). Stars alone match the empty text, because
 * the keys matched here have a prefix in Redis.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const steps = parse(Buffer.from(pattern));
  return (text) => matches(steps, Buffer.from(text));
}

/** A pattern that matches this text and nothing else, also when another pattern is appended to it. */
export function escapeGlob(literal: string): string {
  return literal.replace(/[*?[\\]/g, '\\$&');
}

/**
 * Greedy, going back to the latest star only: an earlier star can gain nothing from a longer run, so the
 * time is at most pattern × text (R. Cox, "Glob Matching Can Be Simple And Fast Too", 2017).
 */
function matches(steps: readonly Step[], text: Uint8Array): boolean {
  let step = 0;
  let at = 0;
  let retryStep = -1;
  let retryAt = 0;
  while (at < text.length) {
    const expected = steps[step];
    if (expected === STAR) {
      retryStep = ++step;
      retryAt = at;
    } else if (expected?.[text[at] as number] === 1) {
      step++;
      at++;
    } else if (retryStep >= 0) {
      step = retryStep;
      at = ++retryAt;
    } else {
      return false;
    }
  }
  if (steps[step] === STAR) step++;
  return step === steps.length;
}

function parse(pattern: Uint8Array): Step[] {
  const steps: Step[] = [];
  let at = 0;
  while (at < pattern.length) {
    const { step, end } = parseStep(pattern, at);
    if (step !== STAR || steps.at(-1) !== STAR) steps.push(step);
    at = end;
  }
  return steps;
}

/** Reads the step that begins at `at`; `end` is where the next one begins. */
function parseStep(pattern: Uint8Array, at: number): { step: Step; end: number } {
  const byte = pattern[at] as number;
  const next = pattern[at + 1];
  switch (byte) {
    case ASTERISK:
      return { step: STAR, end: at + 1 };
    case QUESTION_MARK:
      return { step: ANY_BYTE, end: at + 1 };
    case OPEN:
      return parseSet(pattern, at + 1);
    case BACKSLASH:
      // One that ends the pattern stands for itself.
      return next === undefined
        ? { step: only(byte), end: at + 1 }
        : { step: only(next), end: at + 2 };
    default:
      return { step: only(byte), end: at + 1 };
  }
}

/** Reads the set whose `[` stands before `from`, in the very order in which Redis asks its questions. */
function parseSet(pattern: Uint8Array, from: number): { step: ByteSet; end: number } {
  const isNegated = pattern[from] === CARET;
  const set: ByteSet = new Uint8Array(256);
  let at = isNegated ? from + 1 : from;
  while (at < pattern.length && pattern[at] !== CLOSE) {
    const left = pattern.length - at;
    const first = pattern[at] as number;
    if (first === BACKSLASH && left >= 2) {
      set[pattern[at + 1] as number] = 1;
      at += 2;
    } else if (pattern[at + 1] === HYPHEN && left >= 3) {
      // The third byte ends the range even if it is `]` or a backslash.
      addRange(set, first, pattern[at + 2] as number);
      at += 3;
    } else {
      set[first] = 1;
      at++;
    }
  }
  return { step: isNegated ? set.map((flag) => 1 - flag) : set, end: at + 1 };
}

function addRange(set: ByteSet, a: number, b: number): void {
  set.fill(1, Math.min(a, b), Math.max(a, b) + 1);
}

function only(byte: number): ByteSet {
  const set = new Uint8Array(256);
  set[byte] = 1;
  return set;
}
