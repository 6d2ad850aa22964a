/** A text that a driver, a framework or a person writes, and what of it nobody may read. */
export interface Leak {
  readonly text: string;
  readonly secret: string;
}

/** Parts that look like secrets must not lie here as such: whoever scans repositories for them would find them. */
const join = (...parts: string[]): string => parts.join('');

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const JWT_PAYLOAD = base64({ sub: '1234567890', name: 'Joe' });
const JWT_SIGNATURE = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const JWT = [base64({ alg: 'HS256', typ: 'JWT' }), JWT_PAYLOAD, JWT_SIGNATURE].join('.');
const AWS_ID = join('AKIA', 'IOSFODNN7', 'EXAMPLE');
const AWS_SESSION_ID = join('ASIA', 'IOSFODNN7', 'EXAMPLE');
const AWS_SECRET = join('wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCY', 'EXAMPLEKEY');

const ADDRESSES: readonly Leak[] = [
  ...['postgres', 'postgresql', 'mysql', 'mongodb', 'mongodb+srv', 'redis', 'rediss', 'amqp'].map(
    (scheme) => ({
      text: `cannot reach ${scheme}://app:hunter2@db.example:1/x`,
      secret: 'hunter2',
    }),
  ),
  { text: 'redis://:hunter2@cache.example:6379', secret: 'hunter2' },
  { text: 'rediss://hunter2@cache.example', secret: 'hunter2' },
  { text: 'https://hunter2:x-oauth-basic@git.example/repo', secret: 'hunter2' },
  { text: 'REDIS://APP:hunter2@cache.example', secret: 'hunter2' },
  // Percent-encoded
  { text: 'postgres://app:hun%40ter%3A2%2F@db.example/x', secret: 'hun%40ter' },
  { text: 'postgres://app%40corp:hunter2@db.example/x', secret: 'hunter2' },
  // Raw, as people type it
  { text: 'postgres://app:p@ss@hunter2@db.example/x', secret: 'hunter2' },
  { text: 'postgres://app:pa/ss/hunter2@db.example/x', secret: 'hunter2' },
  { text: 'postgres://app:1234/hunter2@db.example/x', secret: 'hunter2' },
  { text: 'postgres://app:pa?ss#hunter2@db.example/x', secret: 'hunter2' },
  { text: 'postgres://app:pa:ss:hunter2@db.example/x', secret: 'hunter2' },
  { text: `redis://app:"it's hunter2"@cache.example`, secret: 'hunter2' },
  { text: 'redis://app:open sesame hunter2@cache.example:6379', secret: 'hunter2' },
  { text: 'no answer of redis://app:open hunter2@cache.example:6379', secret: 'open hunter2' },
  { text: 'redis://:12 34 hunter2@cache.example:6379', secret: 'hunter2' },
  // Several, or without what makes it an address
  { text: 'redis://a:hunter1@one:6379,redis://a:hunter2@two:6379', secret: 'hunter1' },
  { text: 'mongodb://app:hunter2@one:27017,two:27017/x?replicaSet=rs', secret: 'hunter2' },
  { text: 'app:hunter2@cache.example:6379', secret: 'hunter2' },
  { text: ':hunter2@cache.example:6379', secret: 'hunter2' },
  { text: '//app:hunter2@cache.example:6379', secret: 'hunter2' },
  { text: "redis 'redis://:hunter2' is not an address", secret: 'hunter2' },
  { text: 'redis://app:hunter2', secret: 'hunter2' },
  { text: '{"url":"redis:\\/\\/app:hunter2@cache.example"}', secret: 'hunter2' },
  { text: 'app:hunter2://x@cache.example:6379', secret: 'hunter2' },
  { text: 'app:hunter2@tcp(db.example:3306)/x', secret: 'hunter2' },
  { text: `redis://:${'hunter2'.repeat(100)}@cache.example`, secret: 'hunter2' },
  { text: `redis://:${'hunter2'.repeat(2_000)}@cache.example`, secret: 'hunter2' },
  { text: `redis://${'hunter2'.repeat(2_000)}@cache.example`, secret: 'hunter2' },
];

const CONNECTION_STRINGS: readonly Leak[] = [
  { text: 'Server=db.example;User Id=sa;Password=hunter2;Encrypt=true', secret: 'hunter2' },
  { text: 'Server=db.example;Pwd = hunter2;', secret: 'hunter2' },
  { text: 'Server=db.example;Password=open sesame hunter2;Encrypt=true', secret: 'hunter2' },
  { text: 'Server=db.example;Password={a;b}}hunter2};Encrypt=true', secret: 'hunter2' },
  { text: 'Server=db.example;Password="a;""hunter2";Encrypt=true', secret: 'hunter2' },
  { text: 'AccountName=a;AccountKey=hunter2==;EndpointSuffix=x', secret: 'hunter2' },
  { text: 'Endpoint=sb://x.example/;SharedAccessKey=hunter2', secret: 'hunter2' },
  { text: 'jdbc:postgresql://db.example/x?user=app&password=hunter2&ssl=true', secret: 'hunter2' },
  {
    text: 'jdbc:sqlserver://db.example:1433;user=sa;password=hunter2;encrypt=true',
    secret: 'hunter2',
  },
  { text: 'jdbc:oracle:thin:app/hunter2@//db.example:1521/x', secret: 'hunter2' },
  { text: 'jdbc:mysql://address=(host=db)(user=app)(password=hunter2)/x', secret: 'hunter2' },
  { text: "host=db.example password='hun ter2' user=app", secret: 'ter2' },
  { text: 'host=db.example password=hun\\ ter2 user=app', secret: 'ter2' },
];

const TOKENS: readonly Leak[] = [
  { text: 'Authorization: Bearer hunter2.abc-def', secret: 'hunter2' },
  { text: 'rejected: bearer hunter2hunter2', secret: 'hunter2' },
  { text: 'authorization: Basic YXBwOmh1bnRlcjI=', secret: 'YXBwOmh1bnRlcjI' },
  { text: 'Authorization: Digest username="app", response="hunter2"', secret: 'hunter2' },
  { text: `invalid token ${JWT}`, secret: JWT_SIGNATURE },
  { text: `at:${JWT},x`, secret: JWT_PAYLOAD },
  { text: `eyJ${'a'.repeat(3_000)}.${'hunter2'.repeat(700)}.x`, secret: 'hunter2' },
  { text: `credentials of ${AWS_ID} are not valid`, secret: AWS_ID },
  { text: `for_${AWS_SESSION_ID}`, secret: AWS_SESSION_ID },
  { text: `aws_secret_access_key = ${AWS_SECRET}`, secret: AWS_SECRET },
  { text: `{ secretAccessKey: '${AWS_SECRET}' }`, secret: AWS_SECRET },
  { text: 'GET https://api.example/v1?api_key=hunter2&page=1 failed', secret: 'hunter2' },
  { text: 'GET https://api.example/v1?apikey=hunter2', secret: 'hunter2' },
  { text: 'GET https://x.example/?sv=1&sig=hunter2%3D&se=2', secret: 'hunter2' },
  { text: 'GET https://x.example/?X-Amz-Signature=hunter2', secret: 'hunter2' },
  { text: 'redirect_uri=https%3A%2F%2Fx%3Faccess_token%3Dhunter2', secret: 'hunter2' },
  { text: 'x-api-key: hunter2', secret: 'hunter2' },
  { text: 'Set-Cookie: sid=hunter2; Path=/', secret: 'hunter2' },
  { text: 'cookie: theme=dark; sid=hunter2', secret: 'hunter2' },
  { text: join('cloned with gh', 'p_', 'hunter2hunter2hunter2'), secret: 'hunter2' },
  { text: join('rejected s', 'k_live_', 'hunter2hunter2hunter2'), secret: 'hunter2' },
  {
    text: join('-----BEGIN RSA PRIVATE', ' KEY-----\nMIIhunter2\nhunter2==\n-----END RSA'),
    secret: 'hunter2',
  },
];

const PAIRS: readonly Leak[] = [
  { text: 'password=hunter2', secret: 'hunter2' },
  { text: 'PGPASSWORD=hunter2 psql', secret: 'hunter2' },
  {
    text: 'A_VERY_LONG_NAME_OF_A_VARIABLE_OF_THE_CACHE_SERVICE_PASSWORD=hunter2',
    secret: 'hunter2',
  },
  { text: 'spring.redis.password: hunter2', secret: 'hunter2' },
  { text: 'passwordOfTheCache=hunter2', secret: 'hunter2' },
  { text: 'password=a,b)c}hunter2', secret: 'hunter2' },
  { text: 'password=a&hunter2', secret: 'hunter2' },
  { text: 'password=a;hunter2', secret: 'hunter2' },
  { text: '{"password":"hunter2","host":"db.example"}', secret: 'hunter2' },
  { text: '{"host":"db.example", "password" : "open sesame hunter2"}', secret: 'hunter2' },
  { text: '{"password":"a\\"hunter2"}', secret: 'hunter2' },
  { text: '"{\\"password\\":\\"open hunter2\\",\\"a\\":1}"', secret: 'hunter2' },
  { text: `"${JSON.stringify('{"password":"a\\"b hunter2"}')}"`, secret: 'hunter2' },
  { text: "{ user: 'app', password: 'open hunter2' }", secret: 'hunter2' },
  { text: "{ password: 'it''s hunter2' }", secret: 'hunter2' },
  { text: '{ password: `hunter2` }', secret: 'hunter2' },
  { text: `{ tokens: [ 'a', 'hunter2' ] }`, secret: 'hunter2' },
  { text: `{ auth: { user: 'app', key: 'hunter2' } }`, secret: 'hunter2' },
  { text: '{:password=>"open hunter2"}', secret: 'hunter2' },
  { text: 'password: "open hunter2', secret: 'hunter2' },
  { text: 'passphrase: hunter2', secret: 'hunter2' },
  { text: 'client_secret=hunter2', secret: 'hunter2' },
  { text: "ALTER USER app PASSWORD 'hunter2'", secret: 'hunter2' },
  { text: "CREATE USER app IDENTIFIED BY 'hunter2'", secret: 'hunter2' },
  { text: 'redis-cli --pass hunter2 ping', secret: 'hunter2' },
  { text: 'CONFIG SET requirepass hunter2', secret: 'hunter2' },
  // Redis before 6, or a proxy before it, asked by a client that speaks RESP3
  {
    text: 'ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `app`, `hunter2`, ',
    secret: 'hunter2',
  },
  {
    text: "ERR unknown command 'AUTH', with args beginning with: 'app' 'hunter2' ",
    secret: 'hunter2',
  },
  { text: '1700000000.1 [0 127.0.0.1:1] "AUTH" "app" "hunter2"', secret: 'hunter2' },
  { text: 'password=\u001b[31mhunter2\u001b[0m', secret: 'hunter2' },
  { text: 'password=\u0001hunter2', secret: 'hunter2' },
  { text: `${'x'.repeat(7_990)} password="a b ${'hunter2 '.repeat(50)}"`, secret: 'hunter2' },
];

/** Texts with a secret, each of a kind that some program really writes. */
export const SECRETS: readonly Leak[] = [...ADDRESSES, ...CONNECTION_STRINGS, ...TOKENS, ...PAIRS];

/** The same texts as errors carry them: in a message, a cause, or among several. */
export const GUISES: Readonly<Record<string, (text: string) => unknown>> = {
  'a message': (text) => new Error(text),
  'a thrown text': (text) => text,
  'an object with a message': (text) => ({ message: text }),
  'a cause': (text) => new Error('it failed', { cause: new Error(text) }),
  'a cause of an error without a message': (text) => new Error('', { cause: new Error(text) }),
  'an AggregateError': (text) => new AggregateError([new Error(text)]),
  'an AggregateError in an AggregateError': (text) =>
    new AggregateError([new AggregateError([new Error(text), new Error(text)])]),
  'a code': (text) => Object.assign(new Error(''), { code: text }),
  'a name': (text) => Object.assign(new Error(''), { name: text }),
};
