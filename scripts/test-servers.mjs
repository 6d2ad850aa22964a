// Runs the tests of what depends on the server against each server that can be had, and prints a table.
//
//   npm run test:servers                  the system's server and all of scripts/servers.mjs
//   npm run test:servers -- valkey-9      one of them
import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { getServer, SERVER_NAMES } from './servers.mjs';

const SYSTEM = 'system';

const MOCHA = 'node_modules/mocha/bin/mocha.js';

const TESTS = [
  '.build/test/redis/remote-conformance.real.test.js',
  '.build/test/redis/connection/connection-conformance.real.test.js',
  '.build/test/redis/commands/scripts.real.test.js',
  '.build/test/integration/store-conformance.test.js',
  '.build/test/many/*.real.test.js',
];

const [, , ...asked] = process.argv;
const rows = [];
for (const name of asked.length > 0 ? asked : [SYSTEM, ...SERVER_NAMES]) {
  const row = test(name);
  rows.push(row);
  console.log(`${name}: ${row.result}`);
}
console.log('\n| server | version | tests |\n|---|---|---|');
for (const { name, version, result } of rows) console.log(`| ${name} | ${version} | ${result} |`);
if (rows.some(({ isBad }) => isBad)) process.exitCode = 1;

function test(name) {
  let folder;
  try {
    if (name !== SYSTEM && !SERVER_NAMES.includes(name)) {
      throw new Error(`the servers are ${[SYSTEM, ...SERVER_NAMES].join(', ')}`);
    }
    folder = name === SYSTEM ? undefined : getServer(name);
  } catch (error) {
    // The archive may be out of reach: that says nothing of the package.
    return { name, version: '', result: `not tested: ${error.message}`, isBad: asked.length > 0 };
  }
  const path = [folder, process.env.PATH].filter((part) => part !== undefined).join(delimiter);
  const env = { ...process.env, PATH: path };
  const said = spawnSync('redis-server', ['--version'], { env, encoding: 'utf8' }).stdout ?? '';
  const version = /^(\w+).* v=(\S+)/.exec(said)?.slice(1).join(' ') ?? '?';
  const options = ['--no-config', '--exit', '--timeout', '90000', '--reporter', 'dot'];
  const { status, stdout } = spawnSync(process.execPath, [MOCHA, ...options, ...TESTS], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [, passed = '0'] = /(\d+) passing/.exec(stdout) ?? [];
  const [, failed = '0'] = /(\d+) failing/.exec(stdout) ?? [];
  if (status !== 0) console.log(stdout);
  const result = status === 0 ? `${passed} passed` : `${passed} passed, ${failed} failed`;
  return { name, version, result, isBad: status !== 0 };
}
