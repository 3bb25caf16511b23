// The first part of the studio: words, a look, and the picture while it is made.

import { ask, attempt, count, element, make, Refused } from './server.js';
import { prefill } from './form.js';
import { currentRuns, fileAddress, files, isOver, timeLeft } from './queue.js';

const HISTORY = 'words', MOST_REMEMBERED = 50;
const BETWEEN_PICTURES = 700; // milliseconds

let shownRun = null; // the number of the run on the stage
let pinned = false; // chosen by the user, or made here
let last = ''; // what the stage shows, or is loading
let loading = false, waiting = null, again = false;

const remembered = () => {
  try {
    return JSON.parse(localStorage.getItem(HISTORY) ?? '[]').filter((text) => typeof text === 'string');
  } catch {
    return [];
  }
};

function remember(text) {
  const list = [text, ...remembered().filter((other) => other !== text)].slice(0, MOST_REMEMBERED);
  localStorage.setItem(HISTORY, JSON.stringify(list));
  suggest();
}

const suggest = () => element('history').replaceChildren(...remembered().map((value) => make('option', { value })));

const look = () => document.querySelector('input[name="look"]:checked')?.value ?? '';

function choice(name, about, own = false) {
  const id = `look-${name || 'automatic'}`;
  const input = make('input', { type: 'radio', name: 'look', id, value: name, checked: !name });
  return make('label', { className: 'look', for: id, title: about }, input,
    make('span', {}, name ? name.replaceAll('_', ' ') : 'automatic', own ? ' (yours)' : ''));
}

async function showLooks() {
  const { presets } = await ask('GET', '/api/presets');
  element('looks').replaceChildren(choice('', 'What suits the words'),
    // The first two are what "automatic" chooses from.
    ...presets.filter((preset) => !preset.needs_file && !['paint', 'whole'].includes(preset.name))
      .map((preset) => choice(preset.name, preset.about, preset.own)));
  element('looks').addEventListener('change', () => {
    element('look-about').textContent = presets.find((preset) => preset.name === look())?.about ?? '';
  });
}

function problem(text) {
  element('make-problem').textContent = text;
  element('make-problem').hidden = !text;
  element('words').setAttribute('aria-invalid', String(Boolean(text)));
}

async function paint() {
  const words = element('words').value.trim();
  if (!words) {
    problem('Write what the picture is to show, for example: a castle on a hill');
    element('words').focus();
    return;
  }
  problem('');
  element('make-start').disabled = true;
  element('stage-caption').textContent = 'choosing settings…';
  try {
    const run = await ask('POST', '/api/paint', { words, overrides: look() ? [`preset=${look()}`] : [] });
    remember(words);
    stage(run.id);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    problem(error.problems.length ? error.problems.map((one) => one.message).join('\n') : error.message);
    element('stage-caption').textContent = '';
  } finally {
    element('make-start').disabled = false;
  }
}

// Shows one run from now on.
export function stage(id) {
  shownRun = id;
  pinned = true;
  last = '';
  showStage();
}

const newest = (runs) => runs.find((run) => run.state === 'running' && run.kind === 'render')
  ?? runs.filter((run) => run.kind === 'render' && run.pictures > 0).sort((a, b) => b.id - a.id)[0];

function caption(run) {
  const state = run.state === 'queued' ? (run.paused ? 'on hold' : 'waiting for its turn')
    : run.state === 'running' ? `${run.done} of ${count(run.steps, 'step')}${timeLeft(run)}`
      : run.state === 'failed' ? `failed: ${run.message}${run.advice ? ` – ${run.advice}` : ''}` : run.state;
  return `${run.title} · ${state}`;
}

// The picture during the run; afterwards its video, or its last picture.
async function source(run) {
  if (run.state === 'running') return run.pictures || run.done ? { image: `/api/runs/${run.id}/picture?step=${run.done}` } : {};
  if (!isOver(run) || !run.base) return {};
  const list = await files(run);
  const film = list.find((file) => file.type.startsWith('video/'));
  if (film && run.state === 'finished') return { video: fileAddress(run, film.name) };
  const frames = list.filter((file) => file.frame && file.type.startsWith('image/'));
  return frames.length ? { image: fileAddress(run, frames[frames.length - 1].name) } : {};
}

async function showPicture(run) {
  const { image, video } = await source(run);
  if (run.id !== shownRun) return;
  const picture = element('stage-picture'), film = element('stage-video');
  const address = image ?? video ?? '';
  if (address === last) return;
  last = address;
  if (video) {
    film.src = video;
  } else if (image) {
    // A picture that cannot be had (yet) leaves the one before.
    const next = new Image();
    next.src = image;
    try {
      await next.decode();
    } catch {
      return;
    }
    if (run.id !== shownRun) return;
    picture.src = image;
    picture.alt = `The picture of run ${run.id}, ${run.title}`;
    picture.classList.toggle('coarse', next.naturalWidth < 400);
  }
  film.hidden = !video;
  picture.hidden = !image;
  element('stage-empty').hidden = Boolean(address);
}

export function showStage() {
  const runs = currentRuns();
  if (!pinned || !runs.some((run) => run.id === shownRun)) {
    const run = newest(runs);
    if (!pinned && run) shownRun = run.id;
  }
  const run = runs.find((other) => other.id === shownRun);
  if (!run) return;
  element('stage-caption').textContent = caption(run);
  const progress = element('stage-progress');
  progress.hidden = run.state !== 'running';
  progress.max = Math.max(1, run.steps);
  progress.value = run.done;
  element('stage-cancel').hidden = isOver(run) || run.cancelling;
  const watch = element('stage-watch');
  watch.hidden = run.kind !== 'render' || !run.begun || run.state === 'queued';
  watch.href = `/runs/${run.id}`;
  again = loading || waiting !== null;
  if (again) return;
  loading = true;
  showPicture(run).catch(() => {}).finally(() => {
    loading = false;
    // News that came meanwhile would be missed.
    waiting = setTimeout(() => {
      waiting = null;
      if (again) showStage();
    }, BETWEEN_PICTURES);
  });
}

// What is written here becomes the beginning of the settings.
export function toSettings() {
  const words = element('words').value.trim();
  prefill(words, look());
}

export function buildMake() {
  suggest();
  element('make-form').addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(paint);
  });
  element('words').addEventListener('input', () => problem(''));
  element('stage-cancel').addEventListener('click', () => attempt(() => ask('POST', `/api/runs/${shownRun}/cancel`)));
  return attempt(showLooks);
}
