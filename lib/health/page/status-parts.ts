/** A table of what the status says about a part of the cache. */
export interface StatusPart {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The parts that a status may have, besides what every cache has. */
const TITLES: Readonly<Record<string, string>> = {
  shards: 'Shards of Redis',
  near: 'Near tier',
  edge: 'Edge',
};

/** So many rows and characters of a cell are shown. */
const MAX_ROWS = 100;
const MAX_CELL = 200;

type Row = Readonly<Record<string, unknown>>;

/** One row for each shard, or for the one near tier or edge, with every text and number in it. */
export function statusParts(status: object): readonly StatusPart[] {
  return Object.entries(TITLES).flatMap(([key, title]) => {
    const given: unknown = (status as Row)[key];
    const items: readonly unknown[] = Array.isArray(given) ? given : [given];
    const rows = items.filter(isRow).slice(0, MAX_ROWS).map(leavesOf);
    const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
    if (names.length === 0) return [];
    const columns = names.map(wordsOf);
    return [{ title, columns, rows: rows.map((row) => names.map((name) => row.get(name) ?? '')) }];
  });
}

function isRow(item: unknown): item is Row {
  return typeof item === 'object' && item !== null;
}

/** The texts, numbers and truths of an object, and of the objects in it. */
function leavesOf(row: Row): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  for (const [name, value] of Object.entries(row)) {
    if (isLeaf(value)) leaves.set(name, String(value).slice(0, MAX_CELL));
    else if (isRow(value)) {
      for (const [inner, one] of Object.entries(value)) {
        if (isLeaf(one)) leaves.set(`${name} ${inner}`, String(one).slice(0, MAX_CELL));
      }
    }
  }
  return leaves;
}

function isLeaf(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** `oldestMs`: `oldest, ms`. */
function wordsOf(name: string): string {
  const spaced = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.replace(/ ms$/, ', ms');
}
