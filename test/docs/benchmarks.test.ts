import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(__dirname, '../../..');
const SCRIPT = join(ROOT, 'scripts/benchmark-table.mjs');
const page = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

describe('the figures of the benchmark', () => {
  it('in README.md and docs/benchmarks.md are made of its JSON by a script', () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--check'], {
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
  });

  it('in the README say nothing against the driver with its timer without the other beside it', () => {
    const rows = page('README.md').split('\n');
    const slow = rows.flatMap((row, i) => (/÷ node-redis as it comes/.test(row) ? [i] : []));
    for (const i of slow) expect(rows[i - 1]).to.match(/÷ node-redis without its timer/);
    const others = rows.filter((row) =>
      /÷ node-redis(?! without its timer| as it comes)/.test(row),
    );
    expect(others).to.deep.equal([]);
  });

  it('give requests a second beside whatever was kept', () => {
    for (const name of ['README.md', 'docs/benchmarks.md']) {
      const kept = page(name)
        .split('\n')
        .filter((row) => /\|.*(?:÷ before|\bkept\b)/.test(row) && !/requests a second/.test(row));
      expect(kept, name).to.deep.equal([]);
    }
  });
});
