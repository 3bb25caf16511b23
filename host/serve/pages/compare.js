// Results of two or more runs, side by side.

import { ask, attempt, element, make } from './server.js';
import { fileAddress, files, framesIn } from './queue.js';

const settingsOf = new Map();
let shown = '';

async function settings(run) {
  if (!settingsOf.has(run.id)) settingsOf.set(run.id, await ask('GET', `/api/runs/${run.id}/settings`));
  return settingsOf.get(run.id);
}

async function figure(run) {
  const frames = framesIn(await files(run));
  const image = make('img', { alt: `The picture of run ${run.id}, ${run.title}` });
  const slider = make('input', { type: 'range', min: 1, max: Math.max(1, frames.length), value: frames.length });
  slider.setAttribute('aria-label', `Frame of run ${run.id}`);
  const caption = make('figcaption', { className: 'quiet' });
  const show = () => {
    const frame = frames[slider.value - 1];
    if (frame) image.src = fileAddress(run, frame.name);
    image.hidden = !frame;
    caption.textContent = `run ${run.id}: ${run.title} · ${frame ? `frame ${frame.frame} of ${frames.length}` : 'no picture yet'}`;
  };
  slider.addEventListener('input', show);
  slider.hidden = frames.length < 2;
  show();
  return make('figure', {}, image, slider, caption);
}

async function differences(runs) {
  const all = await Promise.all(runs.map(settings));
  const names = [...new Set(all.flatMap(Object.keys))];
  const text = (value) => (value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value));
  const differing = names.filter((name) => new Set(all.map((one) => text(one[name]))).size > 1);
  const table = element('differences');
  table.tHead.replaceChildren(make('tr', {}, make('th', { scope: 'col' }, 'setting'),
    ...runs.map((run) => make('th', { scope: 'col' }, `run ${run.id}`))));
  table.tBodies[0].replaceChildren(...differing.map((name) => make('tr', {}, make('th', { scope: 'row' }, name),
    ...all.map((one) => make('td', {}, text(one[name]))))));
  table.hidden = differing.length === 0;
}

export async function compare(runs) {
  // The comparison is rebuilt only when there is something new to show.
  const key = runs.map((run) => `${run.id} ${run.state} ${run.pictures}`).join();
  if (key === shown) return;
  shown = key;
  element('compare').hidden = runs.length === 0;
  element('compare-hint').hidden = runs.length > 1;
  await attempt(async () => {
    const figures = await Promise.all(runs.map(figure));
    if (key !== shown) return;
    element('compared').replaceChildren(...figures);
    if (runs.length > 1) await differences(runs);
    else element('differences').hidden = true;
  });
}
