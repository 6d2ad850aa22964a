import { invalid } from '../core/validate.js';

/** Words that mean something in the report or in a path, in upper or lower case. */
const RESERVED = new Set([
  'cache',
  'health',
  'live',
  'ready',
  'startup',
  'check',
  'metrics',
  'status',
  'ui',
]);

/** @throws CacheHealthError `ERR_HEALTH_OPTION` for a name that a check may not have. */
export function checkName(name: string): void {
  if (RESERVED.has(name.toLowerCase())) {
    const advice = `'${name}' means something in the report or in a path. Choose another name, such as '${name}Service'.`;
    throw invalid({ ...SUBJECT, advice }, 'no word of the report', name);
  }
  if (!(name in {}) && /^[A-Za-z][\w-]{0,49}$/.test(name)) return;
  const expected =
    'at most 50 letters, digits, - and _, beginning with a letter, and no word of the report';
  throw invalid({ ...SUBJECT, advice: 'Choose another name.' }, expected, name);
}

const SUBJECT = { name: 'the name of a check', code: 'ERR_HEALTH_OPTION' } as const;
