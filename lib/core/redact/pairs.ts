import { isSecretName } from './secret-names.js';
import { type Span, valueAt, withHidden } from './values.js';

/**
 * What stands between a name and its value: `=`, `:`, `=>` and their like, behind the quote or bracket that
 * closes the name; or the comma between two quoted texts of a list. The colon of an address is none.
 */
const SIGN =
  /\\{0,15}["'`]?[\])]{0,2}\s{0,3}(?:->|!?(?:[:：](?!\/\/)|=)[:=]{0,2}>?|%3[ad])\s{0,3}|\\{0,15}["'`],\s{0,3}(?=\\{0,15}["'`])/gi;

const NAME_CHARACTER = /[\w.$\p{L}\p{M}-]/u;
const MAX_NAME = 80;

/** Words that say nothing alone. The word before them says what they are: `API key`, `session id`. */
const GENERAL = /^(?:key|code|id|phrase)$/i;

/** In a query these are secrets too: keys of Google, codes of OAuth. */
const SECRET_IN_QUERY = /^(?:key|code)$/i;

const IN_QUERY = /[?&][\w.%[\]-]{0,99}$/;

/** Headers with several values. */
const WHOLE_LINE = /(?:cookies?2?|authorization)$/i;

/** `{ name: 'password', value: '…' }` */
const NAMES_A_NAME = /^(?:name|key|field|header|param(?:eter)?|option|id)$/i;
const NAMES_A_VALUE = /^(?:value|val|content|data|text|default)$/i;
const NAME_AS_VALUE = /\\*["'`]?([\w.\p{L}\p{M}-]{1,60})/uy;

/** How far behind the name its value may stand. */
const MAX_DISTANCE = 120;

interface Name {
  readonly text: string;
  readonly start: number;
}

/** Hides what is written behind the name of a secret. */
export function hidePairs(text: string): string {
  const spans: Span[] = [];
  let secretUntil = -1;
  SIGN.lastIndex = 0;
  for (let sign = SIGN.exec(text); sign !== null; sign = SIGN.exec(text)) {
    const name = nameBefore(text, sign.index);
    const at = sign.index + sign[0].length;
    if (NAMES_A_NAME.test(name.text) && isSecretName(nameAt(text, at))) {
      secretUntil = at + MAX_DISTANCE;
    } else if (isSecret(text, name, sign[0]) || isValueOf(name, at < secretUntil)) {
      const isInQuery = IN_QUERY.test(text.slice(Math.max(0, name.start - 100), name.start));
      const span = valueAt(text, at, { isInQuery, isWholeLine: WHOLE_LINE.test(name.text) });
      if (span.end > span.start) spans.push(span);
      SIGN.lastIndex = Math.max(span.end, at);
    }
  }
  return withHidden(text, spans);
}

function nameBefore(text: string, end: number): Name {
  let start = end;
  while (start > 0 && end - start < MAX_NAME && NAME_CHARACTER.test(text.charAt(start - 1)))
    start--;
  return { text: text.slice(start, end), start };
}

function nameAt(text: string, at: number): string {
  NAME_AS_VALUE.lastIndex = at;
  return NAME_AS_VALUE.exec(text)?.[1] ?? '';
}

function isSecret(text: string, name: Name, sign: string): boolean {
  // The user name in an address, behind which a password stands, is left to the step for addresses.
  if (sign === ':' && text.startsWith('://', name.start - 3)) return false;
  if (isSecretName(name.text)) return true;
  if (SECRET_IN_QUERY.test(name.text) && /[?&]/.test(text.charAt(name.start - 1))) return true;
  if (!GENERAL.test(name.text) || text.charAt(name.start - 1) !== ' ') return false;
  return isSecretName(`${nameBefore(text, name.start - 1).text} ${name.text}`);
}

function isValueOf({ text }: Name, isNamed: boolean): boolean {
  return isNamed && NAMES_A_VALUE.test(text);
}
