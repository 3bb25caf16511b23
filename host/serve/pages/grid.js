// Several runs at once that differ in one to three settings, and their pictures as a table.

import { ask, attempt, count, element, make, Refused } from './server.js';
import { failed, isNew, isOver, fileAddress, files, framesIn } from './queue.js';
import { settingNames, settingsText, tell } from './form.js';

const AXES = 3, MOST_CELLS = 64;
const tables = new Map(); // by the grid's number

function axes() {
  const list = [];
  for (let i = 1; i <= AXES; ++i) {
    const name = element(`axis-${i}`).value.trim(), values = element(`values-${i}`).value.trim();
    if (name && values) list.push(`${name}=${values}`);
  }
  return list;
}

// How many runs it would be, where that can be seen without the server: of values between commas.
function guess() {
  const lists = axes().map((axis) => axis.slice(axis.indexOf('=') + 1));
  const button = element('grid-start');
  button.disabled = lists.length === 0;
  if (lists.length === 0 || lists.some((list) => /[("'[{]/.test(list))) {
    element('grid-count').textContent = '';
    return;
  }
  const runs = lists.map((list) => list.split(',').length).reduce((a, b) => a * b, 1);
  element('grid-count').textContent = runs > MOST_CELLS ? `${runs} runs: a grid has at most ${MOST_CELLS}` : count(runs, 'run');
}

async function start() {
  element('grid-problem').hidden = true;
  try {
    await ask('POST', '/api/grids', { settings: settingsText(), axes: axes() });
    element('grids').scrollIntoView({ block: 'nearest' });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.problems.length) tell(error.problems, []);
    element('grid-problem').textContent = error.problems.length ? error.problems.map((one) => one.message).join('\n') : error.message;
    element('grid-problem').hidden = false;
  }
}

const valueOf = (run, setting) => run.cell.find((one) => one.setting === setting)?.value ?? '';
const distinct = (runs, setting) => [...new Set(runs.map((run) => valueOf(run, setting)))];

function makeTable(runs, rows, columns, caption, whenOpened) {
  const cells = new Map();
  const cell = (run) => {
    const image = make('img', { alt: '', hidden: true });
    const button = make('button', { type: 'button', className: 'thumb' }, image, make('span', { className: 'quiet' }));
    button.addEventListener('click', () => whenOpened(run.id));
    const made = { button, image, picture: {} };
    image.addEventListener('error', () => {
      image.hidden = true;
      failed(made.picture);
    });
    cells.set(run.id, made);
    return button;
  };
  const find = (row, column) => runs.find((run) => (!rows || valueOf(run, rows) === row) && valueOf(run, columns) === column);
  const across = distinct(runs, columns), down = rows ? distinct(runs, rows) : [''];
  const table = make('table', { className: 'grid' }, make('caption', {}, caption),
    make('thead', {}, make('tr', {}, rows ? make('td', { className: 'quiet' }, `${rows} ↓  ${columns} →`) : '',
      ...across.map((value) => make('th', { scope: 'col' }, rows ? value : `${columns} ${value}`)))),
    make('tbody', {}, ...down.map((row) => make('tr', {}, rows ? make('th', { scope: 'row' }, row) : '',
      ...across.map((column) => {
        const run = find(row, column);
        return make('td', {}, run ? cell(run) : '–');
      })))));
  return { table, cells };
}

function build(runs, whenOpened) {
  const names = runs[0].cell.map((one) => one.setting);
  const columns = names[names.length - 1], rows = names.length > 1 ? names[names.length - 2] : '';
  const outer = names.length > 2 ? names[0] : '';
  const parts = (outer ? distinct(runs, outer) : ['']).map((value) => makeTable(
    outer ? runs.filter((run) => valueOf(run, outer) === value) : runs, rows, columns,
    `${runs[0].title}${outer ? ` · ${outer} ${value}` : ''}`, whenOpened));
  const section = make('section', { className: 'one-grid' }, ...parts.map((part) => part.table));
  section.dataset.grid = runs[0].grid_run;
  return { section, cells: new Map(parts.flatMap((part) => [...part.cells])), size: runs.length };
}

async function showCell(run, cell) {
  const words = isOver(run) ? run.state : run.state === 'running' ? `${run.done} of ${run.steps}` : 'waiting';
  cell.button.setAttribute('aria-label', `Run ${run.id}, ${run.cell.map((one) => `${one.setting} ${one.value}`).join(', ')}: ${words}`);
  cell.button.lastChild.textContent = run.state === 'finished' ? '' : words;
  if (!isNew(cell.picture, `${run.state} ${run.pictures} ${run.done}`)) return;
  let address = '';
  if (run.state === 'running') address = run.done ? `/api/runs/${run.id}/picture?step=${run.done}` : '';
  else if (isOver(run) && run.base) {
    const last = framesIn(await files(run)).pop();
    if (last) address = fileAddress(run, last.name);
  }
  if (!address) return;
  cell.image.src = address;
  cell.image.hidden = false;
}

export function showGrids(all, whenOpened) {
  const grids = new Map();
  for (const run of all) if (run.grid_run) grids.set(run.grid_run, [...(grids.get(run.grid_run) ?? []), run]);
  for (const [number, table] of tables)
    if (grids.get(number)?.length !== table.size) {
      table.section.remove();
      tables.delete(number);
    }
  for (const [number, runs] of [...grids].sort((a, b) => a[0] - b[0])) {
    runs.sort((a, b) => a.id - b.id); // the order in which their values were written
    if (!tables.has(number)) {
      tables.set(number, build(runs, whenOpened));
      element('grid-tables').prepend(tables.get(number).section);
    }
    const { cells } = tables.get(number);
    for (const run of runs) if (cells.has(run.id)) showCell(run, cells.get(run.id)).catch(() => failed(cells.get(run.id).picture));
  }
  element('grids').hidden = grids.size === 0;
}

export function buildGrid() {
  element('setting-names').replaceChildren(...settingNames().map((value) => make('option', { value })));
  for (let i = 1; i <= AXES; ++i)
    for (const id of [`axis-${i}`, `values-${i}`]) element(id).addEventListener('input', guess);
  element('grid-start').addEventListener('click', () => attempt(start));
  guess();
}
