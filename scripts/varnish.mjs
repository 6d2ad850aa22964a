// Finds Varnish with its modules, or installs them where the system's package manager may be used, without starting a
// service; and starts one with deploy/varnish.vcl that ends with this process.
//
//   node scripts/varnish.mjs     prints what it found or installed, or says what to type and fails
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCommand } from './system-package.mjs';

const VCL = fileURLToPath(new URL('../deploy/varnish.vcl', import.meta.url));

/** vmod xkey is a package of its own in Debian. */
const VARNISH = {
  apt: ['varnish', 'varnish-modules'],
  brew: ['varnish', 'varnish-modules'],
  service: 'varnish',
};

/** The path of `varnishd`. Throws an error that says what to type. */
export function ensureVarnish({ log = console.log } = {}) {
  return ensureCommand({ names: ['varnishd'], ...VARNISH, log });
}

/**
 * Starts Varnish in front of an application on this machine. Returns its process, which compiles its configuration before it
 * answers. It ends with this one.
 */
export function startVarnish({ program, port, originPort, isDetached = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'varnish-'));
  const file = join(folder, 'varnish.vcl');
  const deployed = readFileSync(VCL, 'utf8');
  const changed = deployed.replace('.port = "3000"', `.port = "${originPort}"`);
  if (changed === deployed && originPort !== 3000) throw new Error(`${VCL} names no port 3000`);
  writeFileSync(file, changed);
  const args = ['-F', '-j', 'none', '-T', 'none', '-n', join(folder, 'work')];
  const listen = ['-a', `127.0.0.1:${port}`, '-f', file, '-s', 'malloc,64m'];
  const child = spawn(program, [...args, ...listen], { stdio: 'ignore', detached: isDetached });
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => {
    process.off('exit', end);
    rmSync(folder, { recursive: true, force: true });
  });
  return child;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    console.log(`the tests use ${ensureVarnish()}`);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
