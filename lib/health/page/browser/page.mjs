// The live page: gets the data by server-sent events, or by polling when they do not come.
import { drawAnswers, drawLoads, drawTimeline } from './charts.mjs';
import { byId, element, fill, text } from './dom.mjs';
import { drawTiles } from './tiles.mjs';
import { duration, time } from './words.mjs';

const POLL_EVERY_MS = 5_000;
const SILENT_AFTER_MS = 3_000;
const WORDS = { ok: 'Ok', degraded: 'Degraded', error: 'Error', shutting_down: 'Shutting down' };

let data;
let heardAt = performance.now();
let failures = 0;
let isPolling = false;

function receive(json) {
  const fresh = JSON.parse(json);
  data = { ...fresh, samples: fresh.samples ?? data?.samples ?? [] };
  heardAt = performance.now();
  failures = 0;
  draw();
}

function draw() {
  drawVerdict();
  drawChecks();
  drawEvents();
  drawServers();
  drawParts();
  const { cache } = data;
  for (const id of ['timeline', 'tiles', 'answers', 'loads']) byId(id).hidden = cache === null;
  if (cache === null) return;
  drawTimeline(byId('timeline'), data);
  drawTiles(byId('tiles'), data);
  drawAnswers(byId('answers'), data);
  drawLoads(byId('loads'), data);
}

function drawVerdict() {
  const { status, since, at, what, todo, instance, pid, version, node, cache } = data;
  const word = WORDS[status] ?? status;
  byId('verdict').className = status;
  const heading = byId('word');
  if (heading.dataset.status !== `${status}${since}`) {
    heading.dataset.status = `${status}${since}`;
    fill(
      heading,
      element('b', { class: 'word' }, word),
      element('span', {}, ` since ${time(since)}`),
    );
  }
  // A screen reader reads what changes here, so it changes when there is news.
  if (byId('what').textContent !== what) text('what', what);
  text('todo', `For ${duration(at - since)}. ${todo}`);
  text('instance', `${cache === null ? '' : `${cache.name} · `}${instance} · pid ${pid}`);
  text('about', `express-cache-health ${version} · node ${node}`);
  document.title = `${word} · ${instance}`;
}

function drawChecks() {
  const rows = data.checks.map(({ name, status, verdicts, seconds }) => {
    const label = verdicts.length === 0 ? 'none yet' : verdicts.join(', ');
    return element(
      'tr',
      {},
      element('td', {}, name),
      element('td', { class: `t-${status}` }, status),
      element('td', {}, ticks(verdicts, label)),
      element(
        'td',
        { class: 'n' },
        seconds === undefined ? '' : `${Math.round(seconds * 1_000)} ms`,
      ),
    );
  });
  fill(document.querySelector('#checks tbody'), ...rows);
}

function ticks(verdicts, label) {
  const bars = verdicts.map((verdict, i) => {
    const height = verdict === 'up' ? 8 : 14;
    const kind = verdict === 'degraded' ? 'v-degraded' : verdict;
    return element('rect', { x: i * 7.5, y: 14 - height, width: 6, height, class: kind });
  });
  return element('svg', { viewBox: '0 0 150 14', role: 'img', 'aria-label': label }, ...bars);
}

function drawEvents() {
  const rows = data.events.map(({ at, what, times }) =>
    element(
      'tr',
      {},
      element('td', {}, time(at)),
      element('td', {}, what),
      element('td', { class: 'n' }, String(times)),
    ),
  );
  fill(document.querySelector('#events tbody'), ...rows);
}

/** One server needs no table: the verdict tells of it. */
function drawServers() {
  const servers = data.cache?.servers ?? [];
  byId('servers').hidden = servers.length < 2;
  const rows = servers.map(({ name, state, reason, commandsInFlight, journalEntries }, i) =>
    element(
      'tr',
      {},
      element('td', {}, name ?? String(i + 1)),
      element('td', {}, reason === undefined ? state : `${state}: ${reason}`),
      element('td', { class: 'n' }, String(commandsInFlight)),
      element('td', { class: 'n' }, String(journalEntries)),
    ),
  );
  fill(document.querySelector('#servers tbody'), ...rows);
}

/** Shards, the near tier and the edge. Drawn again when they change, so that a reader keeps its place. */
function drawParts() {
  const parts = data.parts ?? [];
  const news = JSON.stringify(parts);
  const place = byId('parts');
  if (place.dataset.shown === news) return;
  place.dataset.shown = news;
  fill(place, ...parts.map(drawPart));
}

function drawPart({ title, columns, rows }, i) {
  const id = `h-part-${i}`;
  const cells = (kind, texts, attributes = {}) =>
    element('tr', {}, ...texts.map((each) => element(kind, attributes, each)));
  const table = element(
    'table',
    {},
    element('thead', {}, cells('th', columns, { scope: 'col' })),
    element('tbody', {}, ...rows.map((row) => cells('td', row))),
  );
  const scroll = { class: 'scroll', tabindex: '0', role: 'group', 'aria-labelledby': id };
  return element(
    'section',
    { 'aria-labelledby': id },
    element('h2', { id }, title),
    element('div', scroll, table),
  );
}

function showFreshness() {
  const silentMs = performance.now() - heardAt;
  const isSilent = silentMs > SILENT_AFTER_MS + (isPolling ? POLL_EVERY_MS : 0);
  document.body.classList.toggle('silent', isSilent);
  if (isSilent) {
    text('fresh', `no news for ${Math.round(silentMs / 1_000)} s: this process does not answer`);
  } else if (data !== undefined && byId('fresh').dataset.state !== 'live') {
    text('fresh', isPolling ? 'updated each 5 s' : 'live');
  }
  byId('fresh').dataset.state = isSilent ? 'silent' : 'live';
}

function listen() {
  const source = new EventSource('events');
  source.onmessage = ({ data: json }) => receive(json);
  source.onerror = () => {
    failures++;
    if (failures < 2 && source.readyState !== EventSource.CLOSED) return;
    source.close();
    isPolling = true;
    void poll();
  };
}

async function poll() {
  try {
    const answer = await fetch('snapshot', {
      cache: 'no-store',
      signal: AbortSignal.timeout(POLL_EVERY_MS),
    });
    if (answer.ok) receive(await answer.text());
  } catch {
    // The header says that there is no news.
  }
  setTimeout(poll, POLL_EVERY_MS);
}

setInterval(showFreshness, 500);
listen();
