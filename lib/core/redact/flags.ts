import { isSecretName } from './secret-names.js';
import { type Span, withHidden } from './values.js';

/** A flag of a command line, also as an item of a list: `--password`, `'-p',`. */
const FLAG = /(?<![^\s"'`,[(])--?([A-Za-z][\w.-]{0,60})["'`]?(?:,\s{0,3}|\s{1,3})(?=[^\s-])/g;

/** `-psecret`, and `-p secret`. */
const SHORT = /(?<![^\s"'`,[(])-p(?:["'`]?(?:,\s{0,3}|\s{1,3}))?(?=[^\s"'`,-]|["'`][^\s,])/gi;

/** `curl -u app:secret`. What stands before the colon is a name. */
const USER =
  /(?<![^\s"'`,[(])(?:-u|--user|--proxy-user)["'`]?(?:,\s{0,3}|[\s=]{1,3})(?<quote>["'`]?)[^\s:"'`]{1,100}:/g;

/** `redis-cli -a secret` */
const REDIS_CLI = /\bredis-cli\b[^\n|;]{0,200}?\s-a\s{1,3}/g;

const VALUE = /(["'`])(?:\\[\s\S]|(?!\1)[^\\])*(?:\1|$)|[^\s"'`]+/y;

/** Hides the passwords of command lines. */
export function hideFlags(text: string): string {
  let safe = hideBehind(text, FLAG, isSecretName);
  for (const pattern of [SHORT, USER, REDIS_CLI]) safe = hideBehind(safe, pattern, () => true);
  return safe;
}

function hideBehind(text: string, flag: RegExp, isSecret: (name: string) => boolean): string {
  const spans: Span[] = [];
  flag.lastIndex = 0;
  for (let found = flag.exec(text); found !== null; found = flag.exec(text)) {
    if (!isSecret(found[1] ?? '')) continue;
    const start = found.index + found[0].length;
    const end = endOfValue(text, start, found.groups?.quote ?? '');
    if (end > start) spans.push({ start, end });
    flag.lastIndex = Math.max(end, start);
  }
  return withHidden(text, spans);
}

/** Where the value ends, whose quote may have been opened before. */
function endOfValue(text: string, start: number, quote: string): number {
  if (quote !== '') {
    const end = text.indexOf(quote, start);
    return end === -1 ? text.length : end;
  }
  VALUE.lastIndex = start;
  return start + (VALUE.exec(text)?.[0].length ?? 0);
}
