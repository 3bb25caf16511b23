// The studio: what its parts do together.

import { ask, attempt, element, Refused } from './server.js';
import { buildForm, clear, hintIfEmpty, loadFile, settingsText, tell } from './form.js';
import { currentRuns, fileAddress, files, isOver, onChoice, onOpening, showAllRuns, showRuns } from './queue.js';
import { buildMake, showStage, stage, toSettings, useUpload } from './make.js';
import { compare } from './compare.js';
import { buildCurves } from './curves.js';
import { estimate } from './estimate.js';
import { buildGallery, refreshGallery, showLarge } from './gallery.js';
import { buildGrid, showGrids } from './grid.js';
import { buildUploads } from './uploads.js';

let previewed = null; // the number of the motion preview that is waited for

async function submit(kind) {
  if (hintIfEmpty()) return undefined;
  try {
    return await ask('POST', '/api/runs', { settings: settingsText(), kind });
  } catch (error) {
    if (!(error instanceof Refused) || error.problems.length === 0) throw error;
    tell(error.problems, []);
    element('problems').querySelector('button')?.focus();
    return undefined;
  }
}

async function showPreview() {
  const run = currentRuns().find((other) => other.id === previewed);
  if (!run) return;
  const video = element('preview-video');
  element('preview-state').textContent = run.state === 'failed' ? `${run.message}${run.advice ? ` – ${run.advice}` : ''}`
    : isOver(run) ? `run ${run.id}: ${run.title}` : `${run.done} moves so far`;
  if (run.state !== 'finished') return;
  previewed = null;
  const [file] = await files(run);
  if (!file) return;
  video.src = fileAddress(run, file.name);
  video.hidden = false;
}

function save() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([settingsText()], { type: 'application/yaml' }));
  link.download = 'settings.yaml';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Whatever shows runs.
function show(runs) {
  showRuns(runs);
  showStage();
  showGrids(currentRuns(), open);
  if (previewed !== null) attempt(showPreview);
}

// A run that is over in large, one that goes on the stage.
function open(id) {
  const run = currentRuns().find((other) => other.id === id);
  if (run && isOver(run) && run.base && run.kind === 'render') {
    attempt(() => showLarge(run));
    return;
  }
  stage(id);
  element('make').scrollIntoView();
}

let over = ''; // which runs were over when the gallery was shown

function showGallery(runs) {
  const now = runs.filter(isOver).map((run) => `${run.id} ${run.state} ${run.pictures}`).join();
  if (now === over) return;
  over = now;
  attempt(refreshGallery);
}

// Browsers open at most six connections to a server, so that a page that nobody sees must not keep one.
function connect() {
  if (document.hidden) {
    document.addEventListener('visibilitychange', connect, { once: true });
    return;
  }
  const source = new EventSource('/api/events');
  const leave = () => {
    if (!document.hidden || source.readyState === EventSource.CLOSED) return;
    document.removeEventListener('visibilitychange', leave);
    source.close();
    connect();
  };
  document.addEventListener('visibilitychange', leave);
  const chip = element('connection');
  const say = (state, text) => {
    chip.dataset.state = state;
    chip.textContent = text;
  };
  source.addEventListener('queue', (event) => {
    say('connected', 'connected');
    const { runs } = JSON.parse(event.data);
    show(runs);
    showGallery(runs);
  });
  source.addEventListener('progress', (event) => {
    const going = new Map(JSON.parse(event.data).runs.map((run) => [run.id, run]));
    show(currentRuns().map((run) => going.get(run.id) ?? run));
  });
  source.addEventListener('error', () => {
    const closed = source.readyState === EventSource.CLOSED;
    say('lost', closed ? 'not connected: open the address that reverie printed' : 'connection lost; trying again');
    if (!closed) return;
    document.removeEventListener('visibilitychange', leave);
    setTimeout(connect, 3000);
  });
}

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => submit('render'));
});
element('motion').addEventListener('click', () => attempt(async () => {
  const run = await submit('motion');
  if (!run) return;
  previewed = run.id;
  element('preview').hidden = false;
  element('preview-video').hidden = true;
  element('preview-state').textContent = 'waiting for its turn';
  await showPreview();
}));
element('load').addEventListener('click', () => element('file').click());
element('file').addEventListener('change', () => attempt(async () => {
  const [file] = element('file').files;
  element('file').value = '';
  if (file) await loadFile(file);
}));
element('save').addEventListener('click', save);
element('clear').addEventListener('click', clear);
onChoice(compare);
onOpening((id) => {
  stage(id);
  element('make').scrollIntoView();
});
element('estimate-start').addEventListener('click', () => attempt(estimate));
element('runs-all').addEventListener('click', showAllRuns);
element('all').addEventListener('toggle', () => {
  sessionStorage.setItem('all', String(element('all').open));
  if (element('all').open) toSettings();
});
// A link to what is closed opens it.
const openTarget = () => { if (location.hash === '#all') element('all').open = true; };
addEventListener('hashchange', openTarget);
element('all').open = sessionStorage.getItem('all') === 'true';
openTarget();
attempt(buildForm).then(buildGrid);
buildCurves();
buildMake();
// The next list of runs is compared with none: it may be as the last one was, when somebody has changed that back.
buildGallery(() => { over = ''; });
buildUploads(useUpload);
connect();
