import { givenHeaders, headArguments } from './capture/arguments.js';
import { changedUrls, primaryKey } from './keys/url-keys.js';
import { fieldsOf, fieldText } from './rules/fields.js';
import type { Visit } from './visit.js';

/**
 * Removes what is stored of the URLs that an unsafe request changes (RFC 9111, 4.4), when its answer is a success. It
 * does so before the head is sent, so a client that has the answer gets no older one from this process.
 */
export function invalidateOnSuccess(visit: Visit, added: string | undefined): void {
  const { req, res, report, next } = visit.options;
  const { writeHead } = res;
  let isDone = false;
  function writeHeadOfChange(...args: unknown[]): typeof res {
    const { status, headers } = headArguments(args);
    if (!isDone && status >= 200 && status < 400) {
      isDone = true;
      const fields = new Map([...fieldsOf(res.getHeaders()), ...givenHeaders(headers)]);
      const named = ['location', 'content-location'].map((name) => fieldText(fields, name));
      const keys = [...changedUrls(req, named)].map((url) => primaryKey(req, added, url));
      visit.cache.deleteMany(keys).catch(() => {});
    }
    return Reflect.apply(writeHead, res, args);
  }
  res.writeHead = writeHeadOfChange as typeof writeHead;
  report.notStored('method', req.baseUrl + req.path);
  next();
}
