import { isSecretName } from './secret-names.js';
import { type Span, withHidden } from './values.js';

const LT = '(?:<|&lt;)';
const GT = '(?:>|&gt;)';
const TAG = String.raw`[\w.:-]{1,60}`;

/** An opening tag and its attributes. */
const OPENING = new RegExp(`${LT}(${TAG})((?:\\s[^<>]{0,300}?)?)${GT}`, 'g');

/** `<property name="password">` */
const NAMED = /\b(?:name|key|id|field)\s?=\s?["']([\w.:-]{1,60})["']/i;

/** A property list: `<key>Password</key><string>…</string>`. */
const KEY = new RegExp(
  `${LT}(key|name)${GT}([^<>&]{1,60})${LT}/\\1${GT}\\s{0,20}${LT}(${TAG})${GT}`,
  'gi',
);

/** Hides the content of elements of XML whose name, or whose key, is one of a secret. */
export function hideElements(text: string): string {
  const isPlain = !/<|&lt;/.test(text);
  if (isPlain) return text;
  const byKey = hideContent(text, KEY, ([, , key = '']) => isSecretName(key));
  return hideContent(byKey, OPENING, ([, tag = '', attributes = '']) => {
    if (attributes.endsWith('/')) return false;
    return isSecretName(tag) || isSecretName(NAMED.exec(attributes)?.[1] ?? '');
  });
}

function hideContent(
  text: string,
  opening: RegExp,
  isSecret: (found: RegExpExecArray) => boolean,
): string {
  const spans: Span[] = [];
  opening.lastIndex = 0;
  for (let found = opening.exec(text); found !== null; found = opening.exec(text)) {
    if (!isSecret(found)) continue;
    const start = found.index + found[0].length;
    const end = endOfContent(text, start, found[3] ?? found[1] ?? '');
    if (end > start) spans.push({ start, end });
    opening.lastIndex = end;
  }
  return withHidden(text, spans);
}

/** Where the element closes. `<password>` in a sentence opens none: white space follows, and nothing closes it. */
function endOfContent(text: string, start: number, tag: string): number {
  const ends = ['</', '&lt;/']
    .map((open) => text.indexOf(open + tag, start))
    .filter((at) => at !== -1);
  if (ends.length > 0) return Math.min(...ends);
  return /\s|^$/.test(text.charAt(start)) ? start : text.length;
}
