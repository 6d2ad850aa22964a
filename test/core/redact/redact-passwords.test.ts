import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { redact } from '../../../lib/core/redact/redact.js';

const printable = fc.string({ unit: 'grapheme', minLength: 12, maxLength: 40 });
/** As people choose them: full of what means something to a parser. */
const nasty = fc.string({
  unit: fc.constantFrom(...`abcXYZ019 @:/?#&=;,.'"\`\\{}[]()<>%+-_~!$|^*é`),
  minLength: 12,
  maxLength: 40,
});
/** Without a `*`, so that what hides it is not taken for a part of it. */
const password = fc.oneof(printable, nasty).map((text) => without(text, /\*/g));
const word = fc.stringMatching(/^[a-z]{1,8}$/);

function without(text: string, unwanted: RegExp): string {
  return text.replace(unwanted, '_');
}

/** Each way to write a password down that has rules of its own, and what is to be seen of it. */
const WRITERS: Readonly<
  Record<string, (password: string, user: string) => [text: string, secret: string]>
> = {
  'encoded in a URL': (raw, user) => {
    const secret = encodeURIComponent(raw);
    return [`no answer of postgres://${user}:${secret}@db.example:5432/x`, secret];
  },
  'raw in a URL': (raw, user) => {
    const secret = `p${without(raw, /\s/g)}`;
    return [`no answer of redis://${user}:${secret}@cache.example within 5 s`, secret];
  },
  'raw in a URL alone, spaces and all': (raw, user) => [
    `redis://${user}:${raw}@cache.example`,
    raw,
  ],
  'raw without a scheme': (raw, user) => {
    const secret = without(raw, /\s|:\/\//g);
    return [`${user}:${secret}@cache.example:6379 is no address`, secret];
  },
  'in JSON': (raw, user) => [
    JSON.stringify({ user, password: raw, port: 1 }),
    JSON.stringify(raw).slice(1, -1),
  ],
  'in JSON in JSON': (raw, user) => {
    const text = JSON.stringify(JSON.stringify({ user, token: raw, port: 1 }));
    return [text, JSON.stringify(JSON.stringify(raw).slice(1, -1)).slice(1, -1)];
  },
  'as Node shows an object': (raw, user) => {
    const secret = without(raw, /[\r\n]/g);
    return [inspect({ user, password: secret, port: 1 }, { breakLength: Infinity }), secret];
  },
  'in a query': (raw, user) => {
    const query = new URLSearchParams({ user, api_key: raw, page: '1' });
    return [
      `GET https://api.example/x?${query} failed`,
      new URLSearchParams({ a: raw }).toString().slice(2),
    ];
  },
  'in a connection string': (raw) => {
    const secret = `p${without(raw, /[;\r\n]/g)}`;
    return [`Server=db.example;Password=${secret};Encrypt=true`, secret];
  },
  'quoted in a connection string': (raw) => [
    `Server=h;Pwd="${raw.replaceAll('"', '""')}";Encrypt=true`,
    raw,
  ],
  'in braces in a connection string': (raw) => [
    `Server=h;Pwd={${raw.replaceAll('}', '}}')}};Encrypt=true`,
    raw,
  ],
  'in the words of libpq': (raw) => {
    const secret = raw.replace(/[\\']/g, '\\$&');
    return [`host=db.example password='${secret}' user=app`, secret];
  },
  'in the arguments of a command that Redis does not know': (raw, user) => [
    `ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' '${user}' '${raw}' `,
    raw,
  ],
};

describe('redact, for any password', () => {
  for (const [title, write] of Object.entries(WRITERS)) {
    it(`hides it ${title}`, () => {
      fc.assert(
        fc.property(password, word, (raw, user) => {
          const [text, secret] = write(raw, user);
          const told = redact(text);
          const around = text.replaceAll(secret, '');
          for (const part of parts(secret)) {
            if (told.includes(part) && !around.includes(part))
              expect(told, text).to.not.contain(part);
          }
        }),
        { numRuns: 150 },
      );
    });
  }
});

/** Half a password is a secret too. */
function* parts(secret: string, length = 5): Generator<string> {
  for (let at = 0; at + length <= secret.length; at++) yield secret.slice(at, at + length);
}
