import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The lower-case names in a `Vary` field, sorted, each once; `*`: the answer depends on more than headers. */
export function varyNames(field: string | undefined): readonly string[] | '*' {
  const names = (field ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (names.includes('*')) return '*';
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

/** The values that a request has for these headers, as a short text. An absent header differs from an empty one. */
export function variantOf(names: readonly string[], headers: IncomingHttpHeaders): string {
  const values = names.map((name) => [name, normalised(name, headers[name])]);
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 22);
}

/** White space around commas has no meaning. Of the encodings only those matter that servers use. */
function normalised(name: string, value: string | string[] | undefined): string | null {
  if (value === undefined) return null;
  const text = String(value)
    .trim()
    .replace(/\s*,\s*/g, ',')
    .replace(/\s+/g, ' ');
  return name === 'accept-encoding' ? encodings(text) : text;
}

function encodings(text: string): string {
  const accepted = text.toLowerCase().split(',').sort();
  return accepted
    .filter((each) => /^(?:br|gzip|zstd|deflate|\*|identity)\b|^\*/.test(each))
    .join(',');
}
