// The first part of the studio: words, a look, and the picture while it is made.

import { ask, attempt, count, element, make, Refused } from './server.js';
import { loadRun, prefill } from './form.js';
import { currentRuns, failed, fileAddress, files, framesIn, isNew, isOver, timeLeft } from './queue.js';
import { pick } from './uploads.js';

const HISTORY = 'words', MOST_REMEMBERED = 50;
const BETWEEN_PICTURES = 700; // milliseconds

// What a file can be for: the setting that names it, and words for it.
const USES = {
  init_image: { kinds: ['picture', 'video'], words: 'start from it', label: 'starts from', title: 'A picture to start from' },
  input_audio: { kinds: ['sound', 'video'], words: 'move with its sound', label: 'moves with', title: 'A sound to move with' },
  video_path: { kinds: ['video'], words: 'repaint it', label: 'repaints', title: 'A video to repaint' },
};

const attached = new Map(); // uploads by the setting that names them
let presets = [];
let shownRun = null; // the number of the run on the stage
let pinned = false; // chosen by the user, or made here
const NOTHING = { key: '', done: true };
const onStage = { ...NOTHING }; // what the stage shows, or is loading
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

const lacks = (preset) => preset?.needs.find((setting) => setting in USES && !attached.has(setting));

async function showLooks() {
  ({ presets } = await ask('GET', '/api/presets'));
  element('looks').replaceChildren(choice('', 'What suits the words'),
    // The first two are what "automatic" chooses from.
    ...presets.filter((preset) => preset.needs.every((setting) => setting in USES) && !['paint', 'whole'].includes(preset.name))
      .map((preset) => choice(preset.name, preset.about, preset.own)));
  element('looks').addEventListener('change', () => attempt(async () => {
    const preset = presets.find((one) => one.name === look());
    element('look-about').textContent = preset?.about ?? '';
    const setting = lacks(preset);
    if (setting) await attachTo(setting);
    if (lacks(preset)) choose('');
  }));
  const all = element('looks-all');
  const open = (on) => {
    element('looks').classList.toggle('open', on);
    all.setAttribute('aria-expanded', String(on));
    all.textContent = on ? 'Fewer looks' : `All ${presets.length - 1} looks`;
  };
  all.addEventListener('click', () => open(!element('looks').classList.contains('open')));
  // Somebody who goes through them by keyboard sees where that is.
  element('looks').addEventListener('focusin', () => open(true));
  open(false);
}

function choose(name) {
  const input = element(`look-${name || 'automatic'}`);
  if (input) input.checked = true;
  element('look-about').textContent = presets.find((preset) => preset.name === name)?.about ?? '';
}

// ---- Files ----

function showAttached() {
  element('attached').replaceChildren(...[...attached].map(([setting, upload]) => {
    const remove = make('button', { type: 'button', title: 'Leave it out' }, '×');
    remove.setAttribute('aria-label', `Leave out ${upload.title}`);
    remove.addEventListener('click', () => {
      attached.delete(setting);
      if (lacks(presets.find((preset) => preset.name === look()))) choose('');
      showAttached();
      element('attach').focus();
    });
    return make('li', { className: 'chip' }, `${USES[setting].label} ${upload.title} `, remove);
  }));
  element('attached').hidden = attached.size === 0;
}

function attach(setting, upload) {
  attached.set(setting, upload);
  // A look that does something with it, where the chosen one does not.
  const present = presets.find((preset) => preset.name === look());
  const fitting = presets.find((preset) => preset.needs.includes(setting));
  if (fitting && !present?.needs.includes(setting)) choose(fitting.name);
  showAttached();
}

async function attachTo(setting) {
  const upload = await pick(USES[setting].kinds, USES[setting].title);
  if (upload) attach(setting, upload);
}

// Asks what a file is for, where it can be for several things.
export async function useUpload(upload) {
  const settings = Object.keys(USES).filter((setting) => USES[setting].kinds.includes(upload.kind));
  if (settings.length === 1) return attach(settings[0], upload);
  element('ask-use-file').textContent = upload.title;
  element('ask-use-choices').replaceChildren(...settings.map((value) => make('button', { value }, USES[value].words)),
    make('button', { value: '' }, 'nothing yet'));
  const dialog = element('ask-use');
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => { dialog.addEventListener('close', resolve, { once: true }); });
  if (dialog.returnValue) attach(dialog.returnValue, upload);
  return undefined;
}

const plainValue = (path) => (/^[\w./-]+$/.test(path) ? path : JSON.stringify(path));
const overrides = () => [...(look() ? [`preset=${look()}`] : []),
  ...[...attached].map(([setting, upload]) => `${setting}=${plainValue(upload.path)}`)];

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
    const run = await ask('POST', '/api/paint', { words, overrides: overrides() });
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
  Object.assign(onStage, NOTHING);
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
  const frames = framesIn(list);
  return frames.length ? { image: fileAddress(run, frames[frames.length - 1].name) } : {};
}

async function showPicture(run) {
  const { image, video } = await source(run);
  if (run.id !== shownRun) return;
  const picture = element('stage-picture'), film = element('stage-video');
  const address = image ?? video ?? '';
  if (!isNew(onStage, address)) return;
  const save = element('stage-save');
  save.hidden = !isOver(run) || !address;
  save.href = address;
  save.download = decodeURIComponent(address.split('/').pop());
  if (video) {
    film.src = video;
  } else if (image) {
    // A picture that cannot be had (yet) leaves the one before.
    const next = new Image();
    next.src = image;
    try {
      await next.decode();
    } catch {
      failed(onStage);
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
  element('stage-use').hidden = !isOver(run) || run.kind !== 'render';
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
  prefill(words, look(), [...attached].map(([name, upload]) => ({ name, value: upload.path })));
}

export function buildMake() {
  suggest();
  element('make-form').addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(paint);
  });
  element('words').addEventListener('input', () => problem(''));
  element('attach').addEventListener('click', () => attempt(async () => {
    const upload = await pick(['picture', 'video', 'sound'], 'A picture, a sound or a video');
    if (upload) await useUpload(upload);
  }));
  element('stage-use').addEventListener('click', () => attempt(async () => {
    await loadRun(shownRun);
    element('all').open = true;
    element('all').scrollIntoView();
  }));
  element('stage-video').addEventListener('error', () => failed(onStage));
  element('stage-cancel').addEventListener('click', () => attempt(() => ask('POST', `/api/runs/${shownRun}/cancel`)));
  return attempt(showLooks);
}
