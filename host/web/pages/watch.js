// Shows one run: asks the server for its state and for news, and sends what the buttons say.

import { Changes } from './change.js';
import { Graph, short } from './graph.js';

const element = (id) => document.getElementById(id);
// A server of many runs shows each at /runs/ID.
const place = location.pathname.match(/^\/runs\/([^/]+)$/);
const api = place ? `/api/runs/${place[1]}/` : '/api/run/';

const RETRY = 1000; // milliseconds between tries to reach a run

let run = null; // the state from the server, with all updates applied
let source = null;
let keptShown = '';

const graphs = [
  new Graph(element('distances'), 'Distance to the prompts', (series) => series.kind === 'prompt'),
  new Graph(element('losses'), 'Losses', (series) => series.kind !== 'prompt'),
];

const changes = new Changes(element('change-card'), element('changes'), async (settings) => {
  const say = (text) => { element('change-answer').textContent = text; };
  try {
    say('…');
    const answer = await fetch(api.slice(0, -1), {
      method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(settings) });
    const json = await answer.json();
    const problems = (json.problems || []).map((problem) => problem.message).join('\n') || json.error;
    say(!answer.ok ? problems : json.step === null ? 'Taken; it is checked when the present step is done.'
      : `From step ${json.step + 1} on: ${Object.keys(settings).join(', ')}`);
  } catch {
    say('The run cannot be reached.');
  }
});

// ---- The picture: the live one, or a saved frame ----

const view = {
  live: true,
  frame: null,
  shown: '', // address of what is shown or being loaded
  loading: false,

  address() {
    // The identity, because the browser keeps frames, and other runs come to this address.
    if (!this.live && this.frame !== null) return `${api}frames/${this.frame}?of=${run.id.slice(0, 8)}`;
    return run.picture ? `${api}picture?step=${run.picture.step}` : '';
  },

  /** Loads what ought to be shown, one picture at a time: a slow connection gets fewer, not later ones. */
  async refresh() {
    if (this.loading || !run) return;
    const picture = element('picture');
    while (this.address() && this.address() !== this.shown) {
      this.loading = true;
      this.shown = this.address();
      const caption = this.live ? `after step ${run.picture.step}` : `frame ${this.frame}`;
      const [, error] = await loaded(picture, this.shown);
      this.loading = false;
      if (error) {
        if (!this.live) element('caption').textContent = `frame ${this.frame} cannot be shown`;
        continue;
      }
      picture.hidden = false;
      element('caption').textContent = `${picture.naturalWidth} × ${picture.naturalHeight}, ${caption}`;
      picture.alt = this.live ? `The picture ${caption}` : `Saved ${caption}`;
      resize();
    }
  },
};

/** Resolves once the image shows `address`, or cannot: [image, error]. */
function loaded(image, address) {
  return new Promise((resolve) => {
    image.onload = () => resolve([image, null]);
    image.onerror = (error) => resolve([image, error]);
    image.src = address;
  });
}

function resize() {
  const picture = element('picture'), scale = run.settings.display_scale || 1;
  const fit = element('fit').checked;
  picture.classList.toggle('fit', fit);
  picture.width = Math.round(picture.naturalWidth * (fit ? 1 : scale));
  picture.classList.toggle('coarse', picture.clientWidth >= 3 * picture.naturalWidth);
}

function goLive() {
  stopPlaying();
  view.live = true;
  view.frame = null;
  showScrubber();
  view.refresh();
}

function goTo(frame) {
  if (!run || !run.frames) return;
  view.live = false;
  view.frame = Math.max(run.frames.first, Math.min(run.frames.last, frame));
  showScrubber();
  view.refresh();
}

let playing = null;

function stopPlaying() {
  clearInterval(playing);
  playing = null;
  element('play').setAttribute('aria-pressed', 'false');
}

function play() {
  if (playing) return stopPlaying();
  if (!run || !run.frames) return;
  if (view.live || view.frame >= run.frames.last) goTo(run.frames.first);
  element('play').setAttribute('aria-pressed', 'true');
  playing = setInterval(() => {
    if (view.loading) return;
    if (view.frame >= run.frames.last) stopPlaying();
    else goTo(view.frame + 1);
  }, 1000 / (run.settings.frames_per_second || 12));
}

function showScrubber() {
  const frames = run.frames;
  element('scrubber').hidden = !frames;
  element('live').setAttribute('aria-pressed', String(view.live));
  if (!frames) return;
  const slider = element('frame');
  slider.min = frames.first;
  slider.max = frames.last;
  slider.value = view.live ? frames.last : view.frame;
  element('frame-number').textContent = view.live ? `of ${frames.last}` : `${view.frame} of ${frames.last}`;
}

// ---- Everything else ----

function time(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const whole = Math.round(seconds), two = (number) => String(number).padStart(2, '0');
  return whole < 3600 ? `${Math.floor(whole / 60)}:${two(whole % 60)}`
    : `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function bytes(count) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; count >= 1024 && unit + 1 < units.length; unit += 1) count /= 1024;
  return `${unit ? count.toFixed(count < 10 ? 2 : count < 100 ? 1 : 0) : count} ${units[unit]}`;
}

function cell(content, kind = 'td', name = '') {
  const made = document.createElement(kind);
  if (kind === 'th') made.scope = 'row';
  made.className = name;
  made.append(content);
  return made;
}

/** A number with a bar behind it. */
function measured(value, most, text) {
  const meter = document.createElement('meter');
  meter.max = most || 1;
  meter.value = value;
  meter.setAttribute('aria-hidden', 'true');
  const made = cell(text, 'td', 'number');
  made.append(meter);
  return made;
}

function fill(table, rows) {
  const made = rows.map((cells) => {
    const row = document.createElement('tr');
    row.append(...cells);
    return row;
  });
  table.querySelector('tbody').replaceChildren(...made);
}

const over = () => run && !['running', 'paused'].includes(run.state);

function show() {
  element('run').textContent = run.run;
  const words = { running: run.stopping ? 'stopping' : 'running', paused: run.stopping ? 'stopping' : 'paused' };
  const state = words[run.state] || run.state;
  if (element('state').textContent !== state) element('state').textContent = state;
  element('state').dataset.state = run.state;
  const share = run.steps ? run.step / run.steps : 0;
  document.title = `${over() ? run.state : `${Math.floor(100 * share)} %`} · ${run.run} · Reverie`;

  element('progress').max = run.steps || 1;
  element('progress').value = run.step;
  element('step').textContent = `${run.step} / ${run.steps}`;
  element('speed').textContent = run.steps_per_second ? short(run.steps_per_second) : '–';
  element('left').textContent = over() ? '–' : time(run.seconds_left);
  element('elapsed').textContent = time(run.seconds);
  element('scene').textContent = `${run.scene + 1} of ${run.scenes.length}`;
  element('scene-text').textContent = run.scenes.length ? `Scene ${run.scene + 1}: ${run.scenes[run.scene]}` : '';

  const prompts = run.losses.filter((loss) => loss.kind === 'prompt');
  element('prompts').hidden = !prompts.length;
  fill(element('prompts'), prompts.map((prompt) => [
    cell(prompt.name, 'th'), cell(short(prompt.value), 'td', 'number'),
    measured(prompt.share, 1, `${Math.round(100 * prompt.share)} %`)]));

  for (const graph of graphs) graph.update(run.columns, run.series);

  element('memory-card').hidden = !run.memory.length;
  const most = Math.max(...run.memory.map((part) => part.most));
  const now = run.memory.reduce((sum, part) => sum + part.bytes, 0);
  fill(element('memory'), run.memory.map((part) => [
    cell(part.component, 'th'), cell(bytes(part.bytes), 'td', 'number'),
    measured(part.most, most, bytes(part.most))]).concat([[cell('all', 'th'), cell(bytes(now), 'td', 'number'), cell('')]]));

  changes.update(run.changeable || [], !over() && !run.stopping);

  element('palette-card').hidden = !run.palette;
  if (run.palette) {
    const address = `${api}palette?step=${run.palette.step}`;
    if (element('palette').getAttribute('src') !== address) element('palette').src = address;
  }
  element('kept').hidden = !run.kept.length;
  if (keptShown !== run.kept.join('\n')) showKept();

  element('pause').textContent = run.state === 'paused' ? 'Resume' : 'Pause';
  for (const id of ['pause', 'keep', 'stop']) element(id).disabled = over() || run.stopping;
  showScrubber();
  view.refresh();
}

/** Links, which stay what they are while nothing is kept, so that they can be used. */
function showKept() {
  keptShown = run.kept.join('\n');
  element('kept').replaceChildren(run.kept.length === 1 ? 'Kept: ' : `Kept ${run.kept.length}: `,
    ...run.kept.slice(-5).flatMap((name, index, names) => {
      const link = document.createElement('a');
      link.href = `${api}kept/${run.kept.length - names.length + index + 1}`;
      link.target = '_blank';
      link.rel = 'noopener';
      link.textContent = name;
      return index ? [', ', link] : [link];
    }));
}

function showSettings() {
  const wanted = element('filter').value.trim().toLowerCase();
  const rows = Object.entries(run.settings)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
    .filter(([name, value]) => `${name} ${value}`.toLowerCase().includes(wanted));
  fill(element('settings'), rows.map(([name, value]) => [cell(name, 'th'), cell(value)]));
}

// ---- The server ----

function trouble(text) {
  element('trouble').textContent = text;
  element('trouble').hidden = !text;
}

function notice(text) {
  element('news').textContent = text;
  element('news').hidden = !text;
}

/** Works a whole state, or news, into `run`. */
function apply(update) {
  const another = !run || run.id !== update.id;
  const columns = update.whole ? [] : run.columns;
  columns.length = update.history.from;
  columns.push(...update.history.columns);
  run = { ...(update.whole ? {} : run), ...update, columns, series: update.history.series || run.series };
  if (another) {
    for (const graph of graphs) graph.clear();
    element('fit').checked = (run.settings.display_scale || 1) === 1;
    view.live = true;
    view.shown = '';
    notice('');
    showSettings();
  }
  show();
}

/** Where else the run is, if two servers have it: it cannot be changed then. */
function elsewhere(record) {
  if (over() || !(record.worker || record.from)) return '';
  return record.worker ? `The server ${record.worker} renders this run. It cannot be changed while it goes.`
    : `This is ${record.from}. It cannot be changed while it goes.`;
}

/** What only a server knows of its run: where else it is, the warnings, and what to do when it failed. */
async function showRecord() {
  if (!place) return null;
  try {
    const answer = await fetch(`/api/runs/${place[1]}`);
    if (!answer.ok) return null;
    const record = await answer.json();
    element('elsewhere').textContent = elsewhere(record);
    element('elsewhere').hidden = !elsewhere(record);
    element('warnings').replaceChildren(...record.notices.map((text) => {
      const line = document.createElement('li');
      line.textContent = text;
      return line;
    }));
    element('warnings').hidden = record.notices.length === 0;
    return record;
  } catch {
    return null; // the connection's own message says enough
  }
}

/** The end: everything to see is loaded before the server, which waits for that, may go. */
async function end() {
  goLive();
  const idle = () => !view.loading && view.shown === view.address() &&
    (element('palette-card').hidden || element('palette').complete);
  while (!idle()) await new Promise((resolve) => { setTimeout(resolve, 20); });
  source.close();
  const record = await showRecord();
  if (run.state === 'failed') trouble(`The run failed: ${run.message}${record?.advice ? ` – ${record.advice}` : ''}`);
  else notice(run.state === 'finished' ? `The run is finished. Its files are in ${run.folder}/.`
    : `The run was stopped. Its files are in ${run.folder}/${place ? '.' : '; the same command with --restore goes on from there.'}`);
  if (place) return;
  // Nothing can be asked for any more. The next run of the same command comes at the same address.
  run.frames = null;
  run.kept = [];
  show();
  setTimeout(reconnect, RETRY);
}

function connect() {
  // Browsers open at most six connections to a server: a page of one of its runs that nobody sees keeps none. The page
  // of a run that has its own server must see its end.
  if (place && document.hidden) {
    document.addEventListener('visibilitychange', connect, { once: true });
    return;
  }
  showRecord();
  source = new EventSource(`${api}events`);
  const listen = (event) => {
    if (!over() || event.type === 'state') trouble('');
    apply(JSON.parse(event.data));
    if (over()) end(); // nothing comes behind it
  };
  source.addEventListener('state', listen);
  source.addEventListener('news', listen);
  source.onerror = () => {
    source.close();
    if (over()) return;
    trouble('The connection to the run is lost; trying again …');
    for (const id of ['pause', 'keep', 'stop']) element(id).disabled = true;
    setTimeout(reconnect, RETRY);
  };
}

function leave() {
  if (!place || !document.hidden || !source || source.readyState === EventSource.CLOSED) return;
  source.close();
  connect();
}

async function reconnect() {
  try {
    const answer = await fetch(`${api}state`);
    if (answer.status === 401)
      return trouble('This page may not watch any more: another run is at this address. Open the address that it printed.');
    if (answer.ok && (!over() || (await answer.json()).id !== run.id)) return connect();
  } catch {
    // Nobody there yet.
  }
  setTimeout(reconnect, RETRY);
}

async function ask(wish) {
  try {
    const answer = await fetch(api + wish, { method: 'POST' });
    if (!answer.ok) trouble(`${wish}: ${(await answer.json()).error}`);
  } catch {
    trouble(`${wish}: the run cannot be reached`);
  }
}

// ---- Buttons and keys ----

const pauseOrResume = () => ask(run.state === 'paused' ? 'resume' : 'pause');
const askToStop = () => element('ask-stop').showModal();

element('home').hidden = !place;
element('pause').addEventListener('click', pauseOrResume);
element('keep').addEventListener('click', () => ask('keep'));
element('stop').addEventListener('click', askToStop);
element('ask-stop').addEventListener('close', () => {
  if (element('ask-stop').returnValue === 'stop') ask('stop');
  element('ask-stop').returnValue = '';
});
element('live').addEventListener('click', goLive);
element('play').addEventListener('click', play);
element('frame').addEventListener('input', (event) => { stopPlaying(); goTo(Number(event.target.value)); });
element('fit').addEventListener('change', resize);
element('filter').addEventListener('input', showSettings);
document.addEventListener('visibilitychange', leave);
addEventListener('resize', () => { if (run && view.shown) resize(); });

document.addEventListener('keydown', (event) => {
  if (!run || event.ctrlKey || event.metaKey || event.altKey || element('ask-stop').open) return;
  const at = event.target;
  if (at.matches('textarea, #changes input')) return;
  if (at.matches('input[type="search"]') || (at.matches('input[type="range"]') && event.key.startsWith('Arrow'))) return;
  const frame = view.live ? (run.frames ? run.frames.last + 1 : 0) : view.frame;
  const keys = {
    p: () => element('pause').click(),
    k: () => element('keep').click(),
    x: () => element('stop').click(),
    l: goLive,
    ArrowLeft: () => { stopPlaying(); goTo(frame - 1); },
    ArrowRight: () => { stopPlaying(); goTo(frame + 1); },
  };
  if (event.key === ' ' && !at.matches('button, input, summary, a')) {
    event.preventDefault();
    play();
  } else if (keys[event.key]) {
    keys[event.key]();
  }
});

connect();
