// The charts. Each is an image with a text that says the same.
import { element, fill } from './dom.mjs';
import { pointsOf, ratesOf } from './history.mjs';
import { time } from './words.mjs';

const SPAN_MS = 1_800_000;
const [WIDTH, HEIGHT] = [600, 150];
const LAYERS = [
  ['near', 'near tier'],
  ['redis', 'Redis'],
  ['memory', 'memory'],
  ['stale', 'stale'],
  ['none', 'database'],
];

export function drawTimeline(section, { modes, at }) {
  const begin = at - SPAN_MS;
  const x = (ms) => (1_200 * (Math.max(ms, begin) - begin)) / SPAN_MS;
  const bars = modes.map(({ at: from, mode }, i) => {
    const until = modes[i + 1]?.at ?? at;
    // Anything else than normal is tall, and so seen without colour. A short one is still a line.
    const y = mode === 'normal' ? 22 : 0;
    const width = until < begin ? 0 : Math.max(mode === 'normal' ? 0 : 2, x(until) - x(from));
    const kind = mode === 'degraded' ? 'm-degraded' : mode;
    return element('rect', { x: x(from), y, width, height: 36 - y, class: kind });
  });
  const said = modes.slice(-10).map(({ at: from, mode }) => `${mode} from ${time(from)}`);
  draw(section, { viewBox: '0 0 1200 36', label: said.join(', ') }, bars);
  const ticks = Array.from({ length: 7 }, (_, i) => begin + (i * SPAN_MS) / 6);
  fill(
    section.querySelector('.axis'),
    ...ticks.map((ms) => element('span', {}, time(ms).slice(0, 5))),
  );
}

export function drawAnswers(section, data) {
  const rates = ratesOf(pointsOf(data));
  const total = (rate) => LAYERS.reduce((sum, [name]) => sum + rate[name], 0);
  const top = Math.max(1, ...rates.map(total));
  const x = xOf(data.at);
  const below = rates.map(() => 0);
  const paths = LAYERS.map(([name]) => {
    const floor = rates.map(({ at }, i) => `${x(at)},${yOf(below[i], top)}`).reverse();
    rates.forEach((rate, i) => {
      below[i] += rate[name];
    });
    const ceiling = rates.map(({ at }, i) => `${x(at)},${yOf(below[i], top)}`);
    return element('path', {
      class: name,
      d: rates.length === 0 ? '' : `M${[...ceiling, ...floor].join('L')}Z`,
    });
  });
  const last = rates.at(-1);
  const isThere = ([name]) => name !== 'near' || (data.now?.lookups.near?.hit ?? 0) > 0;
  const legend = LAYERS.filter(isThere).map(([name, label]) => [
    name,
    `${label} ${last === undefined ? 0 : Math.round(last[name])}`,
  ]);
  draw(
    section,
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, label: legend.map(([, label]) => label).join(', ') },
    paths,
  );
  drawLegend(section, legend);
}

export function drawLoads(section, data) {
  const points = pointsOf(data);
  const limits = points.filter(({ limit }) => limit !== null);
  const top =
    Math.max(1, ...points.map(({ loads }) => loads), ...limits.map(({ limit }) => limit)) * 1.05;
  const x = xOf(data.at);
  const at = (point, value) => `${x(point.at)},${yOf(value, top)}`;
  const line = points.map((point) => at(point, point.loads));
  const shapes = [
    element('path', { class: 'line', d: line.length === 0 ? '' : `M${line.join('L')}` }),
  ];
  // An unlimited limit is not drawn.
  let isDrawing = false;
  const path = points.map((point) => {
    const command = isDrawing ? 'L' : 'M';
    isDrawing = point.limit !== null;
    return isDrawing ? `${command}${at(point, point.limit)}` : '';
  });
  shapes.push(element('path', { class: 'limit', d: path.join('') }));
  const { inFlight, limit } = data.cache.loads;
  const legend = [
    ['none', `in flight, now ${inFlight}`],
    ...(limit === null ? [] : [['down', `limit ${limit}`]]),
  ];
  draw(
    section,
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, label: legend.map(([, label]) => label).join(', ') },
    shapes,
  );
  drawLegend(section, legend);
}

function draw(section, { viewBox, label }, shapes) {
  const chart = { viewBox, preserveAspectRatio: 'none', role: 'img', 'aria-label': label };
  fill(section.querySelector('.chart'), element('svg', chart, ...shapes));
}

function drawLegend(section, entries) {
  const items = entries.map(([kind, label]) => {
    const mark = element('rect', { width: 10, height: 10, class: kind });
    return element(
      'li',
      {},
      element('svg', { viewBox: '0 0 10 10', 'aria-hidden': 'true' }, mark),
      label,
    );
  });
  fill(section.querySelector('.legend'), ...items);
}

function xOf(now) {
  return (at) => (WIDTH * Math.max(0, at - now + SPAN_MS)) / SPAN_MS;
}

function yOf(value, top) {
  return HEIGHT - (HEIGHT * value) / top;
}
