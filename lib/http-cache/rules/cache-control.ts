/** The directives of a Cache-Control field (RFC 9111, 5.2), by lower-case name. */
export interface CacheControl {
  has(name: string): boolean;
  /**
   * The seconds of a directive such as `max-age`; `undefined` if it is absent. Of several, the smallest counts. 0 if
   * it cannot be read, because the answer must then not count as fresh.
   */
  seconds(name: string): number | undefined;
}

export function parseCacheControl(field: string | undefined): CacheControl {
  const directives = new Map<string, string[]>();
  for (const part of splitList(field ?? '')) {
    const at = part.indexOf('=');
    const name = (at === -1 ? part : part.slice(0, at)).trimEnd().toLowerCase();
    const value = at === -1 ? '' : part.slice(at + 1);
    directives.set(name, [...(directives.get(name) ?? []), value]);
  }
  return {
    has: (name) => directives.has(name),
    seconds(name) {
      const values = directives.get(name);
      return values && Math.min(...values.map(secondsOf));
    },
  };
}

/** The members of a list, without the commas that stand between quotes. */
export function splitList(field: string): string[] {
  const members = field.match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? [];
  return members.map((member) => member.trim()).filter((member) => member !== '');
}

function secondsOf(value: string): number {
  const digits = /^"(\d+)"$|^(\d+)$/.exec(value);
  return digits === null ? 0 : Math.min(Number(digits[1] ?? digits[2]), MAX_SECONDS);
}

/** RFC 9111, 1.2.2: what is larger counts as this. */
const MAX_SECONDS = 2 ** 31;
