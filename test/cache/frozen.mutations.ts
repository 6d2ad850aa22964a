import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a shared object is frozen at its top only',
    file: 'entry/sharing.js',
    find: 'freezeDeep(part);',
    replace: '',
  },
  {
    title: 'memory does not keep the object',
    file: 'tiers/standby.js',
    find: 'this.#tier.set(key, { ...held, kept });',
    replace: '',
  },
  {
    title: 'the object is not counted',
    file: 'memory/segment.js',
    find: '(kept?.bytes ?? 0)',
    replace: '0',
  },
  {
    title: 'callers of one load get a copy each',
    file: 'loading/flight/shared-value.js',
    find: 'this.#first = decoded.isFrozen ? decoded : undefined;',
    replace: 'this.#first = undefined;',
  },
  {
    title: 'callers get the object that memory keeps to copy it',
    file: 'entry/sharing.js',
    find: 'return isFrozen ? value : copyOf(value);',
    replace: 'return value;',
  },
  {
    title: 'only the top of a value is copied',
    file: 'entry/sharing.js',
    find: 'copy[key] = copyOf(part);',
    replace: 'copy[key] = part;',
  },
];
