// Gets servers that the system does not have, to test against: from the Debian archive that this system already
// uses, of another suite, with their own libraries. Nothing is installed: they lie in a folder of this repository.
//
//   node scripts/servers.mjs                 gets all of them, and prints where they are
//   node scripts/servers.mjs valkey-8        gets one
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program is the checker of dumps: the server under another name, in a package without a service. */
const SERVERS = {
  'redis-8': { suite: 'trixie', package: 'redis-tools', program: 'usr/bin/redis-check-rdb' },
  'valkey-8': { suite: 'trixie', package: 'valkey-tools', program: 'usr/bin/valkey-check-rdb' },
  'valkey-9': { suite: 'sid', package: 'valkey-tools', program: 'usr/bin/valkey-check-rdb' },
};

export const SERVER_NAMES = Object.keys(SERVERS);

/** The keys of the archive, where the system has them in a file of their own. */
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

const FOLDER = resolve('node_modules/.cache/servers');

/**
 * The folder of a program `redis-server` that is this server, for the PATH. Throws an error that says why there
 * is none.
 */
export function getServer(name) {
  const { suite, package: wanted, program } = SERVERS[name];
  const bin = join(FOLDER, name, 'bin');
  const script = join(bin, 'redis-server');
  if (existsSync(script)) return bin;
  const root = join(FOLDER, name, 'root');
  mkdirSync(root, { recursive: true });
  const apt = new Apt(suite);
  apt.update();
  for (const file of apt.download([wanted, ...apt.librariesOf(wanted)])) {
    run('dpkg-deb', ['-x', file, root]);
  }
  const libraries = foldersOfLibraries(root);
  const loader = join(root, findIn(root, /ld-linux[^/]*\.so\.\d$/));
  mkdirSync(bin, { recursive: true });
  const words = [loader, '--argv0', 'redis-server', '--library-path', libraries.join(':')];
  const command = [...words, join(root, program)].map((word) => `'${word}'`).join(' ');
  writeFileSync(script, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(script, 0o755);
  return bin;
}

/** APT with lists and a cache of its own, of one suite. */
class Apt {
  #suite;
  #folder;
  #options;

  constructor(suite) {
    this.#suite = suite;
    this.#folder = join(FOLDER, `apt-${suite}`);
    for (const name of ['lists/partial', 'cache/archives/partial', 'files', 'parts']) {
      mkdirSync(join(this.#folder, name), { recursive: true });
    }
    const status = join(this.#folder, 'status');
    if (!existsSync(status)) writeFileSync(status, '');
    const at = (name) => join(this.#folder, name);
    this.#options = [
      `Dir::State::status=${status}`,
      `Dir::State::lists=${at('lists')}`,
      `Dir::Cache=${at('cache')}`,
      `Dir::Etc::sourcelist=${at('sources.list')}`,
      `Dir::Etc::sourceparts=${at('parts')}`,
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
  }

  update() {
    const signed = existsSync(KEYS) ? `[signed-by=${KEYS}] ` : '';
    const line = `deb ${signed}${archive()} ${this.#suite} main\n`;
    writeFileSync(join(this.#folder, 'sources.list'), line);
    run('apt-get', [...this.#options, 'update', '-qq']);
  }

  /** What a package needs to run, and what that needs. */
  librariesOf(name) {
    const kinds = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
    const only = ['--recurse', ...kinds.map((kind) => `--no-${kind}`)];
    const told = run('apt-cache', [...this.#options, 'depends', ...only, name]);
    return told.split('\n').filter((line) => /^lib[a-z0-9][^ ]*$/.test(line) || line === 'zlib1g');
  }

  download(names) {
    const folder = join(this.#folder, 'files');
    run('apt-get', [...this.#options, 'download', '-qq', ...names], folder);
    return readdirSync(folder)
      .filter((file) => file.endsWith('.deb'))
      .map((file) => join(folder, file));
  }
}

/** The Debian archive of this system. */
function archive() {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages'];
  const uris = run('apt-get', ['indextargets', ...format]).split('\n');
  const uri = uris.find((each) => /\/debian\/?$/.test(each));
  if (uri === undefined) throw new Error('this system uses no Debian archive');
  return uri;
}

function run(command, args, cwd = process.cwd()) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd });
  if (status === 0) return stdout;
  const said = error?.message ?? stderr.trim().split('\n').slice(-2).join(' ');
  throw new Error(`${command} ${args.at(-1)} failed: ${said}`);
}

function filesIn(root) {
  return readdirSync(root, { recursive: true }).map(String);
}

function findIn(root, pattern) {
  const found = filesIn(root).find((file) => pattern.test(file));
  if (found === undefined) throw new Error(`there is no ${pattern} in ${root}`);
  return found;
}

function foldersOfLibraries(root) {
  const folders = filesIn(root)
    .filter((file) => /\.so(\.\d+)*$/.test(file))
    .map((file) => join(root, file, '..'));
  return [...new Set(folders)];
}

/** Whether this file was started, by whatever name, and not imported. */
function isMain() {
  try {
    return realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if (isMain()) {
  const [, , ...asked] = process.argv;
  for (const name of asked.length > 0 ? asked : SERVER_NAMES) {
    try {
      if (SERVERS[name] === undefined)
        throw new Error(`the servers are ${SERVER_NAMES.join(', ')}`);
      const bin = getServer(name);
      const said = run(join(bin, 'redis-server'), ['--version']).trim();
      console.log(`${name}: ${bin}\n  ${said}`);
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
