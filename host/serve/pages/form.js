// The form: one field for each setting of the server's table. A field that is left empty is not set.

import { ask, attempt, count, element, make } from './server.js';
import { asLine, isLine } from './keyframe_text.js';
import { brief } from './estimate.js';
import { kindsFor, pick } from './uploads.js';

// Which plugins a setting names.
const PLUGIN_KINDS = {
  image_model: 'image_models', animation_mode: 'animation', depth_model: 'depth_estimators', flow_model: 'flow_estimators',
  cutout_method: 'cutouts', optimiser: 'optimisers', outputs: 'io',
};
const ROOMY = ['scenes'];
// What settings are for, in the order of the page. Groups of plugins are called after their kind.
const TASKS = {
  Words: ['Prompts'],
  Look: ['Image', 'Plugins: Image models', 'Plugins: Losses', 'Plugins: Cutouts'],
  Motion: ['Animation', 'Plugins: Animation', 'Plugins: Depth estimators', 'Plugins: Flow estimators'],
  Sound: ['Audio', 'Plugins: Audio', 'Plugins: Sound sources'],
  Output: ['Output', 'Plugins: Io', 'Plugins: Viewers'],
  'Speed and quality': ['Perceptors', 'Plugins: Perceptors', 'Plugins: Optimisers'],
};
const OPEN_AT_FIRST = ['Words'];
// Settings that choose plugins of a kind. Parameters of others have no effect, so they are shown only where asked for.
const CHOOSERS = ['image_model', 'animation_mode', 'cutout_method', 'optimiser', 'outputs'];
// What people search for, and what settings call it.
const SYNONYMS = {
  resolution: ['width', 'height', 'pixel_size'], size: ['width', 'height', 'pixel_size'],
  speed: ['steps_per', 'cutouts', 'precision'], fast: ['steps_per', 'cutouts', 'precision'], quality: ['steps_per', 'cutouts', 'precision'],
  music: ['audio'], sound: ['audio'], beat: ['tempo', 'onset'], noise: ['smoothing', 'noise'], grain: ['smoothing', 'noise'],
  colour: ['color', 'palette', 'saturation', 'gamma'], color: ['colour', 'palette', 'saturation', 'gamma'],
  fps: ['frames_per_second'], length: ['steps_per_scene'], duration: ['steps_per_scene'], memory: ['gradient_accumulation', 'precision'],
  camera: ['translate', 'rotate', 'zoom'], movie: ['video'], film: ['video'], words: ['scenes', 'prompts'], prompt: ['scenes', 'prompts'],
};
const EXAMPLE = 'a red heart | soft light || a green leaf';
const PATIENCE = 350; // milliseconds without typing before it is checked

const fields = new Map(); // by the setting's name in lower case
let plugins = [];
let lineOwners = []; // the setting that each line of the text is about
let timer = 0, checks = 0, going = false;
let draft = sessionStorage.getItem('draft') ?? ''; // what was written before a reload and is not in the form yet

// An item of a list that is no text, such as {name: tiny_vit, weight: 0.5}.
const isGroup = (item) => item.startsWith('{');
const listed = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line);
const indented = (text) => text.split('\n').map((line) => `  ${line}`).join('\n');

function control(setting, id) {
  const common = { id, name: setting.name, spellcheck: false };
  if (setting.type === 'boolean' || setting.type === 'choice') {
    const words = setting.type === 'boolean' ? ['true', 'false'] : setting.choices;
    return make('select', common, make('option', { value: '' }, `default: ${setting.default_text}`),
      ...words.map((word) => make('option', { value: word }, word)));
  }
  const placeholder = setting.name === 'scenes' ? `for example: ${EXAMPLE}` : setting.required ? '' : setting.default_text === "''" ? '' : setting.default_text;
  if (setting.type === 'list' || setting.type === 'groups' || ROOMY.includes(setting.name))
    return make('textarea', { ...common, placeholder, rows: ROOMY.includes(setting.name) ? 3 : 2 });
  return make('input', { ...common, type: 'text', placeholder, inputMode: setting.type === 'integer' ? 'numeric' : 'text' });
}

// Beside settings that name a file: one of those that are uploaded, or another.
function fileButton(setting, input) {
  const kinds = kindsFor(setting);
  if (kinds.length === 0) return undefined;
  const button = make('button', { type: 'button', className: 'file' }, 'File…');
  button.setAttribute('aria-label', `Choose a file for ${setting.name}`);
  button.addEventListener('click', () => attempt(async () => {
    const upload = await pick(kinds, `A file for ${setting.name}`);
    if (!upload) return;
    // Among the prompts, a picture is one in brackets.
    input.value = setting.name !== 'scenes' ? upload.path : `${input.value}${input.value.trim() ? ' | ' : ''}[${upload.path}]`;
    edited(fields.get(setting.name.toLowerCase()));
    input.focus();
  }));
  return button;
}

function addField(setting, group) {
  const id = `setting-${setting.name}`;
  const input = control(setting, id);
  const hint = setting.type === 'list' && !setting.expression ? `${setting.takes}, one in a line`
    : setting.type === 'groups' ? `${setting.takes}, as YAML` : setting.takes;
  input.setAttribute('aria-describedby', `${id}-help ${id}-problem`);
  const reset = make('button', { type: 'button', className: 'reset', title: 'Back to the default' }, 'reset');
  reset.setAttribute('aria-label', `Reset ${setting.name}`);
  const problem = make('p', { id: `${id}-problem`, className: 'problem', hidden: true });
  const plugins = setting.plugins.length ? `${setting.plugins.join(', ')}: ` : '';
  const row = make('div', { className: 'setting' },
    make('div', { className: 'name' }, make('label', { for: id }, setting.name),
      make('p', { className: 'takes' }, hint + (setting.unit ? `, ${setting.unit}` : ''))),
    make('div', { className: 'line' }, input, fileButton(setting, input) ?? '', reset), problem,
    make('p', { className: 'help', id: `${id}-help` },
      plugins + setting.help));
  group.append(row);
  const field = { setting, input, row, problem, group };
  fields.set(setting.name.toLowerCase(), field);
  input.addEventListener('input', () => edited(field));
  reset.addEventListener('click', () => { input.value = ''; edited(field); input.focus(); });
}

function edited(field) {
  field.row.classList.toggle('changed', field.input.value !== '');
  show();
  checkSoon();
}

const taskOf = (setting) => Object.keys(TASKS).find((task) => TASKS[task].includes(setting.group)) ?? 'Other';

const plain = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

// Plugins that no chooser chooses. Of kinds without a chooser all may be in use.
function unused() {
  const chosen = new Set(CHOOSERS.map((name) => fields.get(name)).filter((field) => field)
    .flatMap(({ input, setting }) => (input.value || setting.default_text).split(/[\n,]/)).map((name) => plain(name.trim())));
  const kinds = new Set(CHOOSERS.map((name) => PLUGIN_KINDS[name]));
  return new Set(plugins.filter((plugin) => kinds.has(plugin.kind) && !chosen.has(plain(plugin.name))).map((plugin) => plugin.name));
}

function suggest() {
  for (const [name, kind] of Object.entries(PLUGIN_KINDS)) {
    const field = fields.get(name);
    if (!field) continue;
    const list = make('datalist', { id: `plugins-${name}` },
      ...plugins.filter((plugin) => plugin.kind === kind).map((plugin) => make('option', { value: plugin.name }, plugin.summary)));
    field.input.setAttribute('list', list.id);
    field.input.after(list);
  }
}

export async function buildForm() {
  const table = await ask('GET', '/api/settings');
  const groups = new Map();
  for (const task of [...Object.keys(TASKS), 'Other']) {
    const group = make('details', { className: 'group', open: OPEN_AT_FIRST.includes(task) },
      make('summary', {}, make('h3', {}, task), make('span', { className: 'badge', hidden: true }),
        make('span', { className: 'badge bad', hidden: true })));
    groups.set(task, group);
    element('groups').append(group);
  }
  for (const setting of table.settings) addField(setting, groups.get(taskOf(setting)));
  plugins = table.plugins;
  suggest();
  element('search').addEventListener('input', show);
  element('changed-only').addEventListener('change', show);
  element('unused').addEventListener('change', show);
  element('more').addEventListener('input', checkSoon);
  show();
  checkSoon();
  attempt(restoreDraft);
}

// Which fields are to be seen.
function show() {
  const words = element('search').value.toLowerCase().split(/\s+/).filter((word) => word);
  const changedOnly = element('changed-only').checked;
  const others = words.length || element('unused').checked ? new Set() : unused();
  let shown = 0;
  for (const { setting, input, row } of fields.values()) {
    const text = `${setting.name} ${setting.group} ${setting.help} ${setting.plugins.join(' ')}`.toLowerCase();
    const wanted = words.every((word) => [word, ...(SYNONYMS[word] ?? [])].some((one) => text.includes(one)));
    const idle = setting.group.startsWith('Plugins:') && setting.plugins.every((name) => others.has(name));
    row.hidden = !wanted || ((changedOnly || idle) && input.value === '');
    if (!row.hidden) ++shown;
  }
  for (const group of element('groups').children) {
    const rows = [...group.querySelectorAll('.setting')];
    group.hidden = rows.every((row) => row.hidden);
    if ((words.length || changedOnly) && !group.hidden) group.open = true;
    const changed = rows.filter((row) => row.classList.contains('changed')).length;
    const [badge] = group.querySelectorAll('.badge');
    badge.hidden = changed === 0;
    badge.textContent = `${changed} changed`;
  }
  element('count').textContent = `${shown} of ${count(fields.size, 'setting')}`;
}

function written(setting, text) {
  if (setting.nullable && text.trim() === 'null') return 'null';
  switch (setting.type) {
    case 'boolean': case 'choice': return text;
    case 'list': if (!setting.expression) return `[${listed(text).map((item) => isGroup(item) ? item : JSON.stringify(item)).join(', ')}]`; break;
    case 'integer': case 'number':
      // A number, or a reference such as ${steps_per_scene}; the check reports anything else.
      if (!setting.expression && /^[-+.\w]+$/.test(text.trim())) return text.trim();
  }
  return setting.expression && isLine(text) ? text.trim().replaceAll('\n', ' ') : JSON.stringify(text);
}

// What is set, as a settings file: one line each, in the table's order.
export function settingsText() {
  const lines = [];
  lineOwners = [];
  for (const { setting, input } of fields.values()) {
    if (input.value === '') continue;
    const text = setting.type === 'groups' ? `${setting.name}:\n${indented(input.value)}`
      : `${setting.name}: ${written(setting, input.value)}`;
    for (const line of text.split('\n')) {
      lines.push(line);
      lineOwners.push(setting.name);
    }
  }
  const more = element('more').value;
  return lines.join('\n') + (lines.length ? '\n' : '') + more + (more && !more.endsWith('\n') ? '\n' : '');
}

const shownItem = (item) => item !== null && typeof item === 'object' ? JSON.stringify(item) : item;

// Keyframes as YAML has them.
const isGroupOf = (item) => item !== null && typeof item === 'object' && !Array.isArray(item);
const isKeyframes = (value) => isGroupOf(value) || (Array.isArray(value) && value.length > 0 && value.every(isGroupOf));

// A value of a settings file as the field shows it.
function shown(setting, value) {
  if (value === null) return setting.nullable ? 'null' : '';
  if (setting.type === 'boolean') {
    const word = String(value).toLowerCase();
    return ['true', 'yes', 'on'].includes(word) ? 'true' : ['false', 'no', 'off'].includes(word) ? 'false' : '';
  }
  if (setting.type === 'choice') return setting.choices.find((word) => word.toLowerCase() === String(value).toLowerCase()) ?? '';
  if (setting.type === 'groups') return Array.isArray(value) && value.length === 0 ? '' : JSON.stringify(value);
  if (setting.expression && isKeyframes(value)) return asLine(value);
  if (Array.isArray(value)) return setting.type === 'list' && !setting.expression ? value.map(shownItem).join('\n') : `[${value.join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

function isDefault(setting, text) {
  if (setting.name === 'ViTB32') return false; // counts when it is written
  const usual = setting.default === null ? 'null' : Array.isArray(setting.default) ? setting.default.join('\n') : String(setting.default);
  return text === usual || (text !== '' && usual !== '' && Number(text) === Number(usual));
}

export function fill(entries) {
  for (const { input } of fields.values()) input.value = '';
  const others = [];
  for (const { name, value } of entries) {
    const field = fields.get(name.trim().toLowerCase());
    if (!field) {
      others.push(`${name}: ${JSON.stringify(value)}`);
      continue;
    }
    const text = shown(field.setting, value);
    field.input.value = isDefault(field.setting, text) ? '' : text;
  }
  for (const { input, row } of fields.values()) row.classList.toggle('changed', input.value !== '');
  element('more').value = others.join('\n');
  element('more-group').open = others.length > 0;
  show();
  checkSoon();
}

// The beginning of a settings file for what was written elsewhere, where the form is still empty.
export function prefill(words, preset, more = []) {
  if (settingsText().trim() !== '' || draft || !words) return;
  fill([{ name: 'scenes', value: words }, ...more]);
  element('more').value = `preset: ${preset || 'paint'}`;
  element('more-group').open = true;
  checkSoon();
}

export async function loadFile(file) {
  const answer = await ask('POST', '/api/settings/read', file);
  if (answer.problems.length) throw new Error(`${file.name}: ${answer.problems.map((problem) => problem.message).join('; ')}`);
  fill(answer.entries);
}

export async function loadRun(id) {
  const settings = await ask('GET', `/api/runs/${id}/settings`);
  const plain = (value) => (value === null || typeof value === 'object' ? value : String(value));
  fill(Object.entries(settings).map(([name, value]) => ({ name, value: Array.isArray(value) ? value.map(plain) : plain(value) })));
}

export function clear() {
  draft = '';
  fill([]);
}
export const settingNames = () => [...fields.values()].map((field) => field.setting.name);

// For other parts of the page: a setting of the table, what its field holds, and another text for it.
export const settingOf = (name) => fields.get(name.toLowerCase())?.setting;
export const textOf = (name) => fields.get(name.toLowerCase())?.input.value ?? '';
export function setText(name, text) {
  const field = fields.get(name.toLowerCase());
  field.input.value = text;
  edited(field);
}

// Names of settings in use that may have keyframes.
export function schedulable() {
  const others = unused();
  return [...fields.values()].map(({ setting }) => setting).filter(({ expression, group, plugins: of }) => expression
    && !(group.startsWith('Plugins:') && of.every((name) => others.has(name)))).map(({ name }) => name);
}

function checkSoon() {
  clearTimeout(timer);
  ++checks;
  timer = setTimeout(() => attempt(check), PATIENCE);
  element('estimate').hidden = true; // it was of what stood here before
  const text = settingsText();
  if (text) draft = ''; // what is written now counts
  if (!draft) sessionStorage.setItem('draft', text);
  document.dispatchEvent(new Event('settings'));
}

// What was being written survives a reload of the page.
async function restoreDraft() {
  if (!draft) return;
  const { entries, problems } = await ask('POST', '/api/settings/read', new Blob([draft]));
  if (!draft) return; // something was written meanwhile
  const text = draft;
  draft = '';
  fill(problems.length ? [] : entries);
  if (problems.length === 0) return;
  // What cannot be read stays as it was written, and the check says what is wrong.
  element('more').value = text;
  element('more-group').open = true;
  checkSoon();
}

async function check() {
  if (going) return checkSoon(); // one at a time
  const number = checks;
  const text = settingsText();
  if (text.trim() === '') {
    tell([], []);
    element('verdict').textContent = draft ? 'what was written before is not here yet; if it does not come, reload the page'
      : 'write under scenes what to make';
    return undefined;
  }
  element('verdict').textContent = 'checking…';
  going = true;
  const answer = await ask('POST', '/api/check', { settings: text }).finally(() => { going = false; });
  if (number !== checks) return undefined; // what it says is of no use any more
  tell(answer.problems, answer.notices);
  element('verdict').textContent = answer.problems.length ? count(answer.problems.length, 'problem')
    : `no problems found; ${brief(answer)}`;
  return undefined;
}

// For somebody who starts before anything is written: what is missing, and where it goes. False when there is something.
export function hintIfEmpty() {
  if (settingsText().trim() !== '') return false;
  clearTimeout(timer);
  ++checks;
  tell([{ setting: 'scenes', message: `Nothing is written yet. Write here what the picture is to show, for example: ${EXAMPLE}`
    + ' – | stands between things in one picture, || before the next scene. Everything else may stay as it is.' }], []);
  const field = fields.get('scenes');
  field.group.open = true;
  field.input.focus();
  return true;
}

const ownerOf = (problem) =>
  fields.get((problem.setting || (problem.file === 'settings' ? lineOwners[problem.line - 1] ?? '' : '')).toLowerCase());

export function tell(problems, notices) {
  for (const { input, problem } of fields.values()) {
    problem.hidden = true;
    problem.textContent = '';
    input.removeAttribute('aria-invalid');
  }
  for (const badge of document.querySelectorAll('.badge.bad')) badge.hidden = true;
  const items = problems.map((problem) => {
    const field = ownerOf(problem);
    if (!field) return make('li', {}, problem.message);
    field.problem.textContent += (field.problem.textContent ? '\n' : '') + problem.message;
    field.problem.hidden = false;
    field.input.setAttribute('aria-invalid', 'true');
    const badge = field.group.querySelector('.badge.bad');
    badge.textContent = count(field.group.querySelectorAll('[aria-invalid]').length, 'problem');
    badge.hidden = false;
    const jump = make('button', { type: 'button' }, problem.message);
    jump.addEventListener('click', () => {
      field.row.hidden = field.group.hidden = false;
      field.group.open = true;
      field.input.focus();
    });
    return make('li', {}, jump);
  });
  element('problems').replaceChildren(...items);
  element('problems').hidden = problems.length === 0;
  element('notices').replaceChildren(...notices.map((notice) => make('li', {}, notice)));
  element('notices').hidden = notices.length === 0;
}
