/** A fenced code block, with what the `<!-- check: … -->` comment right above it asks for. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1: for messages. */
  readonly line: number;
  /** `['serve', '/health']` for `<!-- check: serve /health -->`; empty without a comment. */
  readonly check: readonly string[];
}

const FENCE = /^( *)(`{3,}|~{3,})\s*([\w-]*)/;
const CHECK = /^<!--\s*check:\s*(.*?)\s*-->$/;

/** Every fenced block of a markdown text, in order. An unclosed or indented fence is an error. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const lines = markdown.split('\n');
  const blocks: CodeBlock[] = [];
  for (let i = 0; i < lines.length; i++) {
    const fence = FENCE.exec(lines[i] ?? '');
    if (fence === null) continue;
    const [, indent, ticks, language] = fence;
    if (indent !== '') throw new Error(`line ${i + 1}: code blocks start at the left margin`);
    const end = lines.findIndex((line, at) => at > i && line.trimEnd() === ticks);
    if (end === -1) throw new Error(`line ${i + 1}: the code block has no end`);
    const text = `${lines.slice(i + 1, end).join('\n')}\n`;
    blocks.push({ language: language ?? '', text, line: i + 1, check: checkAbove(lines, i) });
    i = end;
  }
  return blocks;
}

function checkAbove(lines: readonly string[], fenceAt: number): readonly string[] {
  const above = lines[fenceAt - 1]?.trim() === '' ? lines[fenceAt - 2] : lines[fenceAt - 1];
  const check = CHECK.exec(above?.trim() ?? '')?.[1];
  return check === undefined || check === '' ? [] : check.split(/\s+/);
}

/** The rows of every table under a heading row that begins with `| heading`, cell by cell. */
export function tableRows(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const rows: string[][] = [];
  lines.forEach((line, at) => {
    if (cells(line)[0] !== heading || !/^\s*\|[\s:|-]+\|\s*$/.test(lines[at + 1] ?? '')) return;
    for (const row of lines.slice(at + 2)) {
      if (!row.trimStart().startsWith('|')) break;
      rows.push(cells(row));
    }
  });
  return rows;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
