import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { codeBlocks } from '../docs/markdown.js';
import { RedisServer } from '../support/redis-server.js';
import { type RunningServer, run, serve } from './run.js';

const ROOT = join(__dirname, '../../..');
const PROJECTS = join(ROOT, 'test/package/projects');

/** A picture or a source map in it would show. */
const MOST_BYTES = 720_000;

interface Project {
  readonly folder: string;
  readonly says: string;
  readonly packages: readonly string[];
  readonly main: string;
  /** Compiled first, with this repository's TypeScript and against the installed types alone. */
  readonly compile?: boolean;
}

const PROJECT_TABLE: readonly Project[] = [
  { folder: 'esm', says: 'an ES module on Express 5', packages: ['express@5'], main: 'app.mjs' },
  {
    folder: 'commonjs',
    says: 'a CommonJS app of ten lines on Express 4',
    packages: ['express@4'],
    main: 'app.cjs',
  },
  {
    folder: 'typescript',
    says: 'a TypeScript project on Express 5',
    packages: ['express@5', '@types/express@5', '@types/node@20'],
    main: 'dist/app.js',
    compile: true,
  },
  {
    folder: 'typescript',
    says: 'a TypeScript project on Express 4',
    packages: ['express@4', '@types/express@4', '@types/node@20'],
    main: 'dist/app.js',
    compile: true,
  },
];

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    // The types of this package are checked too, not only their use.
    skipLibCheck: false,
    outDir: 'dist',
  },
  files: ['app.ts'],
};

describe('the packed tarball', function () {
  this.timeout(240_000);
  let workplace: string;
  let tarball: string;
  let files: readonly string[];
  let packedBytes: number;
  let redis: RedisServer;

  before(async () => {
    redis = await RedisServer.start();
    workplace = await mkdtemp(join(tmpdir(), 'tarball-'));
    const packed = await run('npm', ['pack', '--json', '--pack-destination', workplace], ROOT);
    const [report] = JSON.parse(packed);
    tarball = join(workplace, report.filename);
    packedBytes = report.size;
    files = report.files.map(({ path }: { path: string }) => path);
  });

  after(async () => {
    await redis?.stop();
    if (workplace !== undefined) await rm(workplace, { recursive: true, force: true });
  });

  it('holds what is declared, and no sources, tests or example', () => {
    expect(files).to.include.members(['dist/index.js', 'dist/index.d.ts', 'LICENSE', 'README.md']);
    const foreign = files.filter((path) =>
      /^(?:lib|test|examples?|example-app|scripts|\.)/.test(path),
    );
    expect(foreign).to.deep.equal([]);
    const pictures = files.filter((path) => /\.(?:png|svg|map|tsbuildinfo)$/.test(path));
    expect(pictures).to.deep.equal([]);
    expect(packedBytes, 'bytes of the tarball').to.be.below(MOST_BYTES);
  });

  for (const project of PROJECT_TABLE) {
    it(`works in ${project.says}`, async () => {
      const folder = await mkdtemp(join(workplace, `${project.folder}-`));
      const type = project.folder === 'commonjs' ? 'commonjs' : 'module';
      await install({ ...project, type }, folder, tarball);
      if (project.compile === true) await compile(folder);
      const server = await serve(project.main, folder, { REDIS_URL: redis.url });
      try {
        await expectItServes(server);
      } finally {
        await server.stop();
        await redis.command('FLUSHALL');
      }
    });
  }

  it('works in a CommonJS app under Jest 30 without configuration', async () => {
    const folder = await mkdtemp(join(workplace, 'jest-'));
    const packages = ['express@5', 'jest@30'];
    await install({ folder: 'jest', packages, type: 'commonjs' }, folder, tarball);
    await cp(join(ROOT, 'examples/jest'), join(folder, 'example'), { recursive: true });
    for (const [i, text] of jestBlocks().entries())
      await writeFile(join(folder, `documented-${i}.test.js`), text);
    // Jest ends with an error when a test fails.
    await run(process.execPath, ['node_modules/jest/bin/jest.js'], folder, {
      REDIS_URL: redis.url,
    });
    await redis.command('FLUSHALL');
  });

  it('has types for bundlers', async () => {
    const folder = await mkdtemp(join(workplace, 'bundler-'));
    const packages = ['express@5', '@types/express@5', '@types/node@20'];
    await install({ folder: 'typescript', packages, type: 'module' }, folder, tarball);
    await compile(folder, { module: 'preserve', moduleResolution: 'bundler', noEmit: true });
  });

  it('has types that infer, by TypeScript 5.9 and 7', async () => {
    const folder = await mkdtemp(join(workplace, 'types-'));
    const packages = ['express@5', '@types/express@5', '@types/node@20', 'typescript@5.9'];
    await install({ folder: 'types', packages, type: 'module' }, folder, tarball);
    const config = { ...TSCONFIG, files: ['uses.ts'] };
    const compilerOptions = { ...TSCONFIG.compilerOptions, noEmit: true };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, compilerOptions }));
    for (const compiler of [join(folder, 'node_modules'), join(ROOT, 'node_modules')]) {
      await run(process.execPath, [join(compiler, 'typescript/bin/tsc')], folder);
    }
  });
});

/** The tests that the documents show. */
function jestBlocks(): string[] {
  const blocks = codeBlocks(readFileSync(join(ROOT, 'docs/testing.md'), 'utf8'));
  const texts = blocks.filter(({ check }) => check[0] === 'jest').map(({ text }) => text);
  expect(texts).to.not.have.lengthOf(0);
  return texts;
}

async function install(
  project: Pick<Project, 'folder' | 'packages'> & { readonly type: 'commonjs' | 'module' },
  folder: string,
  tarball: string,
): Promise<void> {
  const { type } = project;
  await cp(join(PROJECTS, project.folder), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  await run('npm', ['install', ...quiet, tarball, ...project.packages], folder);
}

async function compile(folder: string, options: object = {}): Promise<void> {
  const compilerOptions = { ...TSCONFIG.compilerOptions, ...options };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...TSCONFIG, compilerOptions }));
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], folder);
}

async function expectItServes({ url }: RunningServer): Promise<void> {
  await untilRedisServes(url);
  expect(await getJson(`${url}/answer`)).to.deep.equal({
    wasCached: false,
    value: 42,
  });
  expect(await getJson(`${url}/answer`)).to.deep.equal({
    wasCached: true,
    value: 42,
  });
  const health = await getJson(`${url}/health`);
  expect(health).to.have.property('status', 'ok');
  expect(health.details.cache).to.include({ status: 'up', connected: true });
  expect((await fetch(`${url}/health/live`)).status).to.equal(200);
}

async function untilRedisServes(url: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { details } = await getJson(`${url}/health`);
    if (details.cache.status === 'up') return;
    if (Date.now() > deadline) throw new Error(`Redis is not used: ${details.cache.message}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked at field by field
async function getJson(url: string): Promise<any> {
  const response = await fetch(url);
  expect(response.status, `GET ${url}`).to.equal(200);
  return response.json();
}
