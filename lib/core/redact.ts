import { stripVTControlCharacters } from 'node:util';

/*
 * What leaves the process as text passes through here. When in doubt, a word too many is hidden: a message
 * that is less clear does less harm than a password in a log.
 *
 * Each expression takes time in proportion to the text: once it has found where a secret begins it cannot fail
 * any more, or it looks at a bounded number of characters.
 */

const HIDDEN = '***';

/** Of what is said. */
const MAX_LENGTH = 200;

/** The rest of a longer text is not looked at. */
const MAX_INPUT = 8_000;

/** Up to the same quote, doubled and escaped ones left aside; without one, all that there is. */
const QUOTED = String.raw`(?<q>\\*["'${'`'}])(?:\k<q>\k<q>|[\s\S])*?(?:(?<!\\)\k<q>(?!\k<q>)|$)`;

/**
 * Up to the white space, or the `;` behind which another name begins. Where a `;` follows on the line it is a
 * connection string, whose values may have spaces.
 */
const BARE = bare('&');

/** In the query of a URL `&` ends the value too. */
const BARE_IN_QUERY = bare(String.raw`&(?![\w.%[\]-]{1,60}=)`);

function bare(ampersand: string): string {
  return String.raw`(?:\\(?:[\s\S]|$)|[^\s&;\\]|${ampersand}|;(?!\s|$|[\w .-]{1,40}=))+(?:[^\S\n][^;\n]{0,200}(?=;))?`;
}

const LIST = String.raw`\{(?:\}\}|[^}])*(?:\}|$)|\[[^\]]*(?:\]|$)`;

/** Names of secrets, also as parts of longer names. */
const NAME = String.raw`(?:(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credential|cookie|authorization|signature|(?:api|access|account|private)[-_ ]?key)[\w-]{0,40}|pass|auth|(?<![a-z0-9])(?:sig|sid|jwt))`;

/** Behind a name and its `=`: it is one of a URL's query. */
const IN_QUERY = String.raw`(?<=[?&][\w.%[\]-]{0,99}=)`;

/** `=`, `:`, `=>` and their like. The colon after the user name of a URL is none. */
const EQUALS = String.raw`\\*["'${'`'}]?\s{0,3}(?:=>?|(?<!:\/\/\w{1,20}):|%3[ad])\s{0,3}`;

/** What tells a secret by itself, or by the word before it. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [\w ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END[\w ]*-*|$)/g, HIDDEN],
  [/(?<![a-z0-9])eyJ[\w-]{10,}(?:\.[\w-]+){0,4}/gi, HIDDEN],
  [/(?<![A-Z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}/g, HIDDEN],
  [
    /(?<![a-z0-9])(?:gh[oprsu]_|github_pat_|glpat-|npm_|xox[a-z]-|[sr]k[-_](?:live|test|proj|ant)[-_]|AIza)[\w-]{10,}/gi,
    HIDDEN,
  ],
  [/\b(bearer(?:\s+token)?|basic)\s+(?!auth)[^\s"'`,;]+/gi, `$1 ${HIDDEN}`],
  // Redis quotes the arguments of a command that it does not know, also those of AUTH and HELLO.
  [/(with args beginning with:)[\s\S]*/i, `$1 ${HIDDEN}`],
  [/(["'`]AUTH["'`])(?:[\s,]+(["'`])[\s\S]*?(?:\2|$))+/gi, `$1 ${HIDDEN}`],
  [
    /(\s--?(?:pass(?:word|wd)?|auth|token|secret)|\brequirepass|\bmasterauth)\s+\S+/gi,
    `$1 ${HIDDEN}`,
  ],
  [new RegExp(String.raw`\b(password|identified\s+by)\s+${QUOTED}`, 'gi'), `$1 $<q>${HIDDEN}$<q>`],
  [
    new RegExp(`(${NAME}${EQUALS}${IN_QUERY})(?:${QUOTED}|${LIST}|${BARE_IN_QUERY})`, 'gi'),
    `$1$<q>${HIDDEN}$<q>`,
  ],
  [
    new RegExp(`(${NAME}${EQUALS}(?!${IN_QUERY}))(?:${QUOTED}|${LIST}|${BARE})`, 'gi'),
    `$1$<q>${HIDDEN}$<q>`,
  ],
  // These have several values.
  [/\b(authorization|cookie)(\s{0,3}[=:])[^\n\r]*/gi, `$1$2 ${HIDDEN}`],
];

/**
 * Text that may leave the process, on one line of at most 200 characters: the user-info of URLs,
 * `password=…`-like pairs, keys, tokens and what else is known to be secret are replaced by `***`, and
 * control characters are left out. The host of a URL stays.
 */
export function redact(text: string): string {
  let safe = withoutControls(text.length > MAX_INPUT ? cut(text) : text);
  safe = redactAddress(safe);
  for (const [pattern, replacement] of RULES) safe = safe.replace(pattern, replacement);
  safe = redactAddresses(safe).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return safe.length > MAX_LENGTH
    ? `${safe.slice(0, MAX_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
    : safe;
}

/** A word that the cut would halve goes as a whole: half a secret may look like none. */
function cut(text: string): string {
  let end = MAX_INPUT;
  while (end > 0 && !isSpace(text, end - 1)) end--;
  return `${text.slice(0, end)}…`;
}

function isSpace(text: string, at: number): boolean {
  return text.charAt(at).trim() === '';
}

/** Left out, not replaced: a space would end a secret before its time. So would what reverses the text's order. */
function withoutControls(text: string): string {
  const plain = stripVTControlCharacters(text.toWellFormed());
  return plain.replace(/[^\P{Cc}\s]+|[\u202A-\u202E\u2066-\u2069]+/gu, '');
}

/** A text that is nothing but an address, whatever its password is made of. */
function redactAddress(text: string): string {
  const scheme = /^\s*[a-z][a-z0-9+.-]{0,30}:\/\//i.exec(text)?.[0];
  const at = text.lastIndexOf('@');
  if (scheme === undefined || at < scheme.length || /\s/.test(text.slice(at))) return text;
  return `${scheme}${HIDDEN}${text.slice(at)}`;
}

/** `://name:` and something that is no port: a password, to the next `@` if there is one. */
const PASSWORD_OF_URL =
  /:\/\/((?:[^\s:@/?#[\]]+:(?!\d{1,5}(?:[\s/?#,;.:'"`)\]}\\]|$))|:))(?:[^@\n]{0,200}(?=@)|(\S*[^\s"'`]))/g;

/** Addresses among other words. Raw passwords may have any character, so the last `@` of a word counts. */
function redactAddresses(text: string): string {
  return text
    .replace(PASSWORD_OF_URL, (_, name: string, untilSpace: string | undefined) =>
      untilSpace === undefined ? `://${HIDDEN}` : `://${name}${HIDDEN}`,
    )
    .replace(/\S+/g, withoutUserInfo);
}

function withoutUserInfo(word: string): string {
  const at = word.lastIndexOf('@');
  const scheme = word.indexOf('://');
  if (scheme !== -1 && scheme < at && isScheme(word.slice(0, scheme))) {
    return `${word.slice(0, scheme + 3)}${HIDDEN}${word.slice(at)}`;
  }
  // Without a scheme it takes a colon, or every mail address were one.
  const colon = word.indexOf(':');
  if (colon === -1 || colon > at) return word;
  const opening = /^["'`([{<]*/.exec(word)?.[0] ?? '';
  return `${opening}${HIDDEN}${word.slice(at)}`;
}

/** Whether no user name and half a password can stand there: a colon is JDBC's, or one of JSON before a quote. */
function isScheme(text: string): boolean {
  return !/:(?!["'`])/.test(text.replace(/jdbc:/i, ''));
}

/**
 * One redacted line for whatever was thrown. Never throws itself. Node's connection errors to several
 * addresses carry an empty message: then the first inner error, or the code, speaks.
 */
export function errorText(error: unknown): string {
  try {
    return redact(rawText(error, 0)).trim() || 'unknown error';
  } catch {
    return 'unknown error';
  }
}

function rawText(error: unknown, depth: number): string {
  if (typeof error === 'string') return error;
  const isObject = typeof error === 'object' || typeof error === 'function';
  if (!isObject || error === null) return String(error);
  const { message, code, errors, name } = error as Record<string, unknown>;
  if (typeof message === 'string' && message !== '') return message;
  if (Array.isArray(errors) && errors.length > 0 && depth < 3) return rawText(errors[0], depth + 1);
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' ? name : 'unknown error';
}
