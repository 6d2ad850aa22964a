import type { Database } from './database.js';
import { PRODUCTS } from './products.js';

export interface Product {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly price: number;
  readonly stock: number;
  readonly updatedAt: Date;
}

/** The shop's products, straight from SQL: nothing here knows that there is a cache. */
export interface Catalogue {
  list(): Promise<Product[]>;
  find(id: number): Promise<Product | undefined>;
  /** The changed product, or `undefined` when there is none with this id. */
  setPrice(id: number, price: number): Promise<Product | undefined>;
}

interface Row {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly price_cents: number;
  readonly stock: number;
  readonly updated_at: Date;
}

export function createCatalogue(database: Database): Catalogue {
  return {
    async list() {
      return (await database.query<Row>('select * from products order by id')).map(toProduct);
    },
    async find(id) {
      const [row] = await database.query<Row>('select * from products where id = $1', [id]);
      return row && toProduct(row);
    },
    async setPrice(id, price) {
      const [row] = await database.query<Row>(
        'update products set price_cents = $2, updated_at = now() where id = $1 returning *',
        [id, Math.round(price * 100)],
      );
      return row && toProduct(row);
    },
  };
}

function toProduct(row: Row): Product {
  const { price_cents, updated_at, ...rest } = row;
  return { ...rest, price: price_cents / 100, updatedAt: updated_at };
}

/** Creates and fills the table where it is missing; prices that were changed since stay as they are. */
export async function seedCatalogue(database: Database): Promise<void> {
  await database.query(`
    create table if not exists products (
      id integer primary key,
      sku text not null unique,
      name text not null,
      category text not null,
      price_cents integer not null check (price_cents > 0),
      stock integer not null check (stock >= 0),
      updated_at timestamptz not null default now()
    )`);
  const columns = [
    PRODUCTS.map((_, index) => index + 1),
    PRODUCTS.map(([sku]) => sku),
    PRODUCTS.map(([, name]) => name),
    PRODUCTS.map(([, , category]) => category),
    PRODUCTS.map(([, , , cents]) => cents),
    PRODUCTS.map(([, , , , stock]) => stock),
  ];
  await database.query(
    `insert into products (id, sku, name, category, price_cents, stock)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[])
     on conflict do nothing`,
    columns,
  );
}
