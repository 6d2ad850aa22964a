import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';

const ROOT = join(__dirname, '../../..');

const FOLDERS = ['docs', 'examples', 'deploy'];
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'example-app/README.md',
];

const LINK = /!?\[[^\]]*\]\(([^)\s]+)\)/g;

/** Links of the documents, to files and to headings. Addresses of the network are not tried. */
describe('the links of the documents', () => {
  const pages = [...PAGES, ...FOLDERS.flatMap(pagesIn)];

  it('are looked at: every document has some', () => {
    expect(pages.length).to.be.above(20);
    expect(pages.flatMap((path) => linksOf(path)).length).to.be.above(100);
    expect(headings('# A `b`: c-d, E?\n## A b\n## A b')).to.deep.equal([
      'a-b-c-d-e',
      'a-b',
      'a-b-1',
    ]);
  });

  for (const path of pages) {
    it(`of ${path} lead somewhere`, () => {
      const dead = linksOf(path).filter((link) => !leadsSomewhere(path, link));
      expect(dead).to.deep.equal([]);
    });
  }

  it('stand in whole pages: none has two versions of a passage that a merge has left', () => {
    const torn = pages.filter((page) =>
      /^(?:<{7}|>{7}) /m.test(readFileSync(join(ROOT, page), 'utf8')),
    );
    expect(torn).to.deep.equal([]);
  });

  it('reach every page of docs/ from its index', () => {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path) || !path.endsWith('.md')) return;
      seen.add(path);
      for (const link of linksOf(path)) {
        const [file = ''] = link.split('#');
        const target = relative(ROOT, join(ROOT, dirname(path), file));
        if (file !== '' && !isAddress(link) && isFile(target)) visit(target);
      }
    };
    visit('docs/README.md');
    const unreached = pagesIn('docs').filter(
      (path) => !path.startsWith('docs/adr/') && !seen.has(path),
    );
    expect(unreached).to.deep.equal([]);
  });

  it('of README.md lead into the package, where they work without the repository, or are few', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      files: string[];
    };
    const outside = linksOf('README.md').filter(
      (link) =>
        !isAddress(link) && !files.some((file) => link === file || link.startsWith(`${file}/`)),
    );
    expect(outside.filter((link) => !/^(?:example-app|examples|LICENSE)/.test(link))).to.deep.equal(
      [],
    );
  });
});

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

/** What stands in code is no link. */
function linksOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');
  return [...text.matchAll(LINK)].map(([, link = '']) => link);
}

function leadsSomewhere(from: string, link: string): boolean {
  if (isAddress(link)) return URL.canParse(link);
  const [file = '', heading] = link.split('#');
  const target = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, target))) return false;
  if (heading === undefined) return true;
  return isFile(target) && headings(readFileSync(join(ROOT, target), 'utf8')).includes(heading);
}

function isAddress(link: string): boolean {
  return /^[a-z]+:/i.test(link);
}

function isFile(path: string): boolean {
  return existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile();
}

/** The names that GitHub and registries give to headings. */
function headings(markdown: string): string[] {
  const seen = new Map<string, number>();
  const text = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, title = '']) => {
    const name = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
}
