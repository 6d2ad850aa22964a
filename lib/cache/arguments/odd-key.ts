/**
 * The text of a missing value as a part of its own: `user:undefined`, `user/null`, `user_NaN:posts`. A hyphen
 * counts only right after one word, because titles in keys have hyphens: `posts:why-null-is-hard`.
 */
const ODD_WORD = /(?:^|[:/|.,;#=&?@ ])(?:[A-Za-z]+[-_])?(undefined|null|NaN)(?=$|[:/|.,;#=&?@ ])/;

/** An object, or a date that is none, as text. No key has these on purpose. */
const ODD_TEXT = /\[object [A-Z]\w*\]|Invalid Date/;

/** One look for what both have in common: most keys have none of it. */
const SUSPECT = /undefined|null|NaN|\[object |Invalid Date/;

/** The part of a key that a missing value has left there, if any. */
export function oddPartOf(key: string): string | undefined {
  if (!SUSPECT.test(key)) return undefined;
  return ODD_WORD.exec(key)?.[1] ?? ODD_TEXT.exec(key)?.[0];
}
