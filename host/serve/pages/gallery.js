// Everything that was made: small pictures, one large on a click, search, and deleting with a way back.

import { ask, attempt, count, element, make } from './server.js';
import { loadRun } from './form.js';
import { fileAddress, files } from './queue.js';

const PATIENCE = 250; // milliseconds without typing before it is searched
const AT_FIRST = 12;
const MOST_AT_ONCE = 200; // works in an answer
const FORGOTTEN = 12000; // milliseconds until the offer to undo goes away; the trash keeps it longer

let items = [], wanted = AT_FIRST, key = '', timer = 0, shown = null, toast = 0, asked = 0;
let whenChanged = () => {};

const when = (milliseconds) => new Date(milliseconds).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });

function tile(item) {
  const picture = make('img', { alt: '', loading: 'lazy', decoding: 'async' });
  if (item.picture) picture.src = fileAddress(item, item.picture);
  const button = make('button', { type: 'button', className: 'tile', title: item.words || item.title }, picture,
    make('span', { className: 'words' }, item.title), item.film ? make('span', { className: 'film', 'aria-hidden': 'true' }, '▶') : '');
  button.setAttribute('aria-label', `${item.film ? 'Film' : 'Picture'} of run ${item.id}: ${item.title}`);
  button.addEventListener('click', () => show(item));
  const row = make('li', {}, button);
  row.dataset.item = item.id;
  return row;
}

// The newest works with these words, as many as are wanted, in as many answers as that takes.
async function works(words) {
  const most = wanted; // which may change before the answer comes
  const found = new Map(); // by the run's number: one that ends meanwhile moves the others on
  for (let from = 1; ; from += MOST_AT_ONCE) {
    const limit = Math.min(MOST_AT_ONCE, most - from + 1);
    const answer = await ask('GET', `/api/gallery?limit=${limit}&from=${from}&words=${encodeURIComponent(words)}`);
    for (const item of answer.items) found.set(item.id, item);
    if (answer.items.length < limit || from + limit > most) return { ...answer, items: [...found.values()] };
  }
}

export async function refreshGallery() {
  const words = element('gallery-search').value.trim(), number = ++asked;
  const answer = await works(words);
  if (number !== asked) return; // a later question has been asked
  const news = JSON.stringify(answer);
  if (news === key) return;
  key = news;
  items = answer.items;
  const focused = document.activeElement?.closest('#gallery-list [data-item]')?.dataset.item;
  element('gallery-list').replaceChildren(...items.map(tile));
  if (focused) document.querySelector(`#gallery-list [data-item="${focused}"] button`)?.focus();
  element('gallery-count').textContent = answer.found ? count(answer.found, 'work') : '';
  element('gallery-none').hidden = answer.found > 0;
  element('gallery-none').textContent = words ? `Nothing here has the words "${words}".` : 'What is finished is collected here.';
  element('gallery-more').hidden = items.length >= answer.found;
  element('trash').hidden = answer.deleted === 0;
  element('trash-count').textContent = `${count(answer.deleted, 'run')} in the trash`;
  if (element('trash').open) await showTrash();
}

// ---- One of them, large ----

async function show(item) {
  shown = item;
  const viewer = element('viewer'), picture = element('viewer-picture'), film = element('viewer-film');
  picture.hidden = !item.picture || Boolean(item.film);
  film.hidden = !item.film;
  if (item.film) film.src = fileAddress(item, item.film);
  else film.removeAttribute('src');
  if (!picture.hidden) picture.src = fileAddress(item, item.picture);
  picture.alt = item.title;
  picture.classList.toggle('coarse', item.width > 0 && item.width < 300);
  element('viewer-words').textContent = item.words || item.title;
  element('viewer-facts').textContent = [`run ${item.id}`, item.width > 0 ? `${item.width} × ${item.height}` : '',
    item.pictures > 1 ? count(item.pictures, 'picture') : '', item.state === 'finished' ? '' : item.state, when(item.ended)]
    .filter((part) => part).join(' · ');
  const main = item.film || item.picture, save = element('viewer-save');
  save.hidden = !main;
  if (main) save.href = fileAddress(item, main);
  save.download = main;
  save.textContent = item.film ? 'Save the film' : 'Save the picture';
  element('viewer-zip').href = `/api/runs/${item.id}/files.zip`;
  element('viewer-zip').textContent = `All ${count(item.files, 'file')} (zip)`;
  element('viewer-page').href = `/runs/${item.id}`;
  const at = items.findIndex((other) => other.id === item.id);
  element('viewer-before').disabled = at <= 0;
  element('viewer-after').disabled = at < 0 || at >= items.length - 1;
  if (!viewer.open) viewer.showModal();
}

// Any run that is over, from another part of the page.
export async function showLarge(run) {
  const list = await files(run);
  const picture = list.filter((file) => file.type.startsWith('image/')).sort((a, b) => a.frame - b.frame).pop();
  const film = run.state === 'finished' ? list.find((file) => file.type.startsWith('video/')) : undefined;
  await show(items.find((item) => item.id === run.id) ?? {
    id: run.id, title: run.title, words: run.title, state: run.state, ended: run.ended, width: 0, height: 0,
    picture: picture?.name ?? '', film: film?.name ?? '', pictures: run.pictures, files: list.length });
}

function step(by) {
  const next = items[items.findIndex((item) => item.id === shown?.id) + by];
  if (next) show(next);
}

// ---- Deleting ----

async function change(method, path) {
  await ask(method, path);
  whenChanged();
}

async function remove(run) {
  await change('POST', `/api/runs/${run.id}/delete`);
  element('toast-text').textContent = `Deleted: ${run.title}.`;
  element('toast').hidden = false;
  element('toast-undo').onclick = () => attempt(async () => {
    element('toast').hidden = true;
    await change('POST', `/api/runs/${run.id}/undelete`);
    await refreshGallery();
  });
  forgetLater();
  await refreshGallery();
}

// Not while somebody is about to use it.
function forgetLater() {
  clearTimeout(toast);
  toast = setTimeout(() => {
    if (element('toast').matches(':hover, :focus-within')) forgetLater();
    else element('toast').hidden = true;
  }, FORGOTTEN);
}

async function showTrash() {
  const { runs, days } = await ask('GET', '/api/trash');
  element('trash-about').textContent = `Deleted runs keep their files for ${days} days; then the files are deleted, too.`;
  element('trash-list').replaceChildren(...runs.map((run) => {
    const back = make('button', { type: 'button' }, 'Put back');
    back.setAttribute('aria-label', `Put back run ${run.id}`);
    back.addEventListener('click', () => attempt(async () => {
      await change('POST', `/api/runs/${run.id}/undelete`);
      await refreshGallery();
    }));
    return make('li', {}, `${run.title} `, make('span', { className: 'quiet' }, `deleted ${when(run.deleted)} `), back);
  }));
}

// `call`: what is shown has changed by what was done here.
export function buildGallery(call) {
  whenChanged = call;
  element('gallery-search').addEventListener('input', () => {
    clearTimeout(timer);
    wanted = AT_FIRST;
    timer = setTimeout(() => attempt(refreshGallery), PATIENCE);
  });
  element('gallery-more').addEventListener('click', () => {
    wanted += 4 * AT_FIRST;
    attempt(refreshGallery);
  });
  const viewer = element('viewer');
  viewer.addEventListener('close', () => element('viewer-film').pause());
  viewer.addEventListener('keydown', (event) => {
    if (event.target.matches('video')) return;
    if (event.key === 'ArrowLeft') step(-1);
    if (event.key === 'ArrowRight') step(1);
  });
  // A click beside the picture closes it, as people expect.
  viewer.addEventListener('click', (event) => { if (event.target === viewer) viewer.close(); });
  element('viewer-close').addEventListener('click', () => viewer.close());
  element('viewer-before').addEventListener('click', () => step(-1));
  element('viewer-after').addEventListener('click', () => step(1));
  element('viewer-use').addEventListener('click', () => attempt(async () => {
    viewer.close();
    await loadRun(shown.id);
    element('all').open = true;
    element('all').scrollIntoView();
  }));
  element('viewer-delete').addEventListener('click', () => attempt(async () => {
    const run = shown;
    viewer.close();
    await remove(run);
  }));
  element('trash').addEventListener('toggle', () => { if (element('trash').open) attempt(showTrash); });
  element('trash-empty').addEventListener('click', () => element('ask-empty').showModal());
  element('ask-empty').addEventListener('close', () => {
    if (element('ask-empty').returnValue === 'yes') attempt(async () => {
      await change('DELETE', '/api/trash');
      element('toast').hidden = true;
      await refreshGallery();
    });
    element('ask-empty').returnValue = '';
  });
}
