import { HIDDEN } from './hidden.js';

const SLASH = String.raw`\\?\/`;
const REST = '[^\\s"\'`<>]+';

/** `hooks.slack.com/services/…`: the address alone gives the right to write. */
const HOOK_HOST = new RegExp(
  String.raw`((?<![\w.-])(?:[\w-]{1,63}\.){0,5}(?:web)?hooks?\.[\w.-]{1,100}(?::\d{1,5})?${SLASH})${REST}`,
  'gi',
);

const URL_TEXT = new RegExp(`https?:${SLASH}${SLASH}${REST}`, 'gi');

/** `discord.com/api/webhooks/…`, `maker.ifttt.com/trigger/x/with/key/…` */
const HOOK_PATH = new RegExp(
  `(${SLASH}(?:web-?hook\\w{0,20}|hooks?|key|token|secret)${SLASH}).+`,
  'is',
);

export function hideWebhooks(text: string): string {
  return text
    .replace(HOOK_HOST, `$1${HIDDEN}`)
    .replace(URL_TEXT, (url) => url.replace(HOOK_PATH, `$1${HIDDEN}`));
}

/** A text that is nothing but an address, whatever its password is made of. */
export function hideWholeAddress(text: string): string {
  const scheme = /^\s*[a-z][a-z0-9+.-]{0,30}:\/\//i.exec(text)?.[0];
  const at = text.lastIndexOf('@');
  if (scheme === undefined || at < scheme.length || /\s/.test(text.slice(at))) return text;
  return `${scheme}${HIDDEN}${text.slice(at)}`;
}

/** `://name:` and something that is no port: a password, to the next `@` if there is one. */
const PASSWORD_OF_URL =
  /:\/\/((?:[^\s:@/?#[\]]+:(?!\d{1,5}(?:[\s/?#,;.:'"`)\]}\\]|$))|:))(?:[^@\n]{0,200}(?=@)|(\S*[^\s"'`]))/g;

/** Addresses among other words. Raw passwords may have any character, so the last `@` of a word counts. */
export function hideAddresses(text: string): string {
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
  // Without a scheme it takes a colon, or every mail address would be one.
  const colon = word.indexOf(':');
  if (colon === -1 || colon > at) return word;
  const opening = /^["'`([{<]*/.exec(word)?.[0] ?? '';
  return `${opening}${HIDDEN}${word.slice(at)}`;
}

/** Whether the text before `://` is only a scheme (also `jdbc:…`, and JSON before a quote). */
function isScheme(text: string): boolean {
  return !/:(?!["'`])/.test(text.replace(/jdbc:/i, ''));
}
