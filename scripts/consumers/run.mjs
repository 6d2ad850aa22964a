// Tries the packed tarball in other people's tools: `npm run test:consumers`, or `-- vitest bun` for some of them.
// Takes minutes and downloads some hundred megabytes, so CI does not run it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureRedisServer, startRedisServer } from '../redis-server.mjs';
import { PROJECTS } from './projects.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const START_MS = 60_000;
const execute = promisify(execFile);

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = PROJECTS.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0) {
  console.error(`There are: ${PROJECTS.map(({ name }) => name).join(' · ')}`);
  process.exit(1);
}

const workplace = await mkdtemp(join(tmpdir(), 'consumers-'));
const port = await freePort();
const redis = await startRedisServer({
  program: ensureRedisServer(),
  port,
  answers: () => sleep(300, true),
});
const failed = [];
try {
  const tarball = await pack();
  for (const project of chosen) {
    try {
      console.log(`✔ ${project.name}: ${await attempt(project, tarball)}`);
    } catch (error) {
      failed.push(project.name);
      console.log(`✘ ${project.name}\n${error.message}`);
    }
  }
} finally {
  redis.kill('SIGKILL');
  await rm(workplace, { recursive: true, force: true });
}
console.log(`\n${chosen.length - failed.length} of ${chosen.length} work.`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function pack() {
  const { stdout } = await run(['npm', 'pack', '--json', '--pack-destination', workplace], ROOT);
  return join(workplace, JSON.parse(stdout)[0].filename);
}

/** Resolves to what was seen, in one line. */
async function attempt(project, tarball) {
  const folder = await mkdtemp(join(workplace, 'project-'));
  await cp(join(ROOT, project.folder), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(await manifest(project, tarball)));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  await run(['npm', 'install', ...quiet, ...project.packages], folder);
  if (project.build !== undefined) await run(project.build, folder);
  // The entries of another project are not its own.
  await flush();
  if (project.expect === 'passes') {
    await run(project.run, folder);
    return 'its tests pass';
  }
  return withServer(project, folder);
}

async function manifest({ folder, type = 'commonjs' }, tarball) {
  const own = JSON.parse(
    await readFile(join(ROOT, folder, 'package.json'), 'utf8').catch(() => '{}'),
  );
  const dependencies = { ...own.dependencies, 'express-cache-health': `file:${tarball}` };
  return { private: true, type, ...own, dependencies };
}

async function withServer(project, folder) {
  const [command, ...args] = project.run;
  const child = spawn(command, args, {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    // With what it starts, such as the program behind npx, it is one process group.
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    const url = await addressOf(child);
    if (url === undefined) throw new Error(`It ended without listening:\n${errors}`);
    return project.expect === 'nest' ? await checkNest(url) : await checkApp(url);
  } finally {
    clearTimeout(limit);
    const gone = child.exitCode === null && child.signalCode === null && once(child, 'exit');
    endGroup(child);
    await gone;
  }
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function addressOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
    if (line.startsWith('http://')) return new URL(line).origin;
  }
  return undefined;
}

async function checkApp(url) {
  await until(async () => (await get(`${url}/health`)).details.cache.status === 'up');
  const answers = [await get(`${url}/answer`), await get(`${url}/answer`)];
  const seen = answers.map(({ wasCached, value }) => `${wasCached} ${value}`).join(', ');
  if (!/^(?:false|true) 42, true 42$/.test(seen)) throw new Error(`It answered ${seen}`);
  return 'serves, cached in Redis, healthy';
}

async function checkNest(url) {
  await until(async () => (await get(`${url}/health`)).details.cache.mode === 'normal');
  const answers = [await get(`${url}/products/1`), await get(`${url}/products/1`)];
  const [first, second] = answers.map((answer) => JSON.stringify(answer));
  if (first !== second || answers[0].id !== '1') throw new Error(`It answered ${first}, ${second}`);
  const { status, details } = await get(`${url}/health`);
  if (status !== 'ok' || details.cache.status !== 'up') throw new Error(JSON.stringify(details));
  return 'serves, cached in Redis; its indicator says up';
}

async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function until(condition) {
  const giveUpAt = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error('It does not use Redis.');
    await sleep(50);
  }
}

async function run([command, ...args], cwd) {
  try {
    return await execute(command, args, { cwd, env: environment(cwd), maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`);
  }
}

/** Without what belongs to this repository's own npm, except where packages come from. */
function environment(cwd) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(?:registry|cache|userconfig))/i.test(name),
  );
  const path = [join(cwd, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, REDIS_URL: `redis://127.0.0.1:${port}` };
}

function flush() {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
    socket.once('error', reject);
    socket.once('data', () => {
      socket.end();
      resolve();
    });
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}
