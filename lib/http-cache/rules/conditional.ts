import type { IncomingHttpHeaders } from 'node:http';
import { splitList } from './cache-control.js';
import { type Fields, fieldText } from './fields.js';
import { parseHttpDate } from './http-date.js';

/** Whether the client has this answer already (RFC 9110, 13.1.2 and 13.1.3), so that 304 is the answer to it. */
export function isUnchanged(headers: IncomingHttpHeaders, fields: Fields): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) {
    const etag = fieldText(fields, 'etag');
    if (known.trim() === '*') return true;
    return etag !== undefined && splitList(known).some((each) => opaque(each) === opaque(etag));
  }
  const since = parseHttpDate(headers['if-modified-since']);
  const modified = parseHttpDate(fieldText(fields, 'last-modified'));
  return since !== undefined && modified !== undefined && modified <= since;
}

/** The weak comparison: the mark of a weak tag does not count. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** Fields that describe a body, which a 304 does not have. */
export const OF_THE_BODY: readonly string[] = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'transfer-encoding',
];
