/**
 * What the documents' code uses without saying where it comes from: a database, and what a reader would
 * write around it. Programs and fragments find these names as globals.
 */
export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
}

const espresso: Product = { id: 1, name: 'Espresso', price: 2.4 };

/** What `pg` gives: `pool.query('SELECT 1')` pings. */
export const pool = {
  query: async (_sql: string, _parameters?: readonly unknown[]) => ({ rows: [espresso] }),
  end: async () => {},
  connect: async () => ({
    query: async (_sql: string) => ({ rows: [espresso] }),
    release: () => {},
  }),
};

/** The same with a query of its own: `db.product(id)` finds one. */
export const db = {
  ...pool,
  product: async (id: string | number) => ({ ...espresso, id: Number(id) }),
};

export const load = async (_signal?: AbortSignal) => espresso;

export const loadMany = async (keys: readonly string[]) =>
  new Map(keys.map((key) => [key, espresso]));

export const productsByKey = async (keys: readonly string[], _signal?: AbortSignal) =>
  keys.map((key) => ({ ...espresso, id: Number(key.split(':').at(-1)) }));

export const fetchArticle = async (_options: { signal?: AbortSignal; etag?: string }) => ({
  status: 200,
  isPrivate: false,
  body: { title: 'On coffee', etag: 'a1' },
});

export const searchPing = async () => true;
