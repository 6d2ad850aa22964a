import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The environment without what would disturb a stranger's project: coverage, npm's own settings of this run. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      name !== 'NODE_V8_COVERAGE' && !/^npm_(?!config_(?:registry|cache|userconfig))/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}

/** Runs a program to its end; its output is part of the error when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const options = { cwd, env: cleanEnvironment(env), maxBuffer: 64 * 1024 * 1024 };
    return (await execute(program, args, options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed in ${cwd}\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server of a consumer's project, which prints `port 1234`. */
export async function serve(
  file: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<RunningServer> {
  const child = spawn(process.execPath, [file], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const stop = () => end(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, stop };
  }
  throw new Error(`${file} ended without listening:\n${errors}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
