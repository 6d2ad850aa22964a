import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { DEFAULTS } from '../../lib/cache/options.js';
import { tableRows } from './markdown.js';

const ROOT = join(__dirname, '../../..');
const LITERAL = /^(?:'[^']*'|-?\d[\d_.]*|true|false|\{.*\})(?=$|[\s;,])/;

describe('the options of the cache', () => {
  const table = tableRows(readFileSync(join(ROOT, 'docs/reference.md'), 'utf8'), 'option');
  const declared = declaredOptions('lib/cache/options.ts', 'CacheOptions');
  const defaults = DEFAULTS as unknown as Readonly<Record<string, unknown>>;

  it('are all in the reference, in a table, and no others', () => {
    const shown = table.map(([name]) => unquoted(name));
    expect(shown.toSorted()).to.deep.equal([...declared.keys()].toSorted());
  });

  it('have the defaults in the reference that the code has', () => {
    const shown = table.map(([name, value]) => [unquoted(name), unquoted(value)] as const);
    expect(wrongDefaults(shown, defaults)).to.deep.equal([]);
  });

  it('have the defaults in their JSDoc that the code has', () => {
    expect([...declared].filter(([, value]) => value === '')).to.deep.equal([]);
    expect(wrongDefaults([...declared], defaults)).to.deep.equal([]);
  });
});

/** Each option of an interface in the source, with the text of its `@default`. */
function declaredOptions(path: string, name: string): Map<string, string> {
  const source = readFileSync(join(ROOT, path), 'utf8');
  const body = source.slice(source.indexOf(`export interface ${name} {`)).split('\n}')[0] ?? '';
  const option = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)\?:/g;
  return new Map(
    [...body.matchAll(option)].map(([, comment = '', key = '']) => {
      const value = /@default\s+(.*)/.exec(comment)?.[1] ?? '';
      return [key, value.trim()];
    }),
  );
}

/** Defaults said in prose ("as long as the loader takes") are left to the reader. */
function wrongDefaults(
  said: readonly (readonly [string, string])[],
  defaults: Readonly<Record<string, unknown>>,
): string[] {
  return said.flatMap(([name, text]) => {
    const literal = LITERAL.exec(text)?.[0];
    if (literal === undefined || !(name in defaults)) return [];
    const isSame =
      JSON.stringify(runInNewContext(`(${literal})`)) === JSON.stringify(defaults[name]);
    return isSame ? [] : [`${name}: ${text}, but the code has ${JSON.stringify(defaults[name])}`];
  });
}

function unquoted(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}
