import { type InspectOptions, inspect } from 'node:util';

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

/** Thirty letters and digits, as in the keys of vendors. */
const BODY = join('Zx8Qm2Lk7R', 'd4Tn9Wp3Vb', '6Hs1Yc5Jf0');
const HEX = join('0f1e2d3c4b5a6978', '8796a5b4c3d2e1f0');
const SLACK_HOOK = join('https://hooks.', 'slack.com/services/T01ABCDEF/B01ABCDEF/');
const DISCORD_HOOK = join('https://discord.com/api/', 'webhooks/123456789012345678/');
const TEAMS_HOOK = join('https://x.webhook.office', '.com/webhookb2/a-b@c-d/IncomingWebhook/');

/** How the keys of vendors begin. */
const VENDORS: readonly string[] = [
  ...['gh:p_', 'gh:o_', 'gh:s_', 'github:_pat_', 'gl:pat-', 'np:m_', 'pypi:-', 'xo:xb-', 'xo:xp-'],
  ...['xa:pp-1-', 's:k_live_', 's:k_test_', 'r:k_live_', 'wh:sec_', 'AI:za', 'ya:29.', 'GOC:SPX-'],
  ...['s:k-', 's:k-proj-', 's:k-ant-api03-', 'h:f_', 'gs:k_', 'S:G.abcdefghij.', 'do:p_v1_'],
  ...[
    'do:o_v1_',
    'shp:at_',
    'hv:s.',
    'gl:sa_',
    'lin:_api_',
    'dckr:_pat_',
    'ATA:TT3xFf',
    'pscale:_tkn_',
  ],
  ...['xkeys:ib-', 'nv:api-', 'sntry:s_', 'fig:d_', 'dp:.pt.', 'PM:AK-'],
];

const KEYS: readonly Leak[] = [
  ...VENDORS.map((prefix) => {
    const key = `${prefix.replace(':', '')}${BODY}`;
    return { text: `the key ${key} was refused`, secret: BODY };
  }),
  { text: `Incorrect API key provided: ${join('s', 'k-', BODY)}.`, secret: BODY },
  { text: `the account ${join('S', 'K', HEX)} is suspended`, secret: HEX },
  { text: `Invalid key ${HEX}-us21`, secret: HEX },
  { text: `signed with ${AWS_SECRET} for`, secret: AWS_SECRET },
  { text: `no such digest ${HEX}`, secret: HEX },
  { text: `rejected ${BODY}!`, secret: BODY },
  { text: `AccountKey of ${BODY}${BODY}${BODY.slice(0, 26)}== refused`, secret: BODY },
  { text: `a JWE eyJ${'hbGciOiJkaXIi'}..${BODY}.${BODY}.${BODY}`, secret: BODY },
  { text: `session.dispatch v2.local.${BODY}`, secret: BODY },
  {
    text: join('-----BEGIN EC PRIVATE', ' KEY-----\\nhunter2\\n-----END EC PRIVATE KEY-----'),
    secret: 'hunter2',
  },
  {
    text: join('-----BEGIN OPENSSH PRIVATE', ' KEY-----\nhunter2\n'),
    secret: 'hunter2',
  },
];

const HOOKS: readonly Leak[] = [
  { text: `POST ${SLACK_HOOK}hunter2 failed: 404`, secret: 'hunter2' },
  { text: `POST ${SLACK_HOOK.replace('https://', '')}hunter2 failed`, secret: 'hunter2' },
  {
    text: JSON.stringify({ url: `${SLACK_HOOK}hunter2` }).replaceAll('/', '\\/'),
    secret: 'hunter2',
  },
  { text: `${DISCORD_HOOK}hunter2`, secret: 'hunter2' },
  { text: `${DISCORD_HOOK.replace('discord', 'discordapp')}hunter2?wait=true`, secret: 'hunter2' },
  { text: `${TEAMS_HOOK}hunter2/e-f`, secret: 'hunter2' },
  { text: `getaddrinfo ENOTFOUND ${TEAMS_HOOK}hunter2/e-f`, secret: 'hunter2' },
  { text: 'https://outlook.office.com/webhook/a@b/IncomingWebhook/hunter2', secret: 'hunter2' },
  { text: 'https://hooks.zapier.com/hooks/catch/1/hunter2/', secret: 'hunter2' },
  { text: 'https://maker.ifttt.com/trigger/x/with/key/hunter2', secret: 'hunter2' },
  {
    text: 'https://chat.googleapis.com/v1/spaces/A/messages?key=hunter2&thread=1',
    secret: 'hunter2',
  },
  { text: 'https://chat.example/hooks/hunter2', secret: 'hunter2' },
  { text: `GET https://api.telegram.org/bot123456789:${BODY}AbCdE/getMe`, secret: BODY },
  { text: `telegram says no to 123456789:${BODY}AbCdE`, secret: BODY },
  { text: `discord: token MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.${BODY} is invalid`, secret: BODY },
];

const XML: readonly Leak[] = [
  { text: '<user>app</user><password>hunter2</password>', secret: 'hunter2' },
  { text: '<Password><![CDATA[open <sesame> hunter2]]></Password>', secret: 'hunter2' },
  { text: '<wsse:Password Type="x">open hunter2</wsse:Password>', secret: 'hunter2' },
  { text: '&lt;password&gt;hunter2&lt;/password&gt;', secret: 'hunter2' },
  { text: '<credentials><user>a</user><key>hunter2</key></credentials>', secret: 'hunter2' },
  { text: '<password>hunter2', secret: 'hunter2' },
  { text: '<add key="Password" value="hunter2" />', secret: 'hunter2' },
  { text: '<property name="db.password">hunter2</property>', secret: 'hunter2' },
  { text: '<db user="app" password="hunter2"/>', secret: 'hunter2' },
  { text: '<key>Password</key><string>hunter2</string>', secret: 'hunter2' },
  { text: '<property><name>x.password</name><value>hunter2</value></property>', secret: 'hunter2' },
];

/** As `console.log` and `util.inspect` show them. */
const shown = (value: unknown, options: InspectOptions = {}): string =>
  inspect(value, { depth: 9, ...options });

class Credentials {
  user = 'app';
  key = 'hunter2';
}

const DUMPS: readonly Leak[] = [
  {
    text: shown({ host: 'h', config: { auth: { user: 'a', pass: { it: 'hunter2' } } } }),
    secret: 'hunter2',
  },
  { text: shown({ auth: { list: [{ a: '}' }, { k: 'hunter2' }] }, host: 'h' }), secret: 'hunter2' },
  { text: shown(new Map([['password', 'open hunter2']])), secret: 'hunter2' },
  { text: shown([['password', 'open hunter2']]), secret: 'hunter2' },
  { text: shown({ credentials: new Credentials() }), secret: 'hunter2' },
  { text: shown({ auth: new Map([['k', 'hunter2']]) }), secret: 'hunter2' },
  { text: shown({ tokens: new Set(['a', 'hunter2']) }), secret: 'hunter2' },
  {
    text: shown({ auth: Object.assign(Object.create(null), { k: 'hunter2' }) }),
    secret: 'hunter2',
  },
  { text: shown({ password: Buffer.from('hunter2') }), secret: '75 6e 74 65 72' },
  { text: shown({ token: new Uint8Array(Buffer.from('hunter2')) }), secret: '104, 117' },
  { text: shown({ [Symbol('password')]: 'open hunter2' }), secret: 'hunter2' },
  { text: shown({ password: `first line of it\nhunter2\n${'x'.repeat(80)}` }), secret: 'hunter2' },
  {
    text: shown({ rawHeaders: ['Cookie', 'sid=hunter2', 'Authorization', 'Basic hunter2'] }),
    secret: 'hunter2',
  },
  { text: shown({ headers: [{ name: 'x-api-key', value: 'open hunter2' }] }), secret: 'hunter2' },
  { text: JSON.stringify({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] }), secret: 'hunter2' },
  { text: JSON.stringify({ pin: 271828, host: 'h' }), secret: '271828' },
  { text: JSON.stringify({ auth: { a: [{ b: 'hunter2' }] }, host: 'h' }), secret: 'hunter2' },
  { text: 'env:\n- name: DB_PASSWORD\n  value: hunter2\n', secret: 'hunter2' },
  { text: 'password: |\n  open\n  hunter2\nhost: h', secret: 'hunter2' },
  { text: 'config["password"] = "open hunter2"', secret: 'hunter2' },
  { text: 'user[password]=hunter2&user[name]=a', secret: 'hunter2' },
  { text: 'password := "open hunter2"', secret: 'hunter2' },
  { text: 'if (password == "open hunter2")', secret: 'hunter2' },
  { text: 'Key (session_token)=(hunter2 x) already exists.', secret: 'hunter2' },
  { text: 'the password is hunter2', secret: 'hunter2' },
  { text: 'password was set to "hunter2"', secret: 'hunter2' },
];

const COMMAND_LINES: readonly Leak[] = [
  { text: 'mysqldump -u root -phunter2 shop', secret: 'hunter2' },
  { text: 'sshpass -p hunter2 ssh db.example', secret: 'hunter2' },
  { text: 'docker login -u app -p "open hunter2" r.example', secret: 'hunter2' },
  { text: "Command failed: mysql -p'open hunter2' shop", secret: 'hunter2' },
  { text: 'mongosh --host h --password hunter2 --quiet', secret: 'hunter2' },
  { text: "cli --db-password='open hunter2' run", secret: 'hunter2' },
  { text: 'cli --api-key hunter2 run', secret: 'hunter2' },
  { text: 'cli --passphrase "open hunter2" run', secret: 'hunter2' },
  { text: "spawnargs: [ '--password', 'open hunter2' ]", secret: 'hunter2' },
  { text: "spawnargs: [ '-u', 'root', '-phunter2' ]", secret: 'hunter2' },
  { text: "spawnargs: [ '-p', 'hunter2' ]", secret: 'hunter2' },
  { text: 'redis-cli -h cache.example -a hunter2 ping', secret: 'hunter2' },
  { text: 'REDISCLI_AUTH=hunter2 redis-cli ping', secret: 'hunter2' },
  { text: 'MYSQL_PWD=hunter2 mysql shop', secret: 'hunter2' },
  { text: "PGPASSWORD='open hunter2' pg_dump shop", secret: 'hunter2' },
  { text: 'curl -u app:hunter2 https://api.example', secret: 'hunter2' },
  { text: 'curl --user "app:open hunter2" https://api.example', secret: 'hunter2' },
  { text: 'openssl rsa -passin pass:hunter2', secret: 'hunter2' },
  { text: 'java -Dspring.redis.password=hunter2 -jar app.jar', secret: 'hunter2' },
  { text: 'redis-server --requirepass hunter2', secret: 'hunter2' },
  { text: 'ACL SETUSER app on >hunter2 ~* +@all', secret: 'hunter2' },
  { text: 'HELLO 3 AUTH app hunter2', secret: 'hunter2' },
  { text: 'machine db.example login app password hunter2', secret: 'hunter2' },
];

const SESSIONS: readonly Leak[] = [
  { text: 'session id: hunter2', secret: 'hunter2' },
  { text: 'sessionId=hunter2; path=/', secret: 'hunter2' },
  { text: 'PHPSESSID=hunter2', secret: 'hunter2' },
  { text: 'GET /cart;jsessionid=hunter2 failed', secret: 'hunter2' },
  { text: 'connect.sid=s%3Ahunter2.abc', secret: 'hunter2' },
  { text: 'ASP.NET_SessionId: hunter2', secret: 'hunter2' },
  { text: 'no session in redis key sess:hunter2', secret: 'hunter2' },
  { text: 'session 550e8400-e29b-41d4-a716-446655440000 not found', secret: '550e8400-e29b' },
  { text: 'GET /callback?code=hunter2&state=x', secret: 'hunter2' },
  { text: 'x-csrf-token: hunter2', secret: 'hunter2' },
  { text: 'otp=271828', secret: '271828' },
  { text: 'Your verification code is 271828', secret: '271828' },
  { text: 'Your one-time password: 271 828', secret: '271 828' },
  { text: 'the login code 271-828 has expired', secret: '271-828' },
  { text: '271828 is your shop verification code', secret: '271828' },
  { text: 'OTP 271828 for bob was wrong', secret: '271828' },
  { text: 'wrong PIN (271828)', secret: '271828' },
  { text: '{ jwt: hunter2, pin: 271828 }', secret: '271828' },
  { text: 'security code: 271828', secret: '271828' },
];

/** Texts with a secret, each of a kind that some program really writes. */
export const SECRETS: readonly Leak[] = [
  ...[ADDRESSES, CONNECTION_STRINGS, TOKENS, PAIRS, KEYS],
  ...[HOOKS, XML, DUMPS, COMMAND_LINES, SESSIONS],
].flat();

/** Names under which a check may tell a secret. */
export const SECRET_NAMES: readonly string[] = [
  ...['password', 'dbPassword', 'PGPASSWORD', 'pass', 'dbpass', 'passwd', 'passphrase', 'pwd'],
  ...['secret', 'clientSecret', 'token', 'access_token', 'refreshTokens', 'credentials', 'auth'],
  ...['authorization', 'Cookie', 'cookies', 'set-cookie', 'privateKey', 'private_key', 'signature'],
  ...[
    'sig',
    'sid',
    'connect.sid',
    'accountSid',
    'jwt',
    'userJwt',
    'otp',
    'totp',
    'pin',
    'card_pin',
  ],
  ...['apiKey', 'API-KEY', 'x-api-key', 'accessKey', 'accountKey', 'encryptionKey', 'sessionId'],
  ...['PHPSESSID', 'JSESSIONID', 'session', 'csrf', 'xsrfToken', 'bearer', 'cvv', 'webhookUrl'],
  ...['requirepass', 'masterauth', 'mnemonic', 'signing key', 'recovery-codes'],
];

/** Names that look like those of secrets, and are none. */
export const HARMLESS_NAMES: readonly string[] = [
  ...['pool', 'passed', 'bypass', 'author', 'authority', 'inside', 'consider', 'spinning', 'ping'],
  ...['pinned', 'opinion', 'signal', 'sigma', 'key', 'keys', 'keyspace', 'primaryKey', 'status'],
  ...['code', 'postcode', 'hits', 'shards', 'latencyMs', 'replicas', 'compass', 'assets', 'option'],
];

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
