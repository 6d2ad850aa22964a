/*
 * The one list of the names of secrets. Details are hidden by it, and so are values that are written behind a
 * name, a flag or a tag in any text.
 */

/** These make a name secret wherever they stand in it, in whatever spelling: `client_secret`, `xApiKey`. */
const ENGLISH_STEMS: readonly string[] = [
  ...['password', 'passwd', 'passphrase', 'passcode', 'pwd', 'secret', 'token', 'credential'],
  ...['cookie', 'authorization', 'signature', 'bearer', 'mnemonic', 'webhook', 'csrf', 'xsrf'],
  ...['apikey', 'accesskey', 'accountkey', 'privatekey', 'signingkey', 'encryptionkey'],
  ...['masterkey', 'sharedkey', 'servicekey', 'sessionkey', 'clientkey', 'licensekey'],
  ...['storagekey', 'deploykey', 'sshkey', 'sessionid', 'sessid', 'onetimecode'],
  ...['verificationcode', 'securitycode', 'recoverycode', 'backupcode', 'logincode'],
];

/** "Password" in other languages. */
const FOREIGN_STEMS: readonly string[] = [
  ...['passwort', 'kennwort', 'motdepasse', 'contrasena', 'contrasenya', 'senha', 'parola'],
  ...['wachtwoord', 'losenord', 'adgangskode', 'salasana', 'haslo', 'heslo', 'jelszo', 'sifre'],
  ...['пароль', 'κωδικος', '密码', '密碼', 'パスワード', '비밀번호', '암호', 'รหัสผาน'],
];

const STEMS: readonly string[] = [...ENGLISH_STEMS, ...FOREIGN_STEMS].map(plain);

/** These must be a word of the name: `user.pin`, `connect.sid`, but not `spinning` or `inside`. */
const WORDS: ReadonlySet<string> = new Set([
  ...['pass', 'auth', 'sig', 'sid', 'jwt', 'otp', 'totp', 'pin', 'mfa', 'cvv', 'cvc'],
  ...['sess', 'session', 'passe'],
]);

/** Programs write these without a separator behind another word: `requirepass`, `masterauth`, `USERJWT`. */
const ENDINGS: readonly string[] = ['pass', 'auth', 'sid', 'jwt', 'otp'];

const NO_SECRETS: ReadonlySet<string> = new Set(['bypass', 'compass']);

/** More of a name is not looked at. */
const MAX_NAME = 200;

export function isSecretName(name: string): boolean {
  const words = wordsOf(name.slice(0, MAX_NAME));
  const joined = words.join('');
  if (STEMS.some((stem) => joined.includes(stem))) return true;
  return words.some(
    (word) =>
      WORDS.has(word) || (!NO_SECRETS.has(word) && ENDINGS.some((ending) => word.endsWith(ending))),
  );
}

/** `sslClient-Key_2` as `ssl`, `client`, `key`, `2`. */
function wordsOf(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2 ');
  return plain(spaced.toLowerCase()).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Without accents. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ł', 'l').replaceAll('ø', 'o');
}
