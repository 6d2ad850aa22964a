import { HIDDEN } from './hidden.js';
import { isSecretName } from './secret-names.js';

type Rule = readonly [pattern: RegExp, replacement: string];

const QUOTED = String.raw`(?<quote>["'${'`'}])[\s\S]*?(?:\k<quote>|$)`;

/** Programs that write a secret behind a word, without a sign between. */
const RULES: readonly Rule[] = [
  [/\b(bearer(?:\s+token)?|basic)\s+(?!auth)[^\s"'`,;]+/gi, `$1 ${HIDDEN}`],
  // Redis quotes the arguments of a command that it does not know, also those of AUTH and HELLO.
  [/(with args beginning with:)[\s\S]*/i, `$1 ${HIDDEN}`],
  [/(["'`]AUTH["'`])(?:[\s,]+(["'`])[\s\S]*?(?:\2|$))+/gi, `$1 ${HIDDEN}`],
  [/(\bHELLO\s+\d\s+AUTH)\s+\S+\s+\S+/gi, `$1 ${HIDDEN}`],
  [/(\bAUTH(?:[ \t]+\w+)?)[ \t]+(?=\S*[\d!@#$%^&*+=_~|\\/])[^\s"'`<>]+/g, `$1 ${HIDDEN}`],
  [/(\bACL\s+SETUSER\b[^\n]*?\s)[>#]\S+/gi, `$1${HIDDEN}`],
  [/(\brequirepass|\bmasterauth)["'`]?\s+\S+/gi, `$1 ${HIDDEN}`],
  [new RegExp(String.raw`\b(password|identified\s+by)\s+${QUOTED}`, 'gi'), `$1 $2${HIDDEN}$2`],
  // ~/.netrc
  [/\b(login\s+\S{1,100}\s+password)\s+\S+/gi, `$1 ${HIDDEN}`],
];

const VERB = String.raw`(\s(?:is|was|set\sto|(?:is|was)\s(?:now|set\sto))\s)`;
const NAME = String.raw`\b([\w-]{1,40}(?:\s(?:id|key|code))?)`;

/** `the password is …`. A secret is quoted, or has a digit or a sign; what is wrong with one has none. */
const SAID_QUOTED = new RegExp(`${NAME}${VERB}${QUOTED}`, 'gi');
const SAID = new RegExp(
  String.raw`${NAME}${VERB}([^\s"'${'`'}]{1,200}?)(?=[.,;:!?)]{0,3}(?:["'${'`'}]|\s|$))`,
  'gi',
);

/** `invalid session 5f2c…` */
const OPAQUE_BEHIND = /\b(session|ticket|nonce|sid|token|key)(\s(?:id\s)?["'`]?)([\w.+/=-]{16,})/gi;

/** A match and its three groups. */
type Groups = [string, string, string, string];

export function hidePhrases(text: string): string {
  let safe = text;
  for (const [pattern, replacement] of RULES) safe = safe.replace(pattern, replacement);
  return safe
    .replace(SAID_QUOTED, (...[all, name, verb, quote]: Groups) =>
      isSecretName(name) ? `${name}${verb}${quote}${HIDDEN}${quote}` : all,
    )
    .replace(SAID, (...[all, name, verb, word]: Groups) =>
      isSecretName(name) && /[\d!@#$%^&*+=_~|\\/]/.test(word) ? `${name}${verb}${HIDDEN}` : all,
    )
    .replace(OPAQUE_BEHIND, (...[all, noun, between, word]: Groups) =>
      /\d/.test(word) ? `${noun}${between}${HIDDEN}` : all,
    );
}
