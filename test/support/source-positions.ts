import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';

/** A place in a compiled file, as stacks name it. */
const PLACE = /(?:file:\/\/)?(\/[^\s():]+\.js):(\d+):(\d+)/g;

/**
 * Replaces the places in a stack by those in the sources. Node does it too (`--enable-source-maps`), but reads the map
 * of each file that is loaded, and translates the stack of each error that only looks where it is. Here it is done for
 * what is printed.
 */
export function inSources(stack: string): string {
  return stack.replace(PLACE, (text, file: string, line: string, column: string) => {
    const { fileName, lineNumber, columnNumber } = originOf(file, Number(line), Number(column));
    return fileName === undefined ? text : `${fileName}:${lineNumber}:${columnNumber}`;
  });
}

interface Origin {
  readonly fileName?: string;
  readonly lineNumber?: number;
  readonly columnNumber?: number;
}

function originOf(file: string, line: number, column: number): Origin {
  const map = mapOf(file);
  const origin = map?.findOrigin(line, column) as Origin | undefined;
  if (origin?.fileName === undefined) return {};
  return { ...origin, fileName: resolve(dirname(file), origin.fileName) };
}

/** `undefined`: it was not compiled from anything. */
function mapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    return undefined;
  }
}
