// The six numbers. One has a colour only where something is wrong.
import { element, fill } from './dom.mjs';
import { recent } from './history.mjs';
import { mebibytes, number } from './words.mjs';

export function drawTiles(parent, data) {
  const { cache } = data;
  const past = recent(data);
  fill(
    parent,
    hitRate(past),
    stale(past),
    loads(cache),
    journal(cache),
    memory(cache),
    errors(past),
  );
}

function hitRate({ hitPercent }) {
  const kind = hitPercent === undefined || hitPercent >= 80 ? '' : hitPercent < 60 ? 'bad' : 'warn';
  return tile('Hit rate, 5 min', percent(hitPercent), ['target 80 %, alarm 60 %', kind]);
}

function stale({ stalePercent }) {
  return tile('Served stale', percent(stalePercent), [
    'expired values within their grace',
    stalePercent > 5 ? 'warn' : '',
  ]);
}

function loads({ loads: { inFlight, queued, limit, results } }) {
  const value = limit === null ? number(inFlight) : `${number(inFlight)} of ${number(limit)}`;
  const kind = queued > 0 ? 'warn' : '';
  return tile('Loads in flight', value, [
    `${number(queued)} wait, ${number(results.refused)} were refused with 503`,
    kind,
  ]);
}

function journal({ journal: { entries, max, overflows } }) {
  const more = overflows === 0 ? '' : `, ${overflows} times too small`;
  return tile('Journal', number(entries), [
    `of ${number(max)} writes that may wait${more}`,
    entries > max / 2 ? 'bad' : entries > 0 ? 'warn' : '',
  ]);
}

function memory({ memory }) {
  if (memory === null) return tile('Memory tier', 'off', ['there is no fallback', '']);
  const { entries, max, bytes, maxBytes } = memory;
  return tile('Memory tier', number(entries), [
    `of ${number(max)} entries; ${mebibytes(bytes)} of ${mebibytes(maxBytes)}`,
    '',
  ]);
}

function errors({ errorsPerMinute, attemptsPerMinute }) {
  const attempts = `and ${Math.round(attemptsPerMinute)} failed attempts a minute`;
  return tile('Redis errors', `${Math.round(errorsPerMinute)} / min`, [
    attempts,
    errorsPerMinute > 10 ? 'bad' : '',
  ]);
}

function tile(title, value, [note, kind]) {
  return element(
    'div',
    { class: `tile ${kind}` },
    element('h2', {}, title),
    element('b', {}, value),
    element('p', { class: 'dim' }, note),
  );
}

function percent(value) {
  return value === undefined ? '–' : `${Math.round(value)} %`;
}
