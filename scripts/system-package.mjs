// Programs that the tests and the example need and npm does not have: found on the PATH, else installed with
// apt-get (as root or with a sudo that asks for no password) or Homebrew, else asked for.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian puts servers where a user's PATH may not look, and Homebrew where a service's may not. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/**
 * RUNLEVEL=1 keeps a package from starting a service of its own where there is no systemd. systemd knows no
 * RUNLEVEL, but it starts no service that is masked.
 */
const APT_ENVIRONMENT = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];

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

/**
 * Finds a program or installs it: `apt` and `brew` are the names of its packages, `service` that of the service
 * which the Debian package starts. Throws an error that says what to type.
 */
export function ensureCommand({ names, apt, brew, service, log }) {
  const found = findCommand(names);
  if (found !== undefined) return found;
  const wanted = { names, apt, brew, service };
  const plan = planInstall(wanted);
  if (plan === undefined) {
    throw new Error(
      `No ${names.join(' or ')} was found, and it may not be installed from here. ${howToGet(wanted)}`,
    );
  }
  log(`${names[0]} is missing: installing it with ${plan.install.join(' ')}`);
  for (const command of plan.before) run(command);
  const { isDone, said } = run(plan.install);
  if (!isDone) {
    throw new Error(`${plan.install.join(' ')} failed:\n${said}\n${howToGet(wanted)}`);
  }
  for (const command of plan.after) run(command);
  const installed = findCommand(names);
  if (installed === undefined) {
    throw new Error(
      `${plan.install.join(' ')} left no ${names[0]} on the PATH. ${howToGet(wanted)}`,
    );
  }
  return installed;
}

/** What to run, or undefined where it may not be. What comes `before` and `after` may fail. */
function planInstall({ apt, brew, service }) {
  if (process.platform === 'darwin' && findCommand(['brew']) !== undefined) {
    return { before: [], install: ['brew', 'install', ...brew], after: [] };
  }
  if (process.platform !== 'linux' || findCommand(['apt-get']) === undefined) return undefined;
  if (!isRoot() && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    return undefined;
  }
  const sudo = isRoot() ? [] : ['sudo', '-n'];
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...apt];
  const hasSystemd = service !== undefined && existsSync('/run/systemd/system');
  const systemctl = (...args) => (hasSystemd ? [[...sudo, 'systemctl', ...args, service]] : []);
  return {
    // A source that is not reachable does not matter when another has the package.
    before: [[...sudo, 'apt-get', 'update', '-qq'], ...systemctl('mask')],
    install: [...sudo, ...APT_ENVIRONMENT, ...install],
    // No program can rely on a service that was not there a moment ago.
    after: [...systemctl('unmask'), ...systemctl('disable', '--now')],
  };
}

function run([command, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
  return { isDone: status === 0, said };
}

function howToGet({ names, apt, brew }) {
  const sudo = isRoot() ? '' : 'sudo ';
  const lines = {
    'apt-get': `${sudo}apt-get update && ${sudo}apt-get install ${apt.join(' ')}`,
    brew: `brew install ${brew.join(' ')}`,
  };
  const known = Object.keys(lines).find((manager) => findCommand([manager]) !== undefined);
  if (known !== undefined) return `Run:\n  ${lines[known]}\nand try again.`;
  return [
    'Run one of:',
    `  ${lines['apt-get']}      (Debian, Ubuntu)`,
    `  ${lines.brew}      (macOS)`,
    `or put ${names[0]} on the PATH by other means, and try again.`,
  ].join('\n');
}

function isRoot() {
  return process.getuid?.() === 0;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
