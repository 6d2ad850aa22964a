import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeBlock } from './markdown.js';

const ROOT = join(__dirname, '../../..');
const STUBS = join(ROOT, 'test/docs/stubs');
const PRELOAD = pathToFileURL(join(__dirname, 'preload.js')).href;
const RUN_FRAGMENT = join(__dirname, 'run-fragment.js');
/** Inside the repository, where `express` and the package itself are found by name. */
const WORKPLACE = join(ROOT, '.build/docs');

const TSCONFIG = {
  extends: join(ROOT, 'tsconfig.json'),
  compilerOptions: {
    rootDir: '.',
    outDir: 'out',
    allowJs: true,
    checkJs: true,
    noImplicitAny: false,
    isolatedDeclarations: false,
    declaration: false,
  },
  include: ['.'],
  exclude: ['out'],
};

/** The js and ts blocks of one document, compiled together against the built package. */
export class Programs {
  readonly #folder: string;
  readonly #errors: string;

  private constructor(folder: string, errors: string) {
    this.#folder = folder;
    this.#errors = errors;
  }

  static async compile(name: string, blocks: readonly CodeBlock[]): Promise<Programs> {
    const folder = join(WORKPLACE, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(STUBS, folder, { recursive: true });
    for (const block of blocks)
      await writeFile(join(folder, fileName(block)), asModule(block.text));

    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    return new Programs(folder, await compile(folder));
  }

  /** What the compiler has to say about a block; empty when it is content. */
  errorsIn(block: CodeBlock): string {
    const name = fileName(block);
    const lines = this.#errors.split('\n').filter((line) => line.startsWith(`${name}(`));
    return lines.join('\n');
  }

  /** Starts the block as a program, and resolves when it listens. */
  async serve(block: CodeBlock, env: NodeJS.ProcessEnv): Promise<Program> {
    return Program.listening(start(this.#compiled(block), [], env));
  }

  /** Runs the block as a fragment of a handler; what it wrote when it failed, or nothing. */
  async run(block: CodeBlock, env: NodeJS.ProcessEnv): Promise<string> {
    const child = start(RUN_FRAGMENT, [pathToFileURL(this.#compiled(block)).href], env);
    const output = collect(child);
    const [code] = await once(child, 'close');
    return code === 0 ? '' : `ended with ${code}:\n${output()}`;
  }

  #compiled(block: CodeBlock): string {
    return join(this.#folder, 'out', fileName(block).replace(/\.mts$/, '.mjs'));
  }
}

function start(file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const { NODE_V8_COVERAGE: _, ...inherited } = process.env;
  return fork(file, args, {
    execArgv: ['--import', PRELOAD],
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      output += data;
    });
  }
  return () => output;
}

export class Program {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async listening(child: ChildProcess): Promise<Program> {
    const output = collect(child);
    const ended = once(child, 'exit').then(() => undefined);
    const message = await Promise.race([once(child, 'message'), ended]);
    if (message === undefined) throw new Error(`the program ended without listening:\n${output()}`);
    return new Program(child, (message[0] as { port: number }).port);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

function fileName({ language, line }: CodeBlock): string {
  return `line-${line}.${language === 'ts' || language === 'typescript' ? 'mts' : 'mjs'}`;
}

/** A fragment without imports is a module too: it may await, and its names are its own. */
function asModule(text: string): string {
  return /^(?:import|export)\s/m.test(text) ? text : `${text}export {};\n`;
}

function compile(folder: string): Promise<string> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, '-p', '.', '--pretty', 'false'],
      { cwd: folder },
      (_, out) => resolve(out),
    );
  });
}
