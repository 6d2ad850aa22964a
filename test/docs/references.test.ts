import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { REASONS } from '../../lib/cache/status/reasons.js';
import { DEFAULTS } from '../../lib/health/options.js';
import { tableRows } from './markdown.js';

const page = (name: string): string => readFileSync(join('docs', name), 'utf8');

describe('the documents', () => {
  it('name tests and files that are there', () => {
    const missing = readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .flatMap(
        (name) => page(name).match(/`(?:test|lib|deploy|benchmark|scripts)\/[\w./-]*`/g) ?? [],
      )
      .map((path) => path.replaceAll('`', ''))
      .filter((path) => !existsSync(path) && path !== 'benchmark/results/');
    expect(missing).to.deep.equal([]);
  });

  it('name files of lib/ in the architecture that are there', () => {
    const named = page('architecture.md').match(/`[a-z]+\/[\w./-]+\.ts`/g) ?? [];
    const paths = named.map((path) => path.replaceAll('`', ''));
    expect(paths).to.have.length.above(20);
    expect(paths.filter((path) => !existsSync(join('lib', path)))).to.deep.equal([]);
  });

  it('explain every reason code, and no other', () => {
    const explained = tableRows(page('degradation.md'), 'reason').map(([reason]) => reason);
    expect(explained).to.deep.equal(Object.keys(REASONS).map((reason) => `\`${reason}\``));
  });

  it('have a row of troubleshooting for every reason, with the words of its message', () => {
    const rows = tableRows(page('troubleshooting.md'), 'the message says');
    const shown = Object.fromEntries(rows.map(([says = '', reason = '']) => [reason, says]));
    const real = Object.entries(REASONS).map(([reason, [what]]) => [
      `\`${reason}\``,
      `\`${what}\``,
    ]);
    expect(shown).to.deep.equal(Object.fromEntries(real));
  });

  it('have a heading for every error code', () => {
    const source = readFileSync('lib/core/errors.ts', 'utf8');
    const codes = new Set(source.match(/ERR_[A-Z_]+/g));
    expect(codes.size).to.be.above(5);
    for (const code of codes) expect(page('errors.md')).to.include(`\n## ${code}\n`);
  });

  it('have a heading for the address at the end of every error and warning, and no other', () => {
    const errors = readFileSync('lib/core/errors.ts', 'utf8').match(/(?<=')ERR_[A-Z_]+/g) ?? [];
    const warnings = /type WarningHeading =([^;]*);/.exec(
      readFileSync('lib/core/advice/warnings.ts', 'utf8'),
    );
    const anchors = [...(warnings?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, anchor]) => anchor);
    expect(anchors).to.have.length.above(5);
    const headings = [...page('errors.md').matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    const addressed = [...new Set(errors)].map((code) => code.toLowerCase());
    expect(headings.toSorted()).to.deep.equal([...addressed, ...anchors].toSorted());
  });

  it('show the defaults of the health router', () => {
    const shown = new Map(
      tableRows(page('health.md'), 'option').map(([name, value]) => [name, value]),
    );
    expect(shown.get('`timeout`')).to.equal(`\`'${DEFAULTS.timeout}'\``);
    expect(shown.get('`maxAge`')).to.equal(`\`'${DEFAULTS.maxAge}'\``);
    expect(shown.get('`details`')).to.equal(`\`${DEFAULTS.details}\``);
  });
});
