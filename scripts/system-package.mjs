// Programs that the tests and the example need and npm does not have: found on the PATH, else installed with
// apt-get (as root or with a sudo that asks for no password) or Homebrew, else asked for.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian puts servers where a user's PATH may not look. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

/** The path of the first of these programs that there is, or undefined. */
export function findCommand(names) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_FOLDERS];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** Finds or installs a program; `apt` and `brew` are the names of its packages. Throws an error that says what to type. */
export function ensureCommand({ names, apt, brew, log }) {
  const found = findCommand(names);
  if (found !== undefined) return found;
  const manager = usableManager(apt, brew);
  if (manager === undefined) throw new Error(howToGet(names, apt, brew));
  log(`${names[0]} is missing: installing it with ${manager.commands.at(-1).join(' ')}`);
  for (const command of manager.commands) run(command);
  const installed = findCommand(names);
  if (installed === undefined) throw new Error(`installed, and still no ${names[0]} to be found`);
  return installed;
}

function usableManager(apt, brew) {
  if (process.platform === 'darwin' && findCommand(['brew']) !== undefined) {
    return { commands: [['brew', 'install', ...brew]] };
  }
  if (process.platform !== 'linux' || findCommand(['apt-get']) === undefined) return undefined;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0)
    return undefined;
  const sudo = isRoot ? [] : ['sudo', '-n'];
  // RUNLEVEL=1 keeps the package from starting a service of its own.
  const env = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  return {
    commands: [
      [...sudo, 'apt-get', 'update', '-qq'],
      [...sudo, ...env, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...apt],
    ],
  };
}

function run([command, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} ${args.join(' ')} failed:\n${said}`);
}

function howToGet(names, apt, brew) {
  return [
    `No ${names.join(' or ')} was found, and it may not be installed from here. Run one of:`,
    `  sudo apt-get install ${apt.join(' ')}      (Debian, Ubuntu)`,
    `  brew install ${brew.join(' ')}              (macOS)`,
    `or put ${names[0]} on the PATH by other means, and try again.`,
  ].join('\n');
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
