// Runs the tests of https://cache-tests.fyi against responseCache(), in this process, on Express 4 and 5, and compares
// each required result with expected.json. `-- --write` writes that file. Takes about a minute.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const PACKAGE = 'http-cache-tests@0.4.5';
const LEAST_REQUIRED = 119;
const EXPECTED = fileURLToPath(new URL('expected.json', import.meta.url));
const execute = promisify(execFile);
const require = createRequire(import.meta.url);

const { cacheMiddleware, createCache } = require('../../dist/index.js');
const { responseCache } = require('../../dist/http-cache.js');

const workplace = await mkdtemp(join(tmpdir(), 'http-cache-tests-'));
const { log } = console;
try {
  // Its dependencies are for other ways to run it, so it is only unpacked.
  await execute('npm', ['pack', PACKAGE, '--silent'], { cwd: workplace });
  await execute('tar', ['xzf', `${PACKAGE.replace('@', '-')}.tgz`], { cwd: workplace });
  const results = {};
  for (const name of ['express4', 'express']) results[name] = await run(name);
  await compare(results);
} finally {
  await rm(workplace, { recursive: true, force: true });
}

/** Runs the suite once, with modules of its own. Returns the verdict of every test. */
async function run(framework) {
  const folder = join(workplace, framework);
  await execute('cp', ['-r', join(workplace, 'package'), folder]);
  const own = async (path) => import(pathToFileURL(join(folder, path)));
  const [config, state, test] = await Promise.all(
    ['config', 'state', 'test'].map((name) => own(`server/handle-${name}.mjs`)),
  );
  const { runTests, getResults } = await own('client/runner.mjs');
  const { default: suites } = await own('tests/index.mjs');
  const cache = createCache({ redis: false, logger: false, memory: { max: 10_000 } });
  const app = require(framework)();
  const headersOf = new WeakMap();
  const segments = (req) => [req.path.split('/')[1]];
  app.disable('x-powered-by');
  app.use('/config', (req, res) => config.default(segments(req), req, res));
  app.use('/state', (req, res) => state.default(segments(req), req, res));
  app.use(cacheMiddleware(cache));
  // The tests' own handler reads headers that number the requests. That must not count as a read.
  app.use((req, _res, next) => {
    const { 'if-none-match': _, 'if-modified-since': __, ...headers } = req.headers;
    headersOf.set(req, headers);
    next();
  });
  app.use('/test', responseCache({ ttl: 0, grace: '1h' }), (req, res) => {
    const { method, originalUrl: url } = req;
    test.default(segments(req), { method, url, headers: headersOf.get(req) }, res);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log = () => {};
  await runTests(suites, fetch, false, `http://127.0.0.1:${server.address().port}`, 60);
  console.log = log;
  server.closeAllConnections();
  server.close();
  await cache.close();
  return verdicts(suites, getResults());
}

function verdicts(suites, results) {
  const all = suites.flatMap(({ tests }) => tests);
  const found = {};
  for (const { id, kind = 'required', browser_only: isOfBrowser } of all) {
    const result = results[id];
    if (isOfBrowser || result === undefined) continue;
    const text = result === true ? 'pass' : String(result[0]);
    found[id] = { kind, verdict: text === 'pass' ? 'pass' : `${text}: ${result[1] ?? ''}` };
  }
  return found;
}

async function compare(results) {
  const [four, five] = [results.express4, results.express];
  const wrong = Object.keys(five).filter((id) => short(four[id]) !== short(five[id]));
  for (const id of wrong) log(`${id}: ${short(four[id])} on Express 4, ${short(five[id])} on 5`);
  const required = Object.entries(five).filter(([, { kind }]) => kind === 'required');
  const other = required.filter(([, { verdict }]) => verdict !== 'pass');
  const passed = required.length - other.length;
  const optimal = Object.values(five).filter(
    ({ kind, verdict }) => kind === 'optimal' && verdict === 'pass',
  );
  log(`required: ${passed} of ${required.length} pass · optimal: ${optimal.length} pass`);
  if (process.argv.includes('--show'))
    for (const [id, { verdict }] of other) log(`${id}: ${verdict}`);
  const expected = JSON.parse(await readFile(EXPECTED, 'utf8').catch(() => '{}'));
  if (process.argv.includes('--write')) {
    const manifest = Object.fromEntries(
      other.map(([id, { verdict }]) => [id, expected[id] ?? verdict]),
    );
    await writeFile(EXPECTED, `${JSON.stringify(manifest, null, 2)}\n`);
  } else {
    for (const [id, { verdict }] of other)
      if (!(id in expected)) wrong.push(log(`${id} does not pass any more: ${verdict}`));
    for (const id of Object.keys(expected))
      if (!other.some(([each]) => each === id))
        wrong.push(log(`${id} passes now: remove it from expected.json`));
    if (passed < LEAST_REQUIRED)
      wrong.push(log(`fewer than ${LEAST_REQUIRED} required tests pass`));
  }
  if (wrong.length > 0) process.exitCode = 1;
}

function short(result) {
  return result?.verdict.split(':')[0];
}
