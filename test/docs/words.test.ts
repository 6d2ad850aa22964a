import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tableRows } from './markdown.js';

const ROOT = join(__dirname, '../../..');
const CONTRIBUTING = read('CONTRIBUTING.md');

/** The section of CONTRIBUTING.md that lists the words, and so contains them. */
const LIST = /\n## Words\n[\s\S]*?(?=\n## )/;

/** A word of the list, and whatever surrounds it in a line. */
const FORBIDDEN = new RegExp(`.{0,30}\\b(?:${listedWords().join('|')})\\b.{0,30}`, 'gi');

/** Regular expressions, which may contain quotes; then comments and text between quotes. */
const PROSE =
  /(?<=(?:[(=,:[!&|?{};]|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*|(\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)/g;

const TITLE =
  /\b(?:it|describe)(?:\.\w+)?\(\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`)/g;

describe('the words of the list in CONTRIBUTING.md', () => {
  it('are found', () => {
    expect(uses('a', 'It is\n * told: whoever asks.')).to.have.length(1);
    expect(uses('a', 'The timeout of a request in flight.')).to.deep.equal([]);
    expect(prose("x = /['`]/; // one\nf(`two`, 'three'); /* four */ five")).to.equal(
      "// one\n`two`\n'three'\n/* four */",
    );
  });

  it('do not stand in the documents', () => {
    const documents = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'example-app/README.md'];
    const pages = filesIn('docs', '.md');
    expect([...documents, ...pages].flatMap((path) => uses(path, read(path)))).to.deep.equal([]);
    expect(uses('CONTRIBUTING.md', CONTRIBUTING.replace(LIST, ''))).to.deep.equal([]);
  });

  it('do not stand in comments and messages', () => {
    const sources = ['lib', 'example-app/src'].flatMap((folder) => filesIn(folder, '.ts'));
    expect(sources.flatMap((path) => uses(path, prose(read(path))))).to.deep.equal([]);
  });

  it('do not stand in the names of tests', () => {
    const found = filesIn('test', '.ts').flatMap((path) => {
      const titles = [...read(path).matchAll(TITLE)].map(([, title]) => title);
      return uses(path, titles.join('\n'));
    });
    expect(found).to.deep.equal([]);
  });
});

function listedWords(): string[] {
  const cells = tableRows(CONTRIBUTING, 'we do not say').map(([cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
}

/** Where a text uses the words, each with what surrounds it. */
function uses(path: string, text: string): string[] {
  // A sentence goes on in the next line, in comments behind a star.
  const joined = text.replace(/[ \t]*\n[ \t]*(?:\*|\/\/)?[ \t]*/g, ' ');
  return [...joined.matchAll(FORBIDDEN)].map(([place]) => `${path}: … ${place} …`);
}

/** The comments of a source file and the text between its quotes. */
function prose(source: string): string {
  return [...source.matchAll(PROSE)].flatMap(([, text]) => text ?? []).join('\n');
}

function filesIn(folder: string, extension: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(extension)).map((name) => join(folder, name));
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
