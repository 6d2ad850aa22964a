import type { Mutation } from '../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'a cache that cannot be read loses the scrape',
    file: 'exporters/prometheus/collection.js',
    find: 'lists.push((0, cache_families_js_1.cacheFamilies)(cache.metrics())); } catch { this.#errors++; }',
    replace: 'lists.push((0, cache_families_js_1.cacheFamilies)(cache.metrics())); } finally { }',
    test: 'own metrics',
  },
  {
    title: 'each metric takes a snapshot of its own',
    file: 'exporters/prometheus/collection.js',
    find: 'this.#running ??= ',
    replace: 'this.#running = ',
    test: 'one snapshot',
  },
  {
    title: 'metrics of a group do not say which group',
    file: 'exporters/families/freshness-families.js',
    find: '{ group: metrics.group, ...labels }',
    replace: '{ ...labels }',
    test: 'each group of keys',
  },
];
