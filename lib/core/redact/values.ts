import { HIDDEN } from './hidden.js';

/** How a value stands behind its name. */
export interface ValueContext {
  /** In the query of a URL `&` ends the value. */
  readonly isInQuery: boolean;
  /** Cookies and the like have several values: all to the end of the line. */
  readonly isWholeLine: boolean;
}

/** Where a value stands, without its quotes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = /\\*["'`]/y;

/** `'…' + '…'`, as Node shows a text of several lines. */
const CONTINUATION = /\s{0,9}\+\s{0,99}(?=["'`])/y;

/** What may stand before a bracket in Node's view of an object: `Map(1) {`, `Credentials [`. */
const CLASS_NAME = /[A-Za-z_$][\w$]{0,60}(?:\(\d{1,9}\))? (?=[{[<])/y;

const OPENING = /[{[(<]/y;
const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** In ODBC a brace within braces is written twice. */
const ODBC = /\{(?:\}\}|[^}])*(?:\}|$)/y;

/** A number, or a word of JSON, that the next member or the end of the object follows. */
const LITERAL =
  /(?:-?\d[\d.]{0,30}|true|false|null|undefined|\*\*\*)(?=\s{0,9}[}\]]|,\s{0,9}["'`}\]]|,\s{1,9}\w)/y;

/** Where the value ends behind its brackets. In doubt more follows. */
const DELIMITER = /[,;]?(?:\s|$)|[)\]}]|,["'`]|;\w/y;

/** A block of YAML: every line below that is indented. */
const BLOCK = /[|>][-+]?\d?[^\S\n]*\n(?:[^\S\n]+[^\n]*(?:\n|$))*/y;

const LINE = /[^\n\r]*/y;

/**
 * Up to the white space, or the `;` behind which another name begins. Where a `;` follows on the line it is a
 * connection string, whose values may have spaces.
 */
const BARE = bare('&');
const BARE_IN_QUERY = bare(String.raw`&(?![\w.%[\]-]{1,60}=)`);

function bare(ampersand: string): RegExp {
  return new RegExp(
    String.raw`(?:\\(?:[\s\S]|$)|[^\s&;\\]|${ampersand}|;(?!\s|$|[\w .-]{1,40}=))+(?:[^\S\n][^;\n]{0,200}(?=;))?`,
    'y',
  );
}

/**
 * The value that begins at `at`: quoted, in brackets, a block, or bare. A value whose end is missing goes on to
 * the end of the text. Each character is looked at once or twice.
 */
export function valueAt(text: string, at: number, context: ValueContext): Span {
  const quote = match(QUOTE, text, at);
  if (quote !== '') return quotedAt(text, at, quote);
  if (context.isWholeLine) return { start: at, end: at + match(LINE, text, at).length };
  const literal = match(LITERAL, text, at);
  if (literal !== '') return { start: at, end: at + literal.length };
  const block = match(BLOCK, text, at);
  if (block !== '') return { start: at, end: at + block.length };
  const end = endOfBrackets(text, at);
  if (end > at && match(DELIMITER, text, end) !== '') return { start: at, end };
  const rest = match(context.isInQuery ? BARE_IN_QUERY : BARE, text, end);
  return { start: at, end: end + rest.length };
}

function quotedAt(text: string, at: number, quote: string): Span {
  const start = at + quote.length;
  let end = endOfQuoted(text, start, quote);
  for (
    let more = match(CONTINUATION, text, end);
    more !== '';
    more = match(CONTINUATION, text, end)
  ) {
    const next = end + more.length;
    end = endOfQuoted(text, next + 1, text.charAt(next));
  }
  const isClosed = end > start && text.startsWith(quote, end - quote.length);
  return { start, end: isClosed ? end - quote.length : end };
}

/** Behind the same quote. Doubled and escaped ones are part of the value. */
function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length) {
    const found = text.indexOf(quote, at);
    if (found === -1) return text.length;
    const end = found + quote.length;
    if (text.startsWith(quote, end)) at = end + quote.length;
    else if (found > from && text.charAt(found - 1) === '\\') at = end;
    else return end;
  }
  return text.length;
}

/** Behind the brackets that open at `at`, with what Node writes before them; `at` itself where none open. */
function endOfBrackets(text: string, at: number): number {
  let end = at;
  for (;;) {
    const space = end > at && text.charAt(end) === ' ' ? 1 : 0;
    const open = end + space + match(CLASS_NAME, text, end + space).length;
    if (match(OPENING, text, open) === '') return end;
    end = Math.max(endOfGroup(text, open), open + match(ODBC, text, open).length);
  }
}

function endOfGroup(text: string, open: number): number {
  if (text.charAt(open) === '<') {
    const end = text.indexOf('>', open);
    return end === -1 ? text.length : end + 1;
  }
  const awaited: string[] = [];
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    const closer = CLOSERS[character];
    if (closer !== undefined) awaited.push(closer);
    else if (isOpeningQuote(text, at)) at = endOfQuoted(text, at + 1, character) - 1;
    else if (character === awaited.at(-1)) awaited.pop();
    if (awaited.length === 0) return at + 1;
  }
  return text.length;
}

/** A quote that begins a text, not the apostrophe of a word. */
function isOpeningQuote(text: string, at: number): boolean {
  if (!/["'`]/.test(text.charAt(at))) return false;
  return /[{[(,:=>]\s{0,3}$/.test(text.slice(Math.max(0, at - 4), at));
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** The text with its spans hidden. They must stand in order and not overlap. */
export function withHidden(text: string, spans: readonly Span[]): string {
  let out = '';
  let from = 0;
  for (const { start, end } of spans) {
    out += text.slice(from, start) + HIDDEN;
    from = end;
  }
  return out + text.slice(from);
}
