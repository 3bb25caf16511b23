// The list of runs, as the server sends it.

import { ask, attempt, count, element, make } from './server.js';
import { loadRun } from './form.js';

const rows = new Map(); // by the run's number
const filesOf = new Map(); // of runs that are over, once they were asked for
const seen = new Map(); // when each was seen first while it ran, and how far it was
const ENDED_AT_FIRST = 6; // of those that are over
const TRIES = 3; // to show a picture: it may be gone for good
let runs = [], allShown = false;
let chosen = new Set(), whenChosen = () => {}, whenOpened = () => {};

export const onChoice = (call) => { whenChosen = call; };
export const onOpening = (call) => { whenOpened = call; };
export const currentRuns = () => runs;
export const isOver = (run) => !['queued', 'running'].includes(run.state);

export async function files(run) {
  if (filesOf.has(run.id)) return filesOf.get(run.id);
  const list = (await ask('GET', `/api/runs/${run.id}/files`)).files;
  if (isOver(run)) filesOf.set(run.id, list);
  return list;
}
/** Of a run's files, the pictures of its frames. */
export const framesIn = (list) => list.filter((file) => file.frame && file.type.startsWith('image/'));
export const fileAddress = (run, name) => `/api/runs/${run.id}/files/${encodeURIComponent(name)}`;

const words = (run) => (run.cancelling ? 'ending' : run.state === 'running' && run.paused ? 'paused'
  : run.state === 'queued' ? (run.paused ? 'on hold' : 'waiting') : run.state);

const time = (milliseconds) => new Date(milliseconds).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

// For how long a run will go on, by its speed since this page first saw it: ', 1:20 left'; empty if unknown.
export function timeLeft(run) {
  if (run.state !== 'running' || run.paused) {
    seen.delete(run.id);
    return '';
  }
  if (!seen.has(run.id)) seen.set(run.id, { done: run.done, at: Date.now() });
  const first = seen.get(run.id), done = run.done - first.done;
  if (done < 3) return '';
  const seconds = Math.round((Date.now() - first.at) / 1000 * (run.steps - run.done) / done);
  return `, ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
}

function facts(run) {
  const parts = [`run ${run.id}`, ...run.cell.map((one) => `${one.setting} ${one.value}`)];
  if (run.kind === 'motion') parts.push('motion preview');
  if (run.state === 'running' || run.done > 0) parts.push(`${run.done} of ${count(run.steps, run.kind === 'motion' ? 'move' : 'step')}${timeLeft(run)}`);
  if (run.pictures) parts.push(count(run.pictures, 'picture'));
  if (run.worker) parts.push(`on ${run.worker.replace(/^https?:\/\//, '')}`);
  if (run.from) parts.push(`for ${run.from}`);
  parts.push(run.ended ? `ended ${time(run.ended)}` : run.begun ? `begun ${time(run.begun)}` : `submitted ${time(run.submitted)}`);
  return parts.join(' · ');
}

const act = (run, what) => () => attempt(() => ask('POST', `/api/runs/${run().id}/${what}`));

function move(run, by) {
  const waiting = runs.filter((other) => other.state === 'queued');
  const at = waiting.findIndex((other) => other.id === run.id);
  const before = by < 0 ? waiting[at - 1] : waiting[at + 2];
  if (by < 0 && !before) return undefined;
  return attempt(() => ask('POST', `/api/runs/${run.id}/move`, { before: before ? before.id : null }));
}

function makeRow(id) {
  const run = () => runs.find((other) => other.id === id);
  const button = (text, label, act) => {
    const made = make('button', { type: 'button' }, text);
    made.setAttribute('aria-label', `${label} run ${id}`);
    made.addEventListener('click', act);
    return made;
  };
  const row = {
    picture: {},
    thumb: make('img', { alt: '', hidden: true }),
    open: make('button', { type: 'button', className: 'thumb', title: 'Show it large' }),
    title: make('p', { className: 'title' }),
    state: make('span', { className: 'chip' }),
    facts: make('span', { className: 'quiet' }),
    progress: make('progress', { max: 1, value: 0 }),
    message: make('p', { className: 'message', hidden: true }),
    notices: make('p', { className: 'quiet', hidden: true }),
    watch: make('a', { href: `/runs/${id}`, target: '_blank' }, 'Watch'),
    pause: button('Pause', 'Pause', () => act(run, 'pause')()),
    resume: button('Resume', 'Resume', () => act(run, 'resume')()),
    up: button('↑', 'Move up', () => move(run(), -1)),
    down: button('↓', 'Move down', () => move(run(), 1)),
    cancel: button('Cancel', 'Cancel', () => act(run, 'cancel')()),
    use: button('Use settings', 'Use the settings of', () => attempt(async () => {
      await loadRun(id);
      element('all').open = true;
      element('all').scrollIntoView();
    })),
    remove: button('Remove', 'Remove from the list', () => attempt(() => ask('DELETE', `/api/runs/${id}`))),
    compare: make('input', { type: 'checkbox' }),
    zip: make('a', { href: `/api/runs/${id}/files.zip`, download: '' }, 'All as zip'),
    files: make('details', { className: 'files' }, make('summary', {}, 'Files'), make('ul')),
  };
  row.zip.setAttribute('aria-label', `All files of run ${id} as a zip`);
  row.watch.setAttribute('aria-label', `Watch run ${id}`);
  row.progress.setAttribute('aria-label', `Steps of run ${id}`);
  row.compare.setAttribute('aria-label', `Compare run ${id}`);
  row.compare.addEventListener('change', () => {
    row.compare.checked ? chosen.add(id) : chosen.delete(id);
    choose();
  });
  row.files.addEventListener('toggle', () => row.files.open && attempt(() => listFiles(run(), row)));
  row.item = make('li', { className: 'run' }, row.open,
    make('div', { className: 'about' }, row.title,
      make('div', { className: 'facts' }, row.state, row.facts, make('label', { className: 'quiet' }, row.compare, ' compare')),
      row.progress, row.message, row.notices,
      make('div', { className: 'buttons' }, row.watch, row.pause, row.resume, row.up, row.down, row.cancel, row.use, row.zip, row.remove),
      row.files));
  row.open.append(row.thumb);
  row.open.setAttribute('aria-label', `Show run ${id} large`);
  row.open.addEventListener('click', () => whenOpened(id));
  row.item.dataset.run = id;
  row.thumb.addEventListener('error', () => {
    row.thumb.hidden = true;
    failed(row.picture);
  });
  return row;
}

// As long as the list is open, it follows the run. What is shown already stays, so that a link in use keeps the focus.
async function listFiles(run, row) {
  row.listed = `${run.state} ${run.done} ${run.pictures}`;
  const list = await files(run);
  const shown = JSON.stringify(list);
  if (row.shownFiles === shown) return;
  row.shownFiles = shown;
  row.files.lastChild.replaceChildren(...list.map((file) =>
    make('li', {}, make('a', { href: fileAddress(run, file.name), download: file.name }, file.name), ` ${Math.ceil(file.bytes / 1024)} kB`)));
}

// Of a place that shows one picture after the other: whether this one is still to be shown there. One that could not be
// had is tried again with the next news, but not for ever.
export function isNew(holder, key) {
  if (holder.key !== key) Object.assign(holder, { key, done: false, tries: 0 });
  if (holder.done || holder.tries >= TRIES) return false;
  holder.done = true;
  ++holder.tries;
  return true;
}
export const failed = (holder) => { holder.done = false; };

// The newest picture: the live one while it goes, the last frame when it is over.
async function showThumb(run, row) {
  if (run.kind === 'motion' || !run.base || !isNew(row.picture, `${run.state} ${run.pictures} ${run.base}`)) return;
  if (run.state === 'running' && run.pictures === 0) return;
  try {
    const frames = framesIn(await files(run));
    if (frames.length === 0) return;
    row.thumb.src = `${fileAddress(run, frames[frames.length - 1].name)}?${run.pictures}`;
    row.thumb.hidden = false;
  } catch {
    failed(row.picture);
  }
}

function update(run, row) {
  const over = isOver(run), waits = run.state === 'queued';
  row.title.textContent = run.title;
  row.state.textContent = words(run);
  row.state.dataset.state = run.state;
  row.facts.textContent = facts(run);
  row.progress.hidden = run.state !== 'running';
  row.progress.max = Math.max(1, run.steps);
  row.progress.value = run.done;
  row.message.hidden = !run.message;
  row.message.textContent = run.message + (run.advice ? ` – ${run.advice}` : '');
  row.notices.hidden = run.notices.length === 0;
  row.notices.textContent = run.notices.join('; ');
  row.watch.hidden = run.kind === 'motion' || run.begun === 0 || waits;
  row.pause.hidden = over || run.paused || run.cancelling;
  row.resume.hidden = !(run.paused || run.state === 'cancelled' || run.state === 'failed');
  row.up.hidden = row.down.hidden = !waits;
  row.cancel.hidden = over;
  row.cancel.disabled = run.cancelling;
  row.remove.hidden = run.state === 'running';
  row.files.hidden = !run.base;
  row.zip.hidden = !run.base || !over;
  if (row.files.open && row.listed !== `${run.state} ${run.done} ${run.pictures}`) listFiles(run, row).catch(() => {});
  row.compare.parentElement.hidden = run.kind === 'motion' || !run.base;
  showThumb(run, row);
}

function choose() {
  chosen = new Set([...chosen].filter((id) => runs.some((run) => run.id === id)));
  whenChosen(runs.filter((run) => chosen.has(run.id)));
}

export function showAllRuns() {
  allShown = !allShown;
  showRuns(runs);
}

export function showRuns(list) {
  const before = runs;
  runs = list;
  for (const run of runs) {
    const old = before.find((other) => other.id === run.id);
    if (old && old.state !== run.state) filesOf.delete(run.id);
    if (!rows.has(run.id)) rows.set(run.id, makeRow(run.id));
    update(run, rows.get(run.id));
  }
  for (const [id, row] of rows)
    if (!runs.some((run) => run.id === id)) {
      row.item.remove();
      rows.delete(id);
      filesOf.delete(id);
    }
  // Moved only where they have to, so that the button in use keeps the focus.
  const parent = element('runs');
  runs.forEach((run, index) => {
    const item = rows.get(run.id).item;
    if (parent.children[index] !== item) {
      const focused = item.contains(document.activeElement) ? document.activeElement : null;
      parent.insertBefore(item, parent.children[index] ?? null);
      focused?.focus();
    }
  });
  const ended = runs.filter(isOver);
  ended.forEach((run, index) => { rows.get(run.id).item.hidden = !allShown && index >= ENDED_AT_FIRST; });
  element('runs-all').hidden = ended.length <= ENDED_AT_FIRST;
  element('runs-all').textContent = allShown ? 'Show fewer' : `Show ${ended.length - ENDED_AT_FIRST} earlier runs`;
  element('no-runs').hidden = runs.length > 0;
  const waiting = runs.filter((run) => run.state === 'queued').length;
  const going = runs.filter((run) => run.state === 'running').length;
  element('queue-state').textContent = runs.length ? `${going} running, ${waiting} waiting` : '';
  if (before.some((run) => chosen.has(run.id))) choose();
}
