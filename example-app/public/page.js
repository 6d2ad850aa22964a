// Asks for products, for /health and for the state of Redis, and shows what came back. It keeps nothing but
// what it shows.

const SHOWN = 10;
/** Ten products are one round in a second. */
const ASK_EVERY_MS = 100;
const LOOK_EVERY_MS = 250;
const MOST_EVENTS = 8;

const REDIS = {
  running: (what) => `${what} runs. It is yours to break.`,
  frozen: (what) => `${what} is frozen: connections stay open, and no answer comes.`,
  stopped: (what) => `${what} was killed.`,
  foreign: () =>
    'This app uses a Redis that it did not start, so it does not break it. For one of its own: REDIS_URL=private npm start',
};

const MODES = {
  normal: 'Redis serves.',
  degraded: 'Memory and the database serve.',
  recovering: 'Redis is back and is told what it missed.',
  'database-only': 'The database serves.',
};

const seen = { answers: 0, failed: 0, slowestMs: 0, mode: undefined };

const element = (id) => document.getElementById(id);

async function ask(path, init) {
  const startedAt = performance.now();
  const response = await fetch(path, { cache: 'no-store', ...init });
  const body = await response.json();
  const tookMs = performance.now() - startedAt;
  return { isOk: response.ok, body, tookMs, origin: response.headers.get('cache-status') ?? '' };
}

function originOf(header) {
  if (/^varnish; hit/.test(header)) return 'edge';
  const tier = /detail=(\w+)/.exec(header)?.[1];
  return tier === 'redis' ? 'Redis' : tier === 'memory' || tier === 'near' ? 'memory' : 'database';
}

function tell(text) {
  const item = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = new Date().toLocaleTimeString('en-GB');
  item.append(time, text);
  element('events').prepend(item);
  while (element('events').children.length > MOST_EVENTS) element('events').lastChild.remove();
}

/** One row of the table. */
class Row {
  #path;
  #price = document.createElement('input');
  #by = document.createElement('span');
  #took = document.createElement('td');

  constructor({ id, name, price }) {
    this.#path = `products/${id}`;
    this.#price.type = 'number';
    this.#price.step = '0.01';
    this.#price.min = '0.01';
    this.#price.value = price.toFixed(2);
    this.#price.setAttribute('aria-label', `Price of ${name}`);
    this.#price.addEventListener('change', () => this.#change(name));
    this.#took.className = 'took';
    const row = document.createElement('tr');
    for (const content of [name, this.#price, this.#by]) {
      const cell = document.createElement('td');
      cell.append(content);
      row.append(cell);
    }
    row.append(this.#took);
    element('products').append(row);
  }

  async refresh() {
    try {
      this.#show(await ask(this.#path));
    } catch {
      this.#fail();
    }
  }

  #show({ isOk, body, tookMs, origin }) {
    if (!isOk) return this.#fail();
    const by = originOf(origin);
    seen.answers++;
    seen.slowestMs = Math.max(seen.slowestMs, tookMs);
    this.#by.textContent = by;
    this.#by.className = `by by-${by.toLowerCase()}`;
    this.#took.textContent = `${Math.round(tookMs)} ms`;
    // You may be typing.
    if (document.activeElement !== this.#price) this.#price.value = body.price.toFixed(2);
  }

  #fail() {
    seen.failed++;
    this.#by.textContent = 'failed';
    this.#by.className = 'by by-failed';
    this.#took.textContent = '';
  }

  async #change(name) {
    const { isOk, body } = await ask(`${this.#path}/price`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ price: Number(this.#price.value) }),
    });
    element('trouble').textContent = isOk ? '' : body.error;
    if (isOk) tell(`${name} now costs ${body.price.toFixed(2)}.`);
    this.#price.blur();
    await this.refresh();
  }
}

async function showHealth() {
  const { body } = await ask('health');
  const cache = body.details.cache;
  const mode = cache.degradation?.mode ?? 'normal';
  element('state').dataset.status = body.status;
  element('status').textContent = body.status;
  element('mode').textContent = MODES[mode] ?? mode;
  element('message').textContent = cache.message;
  element('journal').textContent = cache.degradation?.journal.entries ?? 0;
  if (mode !== seen.mode && seen.mode !== undefined) tell(`The cache: ${seen.mode} → ${mode}.`);
  seen.mode = mode;
  showShards(cache.shards ?? cache.degradation?.shards ?? []);
}

/** The servers of a Redis Cluster; nothing where there is one Redis. */
function showShards(shards) {
  element('shards').hidden = shards.length === 0;
  const rows = shards.map(({ address, slots, state, reason }) => {
    const row = document.createElement('tr');
    for (const text of [address, slots, reason === undefined ? state : `${state}: ${reason}`]) {
      const cell = document.createElement('td');
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  });
  element('shards')
    .querySelector('tbody')
    .replaceChildren(...rows);
}

function showRedis({ state, what = '' }) {
  element('redis').textContent = REDIS[state](`${what[0]?.toUpperCase()}${what.slice(1)}`);
  element('kill').disabled = state === 'foreign' || state === 'stopped';
  element('freeze').disabled = state !== 'running';
  element('start').disabled = state === 'foreign' || state === 'running';
}

function showNumbers() {
  element('answers').textContent = seen.answers;
  element('failed').textContent = seen.failed;
  element('slowest').textContent = `${Math.round(seen.slowestMs)} ms`;
}

async function act(what, done) {
  for (const id of ['kill', 'freeze', 'start']) element(id).disabled = true;
  Object.assign(seen, { answers: 0, failed: 0, slowestMs: 0 });
  element('since').textContent = `Since ${done[0].toLowerCase()}${done.slice(1, -1)}:`;
  const { isOk, body } = await ask(`redis/${what}`, { method: 'POST' });
  element('trouble').textContent = isOk ? '' : body.error;
  if (isOk) tell(done);
  await look();
}

async function look() {
  try {
    await Promise.all([showHealth(), ask('redis').then(({ body }) => showRedis(body))]);
  } catch {
    element('state').dataset.status = 'error';
    element('status').textContent = 'no answer';
    element('mode').textContent = 'The app itself does not answer.';
  }
  showNumbers();
}

/** Calls the function again and again, with a pause after each call. */
async function forEver(everyMs, run) {
  for (;;) {
    await run();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

element('kill').addEventListener('click', () => act('kill', 'You killed Redis.'));
element('freeze').addEventListener('click', () => act('freeze', 'You froze Redis.'));
element('start').addEventListener('click', () => act('start', 'You started Redis again.'));

const { body: products } = await ask('products');
const rows = products.slice(0, SHOWN).map((product) => new Row(product));
let next = 0;
forEver(ASK_EVERY_MS, () => rows[next++ % rows.length].refresh());
forEver(LOOK_EVERY_MS, look);
