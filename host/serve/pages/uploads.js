// Files that the artist brings along: uploaded, listed, chosen for a setting.

import { ask, attempt, element, make, Refused } from './server.js';

// What settings take. Others are in the table of settings, as `file`.
const TAKES = {
  init_image: ['picture', 'video'], direct_image_prompts: ['picture', 'video'], color_coherence: ['picture', 'video'],
  video_path: ['video'], input_audio: ['sound', 'video'], scenes: ['picture', 'video'],
};
const WORDS = { picture: 'pictures', video: 'videos', sound: 'sounds' };
const ACCEPTED = { picture: 'image/*', video: 'video/*', sound: 'audio/*' };

let uploads = [];
let chosen = null; // what the open dialog resolves

export const kindsFor = (setting) => TAKES[setting.name] ?? (setting.file === 'picture' ? ['picture', 'video'] : []);
export const uploadAddress = (upload) => `/api/uploads/${encodeURIComponent(upload.name)}`;
export const titleOf = (path) => uploads.find((upload) => upload.path === path)?.title ?? path.split('/').pop();

const lasts = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;

function facts(upload) {
  const parts = [];
  if (upload.width) parts.push(`${upload.width} × ${upload.height}`);
  if (upload.seconds) parts.push(lasts(upload.seconds));
  parts.push(upload.bytes > 1e6 ? `${(upload.bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(upload.bytes / 1000)} kB`);
  return parts.join(' · ');
}

async function refresh() {
  const answer = await ask('GET', '/api/uploads');
  uploads = answer.uploads;
  element('pick-formats').textContent = `${answer.formats}; up to ${Math.round(answer.largest / 2 ** 30)} GB each`;
}

// What an address can hold: no halves of characters, which a name cut in the middle, or odd ones of Windows, would have.
const addressable = (name) => [...name.replace(/\p{Surrogate}/gu, '\uFFFD')].slice(0, 200).join('');

// A request that says how far it is, which fetch() cannot.
function send(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/uploads?name=${encodeURIComponent(addressable(file.name))}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.addEventListener('progress', (event) => progress(event.loaded, event.total));
    request.addEventListener('error', () => reject(new Refused(0, { error: `${file.name}: the server cannot be reached, or refuses a file of this size` })));
    request.addEventListener('load', () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // What is no JSON says nothing more than the status.
      }
      if (request.status < 300) resolve(answer);
      else reject(new Refused(request.status, { error: `${file.name}: ${answer.error ?? `the server answers ${request.status}`}` }));
    });
    request.send(file);
  });
}

// One after another; the last one that arrived.
export async function uploadAll(files) {
  const state = element('upload-state'), bar = element('upload-progress');
  let last = null;
  try {
    for (const file of files) {
      state.textContent = `uploading ${file.name} …`;
      bar.hidden = state.hidden = false;
      last = await send(file, (loaded, total) => {
        bar.value = total ? loaded / total : 0;
        if (loaded === total) state.textContent = `looking at ${file.name} …`;
      });
    }
  } finally {
    bar.hidden = state.hidden = true;
  }
  if (last) await refresh();
  return last;
}

function thumb(upload) {
  if (upload.kind === 'picture') return make('img', { src: uploadAddress(upload), alt: '', loading: 'lazy' });
  if (upload.kind === 'video') return make('video', { src: `${uploadAddress(upload)}#t=0.1`, muted: true, preload: 'metadata' });
  return make('span', { className: 'note', 'aria-hidden': 'true' }, '♪');
}

function showList(kinds) {
  const fitting = uploads.filter((upload) => kinds.includes(upload.kind));
  element('pick-list').replaceChildren(...fitting.map((upload) => {
    const button = make('button', { type: 'button', className: 'pick' }, thumb(upload),
      make('span', {}, upload.title), make('span', { className: 'quiet' }, facts(upload)));
    button.addEventListener('click', () => finish(upload));
    const remove = make('button', { type: 'button', className: 'remove', title: 'Delete this file from the server' }, '×');
    remove.setAttribute('aria-label', `Delete ${upload.title}`);
    remove.addEventListener('click', () => inDialog(async () => {
      await ask('DELETE', uploadAddress(upload));
      await refresh();
      showList(kinds);
    }));
    return make('li', {}, button, remove);
  }));
  element('pick-none').hidden = fitting.length > 0;
  element('pick-none').textContent = `No ${kinds.map((kind) => WORDS[kind]).join(' or ')} yet.`;
}

async function inDialog(work) {
  const trouble = element('pick-trouble');
  trouble.hidden = true;
  try {
    await work();
  } catch (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
  }
}

function finish(upload) {
  const resolve = chosen;
  chosen = null;
  if (element('pick').open) element('pick').close();
  resolve?.(upload);
}

// Lets the artist choose a file of these kinds, or bring one: the upload, or null.
export async function pick(kinds, title) {
  await refresh();
  element('pick-title').textContent = title;
  element('pick-trouble').hidden = true;
  element('pick-file').accept = kinds.map((kind) => ACCEPTED[kind]).join(',');
  showList(kinds);
  return new Promise((resolve) => {
    chosen = resolve;
    element('pick').dataset.kinds = kinds.join(' ');
    element('pick').showModal();
  });
}

// `whenDropped` gets an upload that was dropped anywhere on the page.
export function buildUploads(whenDropped) {
  element('pick').addEventListener('close', () => finish(null));
  element('pick-browse').addEventListener('click', () => element('pick-file').click());
  element('pick-file').addEventListener('change', () => inDialog(async () => {
    const files = [...element('pick-file').files];
    element('pick-file').value = '';
    const kinds = element('pick').dataset.kinds.split(' ');
    const upload = await uploadAll(files);
    if (!upload) return;
    showList(kinds);
    if (!kinds.includes(upload.kind)) throw new Error(`${upload.title} is a ${upload.kind}; what is needed is a ${kinds.join(' or a ')}`);
    finish(upload);
  }));
  let depth = 0; // of nested elements that the pointer is over
  const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const over = (on) => { element('drop-hint').hidden = !on; };
  addEventListener('dragenter', (event) => { if (isFile(event)) over(++depth > 0); });
  addEventListener('dragleave', (event) => { if (isFile(event)) over(--depth > 0); });
  addEventListener('dragover', (event) => { if (isFile(event)) event.preventDefault(); });
  addEventListener('drop', (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    over(false);
    depth = 0;
    attempt(async () => {
      const upload = await uploadAll([...event.dataTransfer.files]);
      if (upload) await whenDropped(upload);
    });
  });
  return attempt(refresh);
}
