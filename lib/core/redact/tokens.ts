import { HIDDEN } from './hidden.js';

/** How the keys of vendors begin. At least ten characters follow. */
const PREFIXES: Readonly<Record<string, readonly string[]>> = {
  github: ['gh[oprsu]_', 'github_pat_'],
  gitlab: ['gl[a-z]{2,5}-'],
  npm: ['npm_'],
  pypi: ['pypi-'],
  rubygems: ['rubygems_'],
  docker: ['dckr_(?:pat|oat)_'],
  slack: ['xox[a-z]-', 'xapp-', 'xoxe\\.'],
  stripe: ['[srp]k_(?:live|test)_', 'whsec_'],
  google: ['AIza', 'ya29\\.', 'GOCSPX-', '1//0'],
  openai: ['sk-(?:proj|svcacct|admin)-', 'sk-(?=[A-Za-z0-9]{20})', 'sess-'],
  anthropic: ['sk-ant-'],
  huggingface: ['hf_', 'api_org_'],
  otherModels: ['gsk_', 'r8_', 'xai-', 'pplx-', 'sk-or-', 'nvapi-'],
  sendgrid: ['SG\\.'],
  mailServices: ['xkeysib-', 'xsmtpsib-', 're_(?=\\w{16})', 'key-(?=[0-9a-f]{32})'],
  digitalocean: ['do[opr]_v1_'],
  clouds: [
    'HRKU-',
    'FlyV1 ',
    'fo1_',
    'nfp_',
    'rnd_',
    'vercel_',
    'dapi(?=[0-9a-f]{32})',
    'LTAI',
    'AKID',
  ],
  databases: ['pscale_(?:tkn|pw|oauth)_', 'sbp_', 'sb_secret_', 'napi_'],
  shopify: ['shp(?:at|ca|pa|ss)_'],
  square: ['sq0[a-z]{3}-', 'EAAA'],
  atlassian: ['ATATT3', 'ATBB', 'ATCTT3'],
  hashicorp: ['hv[sbr]\\.', 's\\.(?=[A-Za-z0-9]{24})'],
  monitoring: ['glsa_', 'glc_', 'NRAK-', 'sntry[su]_', 'dt0[a-z]\\d\\d\\.'],
  tools: [
    'lin_api_',
    'secret_(?=\\w{30})',
    'ntn_',
    'figd_',
    'PMAK-',
    'dp\\.[a-z]{2,5}\\.',
    'bkua_',
  ],
  more: ['CCIPAT_', 'pul-', 'tfp_', 'CFPAT-', 'rdme_', 'sgp_', 'AKCp', 'sdk-', 'AGE-SECRET-KEY-'],
};

/** Keys that have a typical shape. */
const SHAPES: readonly string[] = [
  // AWS: the id. The secret that belongs to it has a name, or is found by `hideOpaque`.
  '(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}',
  // Twilio
  '(?:SK|AC)[0-9a-fA-F]{32}',
  // Mailchimp
  '[0-9a-f]{32}-us\\d{1,2}',
  // Telegram
  '(?:bot)?\\d{6,12}:[\\w-]{30,}',
  // Discord
  '[\\w-]{18,30}\\.[\\w-]{5,8}\\.[\\w-]{25,50}',
  // JSON web tokens, signed or encrypted
  'eyJ[\\w-]{10,}(?:\\.[\\w-]*){0,4}',
  // PASETO
  'v[1-4]\\.(?:local|public)\\.[\\w-]{20,}(?:\\.[\\w-]+)?',
];

const BODY = '[\\w.=+/-]{10,}';

const KEYS = new RegExp(
  `(?<![A-Za-z0-9])(?:(?:${Object.values(PREFIXES).flat().join('|')})${BODY}|${SHAPES.join('|')})`,
  'gi',
);

/** A private key, to its end or the end of the text. */
const PRIVATE_KEY = /-----BEGIN [\w ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END[\w ]*-*|$)/g;

export function hideTokens(text: string): string {
  return text.replace(PRIVATE_KEY, HIDDEN).replace(KEYS, HIDDEN);
}

const RUN = /[\w+/=-]{20,}/g;

/** Random letters change their kind at 62 of 100 places, words in camel case at 25 to 33. */
const RANDOM_CHANGES = 0.4;
const MIN_RANDOM = 20;

/** Base64 has a slash at one of 64 places. More of them make a path. */
const CHARACTERS_A_SLASH = 16;

/** Hides what looks like nothing but a random key, of whichever vendor. Identifiers with dashes stay. */
export function hideOpaque(text: string): string {
  return text.replace(RUN, (run) => {
    const parts = run.split('/');
    const isPath = run.startsWith('/') || parts.length - 1 > run.length / CHARACTERS_A_SLASH;
    if (isPath) return parts.map((part) => (isOpaque(part) ? HIDDEN : part)).join('/');
    return isOpaque(run) ? HIDDEN : run;
  });
}

function isOpaque(run: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(run) && /\d/.test(run) && /[a-f]/i.test(run)) return true;
  if (!/[a-z]/.test(run) || !/[A-Z]/.test(run) || !/\d/.test(run)) return false;
  // The secret keys of AWS. What begins with a slash is a path.
  if (run.length === 40 && /^[A-Za-z0-9+][A-Za-z0-9/+]+$/.test(run)) return true;
  const kinds = run
    .replace(/[^A-Za-z0-9]/g, '')
    .replace(/[a-z]/g, 'a')
    .replace(/[A-Z]/g, 'A')
    .replace(/\d/g, '0');
  if (kinds.length < MIN_RANDOM) return false;
  let changes = 0;
  for (let at = 1; at < kinds.length; at++) if (kinds[at] !== kinds[at - 1]) changes++;
  return changes / kinds.length >= RANDOM_CHANGES;
}
