import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RedisServer } from '../support/redis-server.js';
import { type CodeBlock, codeBlocks } from './markdown.js';
import { type Page, type PageProgram, Programs } from './programs.js';
import {
  MOMENTS,
  type Moment,
  normalised,
  normalisedText,
  type RealAnswers,
  realAnswers,
} from './real-answers.js';

const ROOT = join(__dirname, '../../..');

/** The commands a reader is told to run, each alone in its block, and who runs it for us. */
const COMMANDS: Readonly<Record<string, string>> = {
  start: 'npm install && npm start', // test/package/fresh-clone.test.ts
  test: 'npm install && npm test', // .ci/run
};
const INSTALL = 'npm install express-cache-health express'; // test/package/tarball.test.ts

/** A stranger reads no more before the first try. */
const MAX_WORDS = 900;

/** What `<!-- check: … -->` may ask for, and in which languages. CONTRIBUTING.md explains them. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  command: ['sh', 'bash'],
  install: ['sh', 'bash'],
  serve: ['js', 'ts'],
  pasted: ['js'],
  run: ['js', 'ts'],
  types: ['js', 'ts'],
  jest: ['js'],
  health: ['json'],
  'health-cache': ['json'],
  log: ['text'],
};

/** Every block of README.md must ask for a check; in the other documents those that do are checked. */
const readme = read('README.md');
const others = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => read(`docs/${name}`));

describe('the documents', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let answers: RealAnswers;

  before(async () => {
    redis = await RedisServer.start();
    answers = await realAnswers();
  });

  after(() => redis?.stop());

  describe('README.md as a whole', () => {
    it('shows the two commands, the installation, and a program that runs as it is pasted', () => {
      const asked = readme.blocks.map(({ check }) => check.slice(0, 2).join(' '));
      expect(asked).to.include.members(['command start', 'command test', 'install']);
      expect(asked.filter((check) => check.startsWith('pasted '))).to.have.lengthOf(1);
    });

    it(`has ${MAX_WORDS} words at most`, () => {
      const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
      expect(text.split(/\s+/).filter((word) => /\w/.test(word)).length).to.be.at.most(MAX_WORDS);
    });

    it('asks for a check of every code block', () => {
      const unasked = readme.blocks.filter(({ check }) => check.length === 0);
      expect(unasked.map(({ line }) => `line ${line}`)).to.deep.equal([]);
    });
  });

  const pages = [readme, ...others].map(({ name, blocks }): Page => {
    return { name, blocks: blocks.filter(({ check }) => check.length > 0) };
  });
  for (const page of pages) {
    if (page.blocks.length > 0) describe(page.name, () => testPage(page));
  }

  let compiled: Promise<Programs> | undefined;
  /** Once for all pages: most of the time goes into the types that all of them use. */
  function compile(): Promise<Programs> {
    const code = pages.map(({ name, blocks }) => ({ name, blocks: blocks.filter(isCompiled) }));
    compiled ??= Programs.compile(code);
    return compiled;
  }

  function testPage({ name, blocks }: Page): void {
    for (const block of blocks) {
      it(`line ${block.line}: ${block.check.join(' ')}`, async () => {
        expect(CHECKS[block.check[0] ?? ''], 'languages of this check').to.include(block.language);
        // The package test runs it in a project that has Jest.
        if (block.check[0] === 'jest') return;
        const program = (await compile()).of(name, block);
        expect(program.errors).to.equal('');
        await checkBlock(block, program);
      });
    }
  }

  async function checkBlock(block: CodeBlock, program: PageProgram): Promise<void> {
    const [kind, ...rest] = block.check;
    const text = block.text.trimEnd();
    if (kind === 'command') expect(text).to.equal(COMMANDS[rest[0] ?? '']);
    if (kind === 'install') expect(text).to.equal(INSTALL);
    if (kind === 'serve' || kind === 'pasted') await checkProgram(block, program, rest);
    if (kind === 'run') expect(await program.run({ REDIS_URL: redis.url })).to.equal('');
    if (kind === 'health' || kind === 'health-cache') checkHealth(kind, rest[0] as Moment, text);
    if (kind === 'log') {
      const real = answers.log.map(normalisedText);
      expect(real).to.include.members(text.split('\n').map(normalisedText));
    }
  }

  /** Each request is a path that must answer 200, or `/path=503`. */
  async function checkProgram(
    block: CodeBlock,
    program: PageProgram,
    requests: readonly string[],
  ): Promise<void> {
    const isPasted = block.check[0] === 'pasted';
    const running = await program.serve({
      REDIS_URL: redis.url,
      ...(isPasted ? { DOCS_WITHOUT_NAMES: '1' } : {}),
    });
    try {
      for (const request of requests) {
        const [path, status = '200'] = request.split('=');
        const response = await fetch(`${running.url}${path}`);
        const body = await response.text();
        expect(response.status, `GET ${path}: ${body}`).to.equal(Number(status));
      }
    } finally {
      await running.stop();
    }
  }

  /** Field by field, with times, addresses and counted failures replaced by what they are. */
  function checkHealth(kind: 'health' | 'health-cache', moment: Moment, text: string): void {
    expect(MOMENTS).to.include(moment);
    const report = answers.health[moment] as { details: { cache: unknown } };
    const real = kind === 'health' ? report : report.details.cache;
    const hint = `really:\n${JSON.stringify(real, null, 2)}\n`;
    expect(normalised(JSON.parse(text)), hint).to.deep.equal(normalised(real));
  }
});

function isCompiled({ language, check }: CodeBlock): boolean {
  return ['js', 'ts'].includes(language) && check[0] !== 'jest';
}

function read(name: string): Page {
  const path = join(ROOT, name);
  return { name, blocks: existsSync(path) ? codeBlocks(readFileSync(path, 'utf8')) : [] };
}
