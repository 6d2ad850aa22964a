import { expect } from 'chai';
import fc from 'fast-check';
import { errorText, redact } from '../../../lib/core/redact/redact.js';
import { GUISES, SECRETS } from '../../support/secrets.js';

/** What people need in order to understand what is wrong. */
const HARMLESS = [
  'connect ECONNREFUSED 127.0.0.1:6379',
  'connect ECONNREFUSED ::1:6379',
  'getaddrinfo ENOTFOUND cache.example',
  'redis://cache.example:6379/0',
  'redis://[::1]:6379, then',
  "a URL such as 'redis://localhost:6379', node-redis options",
  'unix:///run/redis.sock',
  'mongodb://one:27017,two:27017/x',
  'jdbc:sqlserver://db.example:1433;database=x',
  'at file:///app/index.js:10:5',
  'http://localhost:3000/a:b',
  'mail bob@example.com',
  'git@git.example:org/repo',
  'WRONGPASS invalid username-password pair or user is disabled.',
  'NOAUTH Authentication required.',
  "NOPERM User default has no permissions to run the 'get' command",
  'ERR AUTH <password> called without any password configured for the default user.',
  'ERR Client sent AUTH, but no password is set',
  "OOM command not allowed when used memory > 'maxmemory'.",
  'MOVED 3999 127.0.0.1:6381',
  'password authentication failed for user "app"',
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string',
  `Unexpected token 'a', "abc" is not valid JSON`,
  'Basic authentication is required',
  'the password is wrong',
  'the token is expired',
  'check the session of the user',
  'session not found in the database',
  'ERR wrong number of arguments for "get" command',
  "duplicate key value violates unique constraint 'users_email_key'",
  'Key (email)=(a) already exists.',
  'connect ETIMEDOUT 10.0.0.1:5432 after 5000 ms',
  'Cannot find module /app/src/hooks/use-cache.js',
  'request 550e8400-e29b-41d4-a716-446655440000 failed',
  'pod redis-master-7d9f8b6c5-x2k4q is not ready',
  'my-cache.abc123.ng.0001.use1.cache.amazonaws.com:6379',
  'arn:aws:elasticache:eu-central-1:123456789012:cluster:my-cache',
  'at 2026-01-01T00:00:00.000Z the pool had 10 of 20 connections',
  'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
  'PrismaClientInitializationError: cannot reach the database at db.example:5432',
  'relation "session_store_of_the_shop" does not exist',
  'the login took 1200 ms',
  '<ref *1> is a circle',
  'usage: tool [--verbose] --host h',
  'Größe: 12, prénom: Zoë, имя: Иван',
  'status code 503 from https://api.example/v1/orders?page=2',
];

const TOLD: [text: string, told: string][] = [
  ['Passwort: geheim12', 'Passwort: ***'],
  ['mot de passe : abc123', 'mot de passe : ***'],
  ['contraseña=abc123', 'contraseña=***'],
  ['{"hasło":"abc123"}', '{"hasło":"***"}'],
  ['пароль: abc123', 'пароль: ***'],
  ['密码：abc123', '密码：***'],
  ['비밀번호: abc123', '비밀번호: ***'],
  ['{"pin":1234,"host":"h"}', '{"pin":***,"host":"h"}'],
  ["{ auth: { user: 'a', list: [ '}' ] }, host: 'h' }", "{ auth: ***, host: 'h' }"],
  ['<user>a</user><password>x</password>', '<user>a</user><password>***</password>'],
  ['mysql -u root -pxyz shop', 'mysql -u root -p*** shop'],
  ['curl -u app:x https://api.example', 'curl -u app:*** https://api.example'],
  ['Your login code is 123456.', 'Your login code is ***.'],
  ["[ 'password', 'x' ]", "[ 'password', '***' ]"],
  ["{ name: 'token', value: 'x' }", "{ name: 'token', value: '***' }"],
  ['https://discord.com/api/webhooks/1/x is gone', 'https://discord.com/api/webhooks/*** is gone'],
  ['redis://app:x@cache.example:6379/0 is gone', 'redis://***@cache.example:6379/0 is gone'],
  ["'redis://app:x@[::1]:6379'", "'redis://***@[::1]:6379'"],
  ["redis 'redis://app:x' is wrong", "redis 'redis://app:***' is wrong"],
  ["'app:x@cache.example:6379' is wrong", "'***@cache.example:6379' is wrong"],
  ['https://token:x@git.example/repo', 'https://***@git.example/repo'],
  ['redis://h/?password=x&db=1', 'redis://h/?password=***&db=1'],
  ['{"password":"x","host":"h"}', '{"password":"***","host":"h"}'],
  ["{ password: 'x', host: 'h' }", "{ password: '***', host: 'h' }"],
  ['Server=h;Password=x y;Encrypt=true', 'Server=h;Password=***;Encrypt=true'],
  ['rejected bearer abc, try again', 'rejected bearer ***, try again'],
  [
    "ERR unknown command 'AUTH', with args beginning with: 'x' ",
    "ERR unknown command 'AUTH', with args beginning with: ***",
  ],
];

describe('redact', () => {
  for (const { text, secret } of SECRETS) {
    it(`hides the secret of ${JSON.stringify(text.slice(0, 80))}`, () => {
      expect(text).to.contain(secret);
      expect(redact(text)).to.not.contain(secret);
      expect(redact(`${text} and so on`), 'among other words').to.not.contain(secret);
      expect(redact(`(it says: ${text})`), 'in brackets').to.not.contain(secret);
    });
  }

  it('knows an address alone, also when its beginning looks like one without a password', () => {
    expect(redact('redis://app:6379 hunter2@cache.example:1')).to.equal(
      'redis://***@cache.example:1',
    );
    expect(redact(' redis://open hunter2@cache.example')).to.equal(' redis://***@cache.example');
  });

  for (const text of HARMLESS) {
    it(`leaves ${JSON.stringify(text)} as it is`, () => {
      expect(redact(text)).to.equal(text);
    });
  }

  for (const [text, told] of TOLD) {
    it(`says of ${JSON.stringify(text)} what may be said`, () => {
      expect(redact(text)).to.equal(told);
      expect(redact(told), 'said again').to.equal(told);
    });
  }

  // fast-check's own unit `binary` makes a table of all of them first, which takes a second.
  const codePoint = fc
    .integer({ min: 0, max: 0x10ffff - 0x800 })
    .map((point) => String.fromCodePoint(point < 0xd800 ? point : point + 0x800));
  const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
  const anyText = fc.oneof(
    fc.string({ unit: codePoint, maxLength: 400 }),
    fc.string({ unit: codeUnit, maxLength: 400 }),
  );

  it('says everything on one line of at most 200 well-formed characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const told = redact(text);
        expect(told).to.have.lengthOf.at.most(200);
        expect(told).to.not.match(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u);
        expect(Buffer.from(told).toString()).to.equal(told);
      }),
    );
    expect(redact('a\r\n\tb\u2028c')).to.equal('a b c');
    expect(redact(`${'a'.repeat(198)}😀😀`)).to.equal(`${'a'.repeat(198)}…`);
  });

  it('takes no longer for hostile texts', function () {
    this.retries(2); // a real duration, on machines that are shared
    for (const piece of HOSTILE) {
      const text = piece.repeat(Math.ceil(8_000 / piece.length));
      const startedAt = performance.now();
      redact(text);
      redact(`password="${text}`);
      expect(performance.now() - startedAt, JSON.stringify(piece)).to.be.below(200);
    }
    const startedAt = performance.now();
    redact('password=x '.repeat(1_000_000));
    expect(performance.now() - startedAt).to.be.below(200);
  });
});

/** What makes a careless expression look again and again. */
const HOSTILE = [
  ...['@', 'a@ ', '://', '://a:b ', 'a://', '"', '\\', ' ', '\n', '\u0001', '-', '😀', 'a', '1 '],
  ...[
    'password',
    'password=',
    'password="',
    "pwd='\\",
    'pass=\\',
    'pass=a ',
    'pass=a;b ',
    'pass={',
  ],
  ...[
    'pass=[',
    '&b',
    ';b',
    '-eyJ',
    'eyJaaaaaaaaaa.',
    'bearer ',
    '"AUTH" \'',
    '-----BEGIN ',
    '://:',
  ],
  ...['-----BEGIN PRIVATE KEY', '\u001b[', '\u001b]8;;', ' --pass', 'cookie: a ', 'ghp_', 'aB1/'],
  ...['<a>', '<a b="', '<password>', '&lt;password&gt;', '<key>token</key><a>', '<password>a</p'],
  ...[' -p', ' -p"', ' -u a:', 'redis-cli ', 'redis-cli -a', 'otp 1', '123456 is your ', '12-'],
  ...['hooks.', 'a.', '/hooks/', 'https://', 'https://a/hooks/', 'name=password,value', 'key '],
  ...[
    'auth={',
    'auth: {',
    'auth: {"',
    "auth: ['",
    "pass='a' +\n",
    'pass: |\n ',
    '=',
    '->',
    '"a", ',
  ],
  ...["'token', '", '%3a', '&key=1', 'auth: Map(1) {', 'password is ', 'session 1', 'a.b.', '1:'],
];

describe('errorText', () => {
  for (const [title, dress] of Object.entries(GUISES)) {
    it(`hides every secret in ${title}`, () => {
      for (const { text, secret } of SECRETS) {
        expect(errorText(dress(text)), text).to.not.contain(secret);
      }
    });
  }

  const TABLE: [title: string, thrown: unknown, text: string][] = [
    ['a message', new Error('it failed'), 'it failed'],
    ['a text', 'it failed', 'it failed'],
    ['an object with a message', { message: 'it failed' }, 'it failed'],
    ['the first of several', new AggregateError([new Error('one'), new Error('two')]), 'one'],
    ['the message of several', new AggregateError([new Error('one')], 'all'), 'all'],
    ['a code', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['a name', new TypeError(''), 'TypeError'],
    ['a number', 42, '42'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['a class', class Failure {}, 'Failure'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an empty text', '', 'unknown error'],
    ['a blank text', ' \n ', 'unknown error'],
    ['an object of nothing', Object.create(null), 'unknown error'],
    ['several of none', new AggregateError([]), 'AggregateError'],
  ];
  for (const [title, thrown, text] of TABLE) {
    it(`tells of ${title}`, () => {
      expect(errorText(thrown)).to.equal(text);
    });
  }

  it('never throws', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    const circle = new AggregateError([]);
    circle.errors.push(circle);
    expect(errorText(hostile)).to.equal('unknown error');
    expect(errorText(circle)).to.equal('AggregateError');
    expect(
      errorText({
        get message(): string {
          throw new Error('no');
        },
      }),
    ).to.equal('unknown error');
    fc.assert(fc.property(fc.anything(), (thrown) => void errorText(thrown)));
  });
});
