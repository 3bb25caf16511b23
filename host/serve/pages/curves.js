// Every setting that varies, over the frames, as the server computes it; keyframes can be dragged, added and removed,
// and the text of the setting follows.

import { ask, attempt, count, element, make } from './server.js';
import { schedulable, settingOf, settingsText, setText, textOf } from './form.js';
import { added, keyframesIn, placeNumber, removed, replaced, unitOf } from './keyframe_text.js';

const PATIENCE = 400; // milliseconds without typing before curves are computed
const BETWEEN = 80; // and between two requests while a keyframe is dragged
const MARGIN = { left: 60, right: 14, top: 10, bottom: 18 }, HEIGHT = 130, HANDLE = 6;
const FAR = 10; // how many steps a key makes with Shift

let data = null; // the server's newest answer
let strips = [];
let timer = 0, hurried = false, asking = false, again = false;

const drawn = (tag, attributes) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const short = (value) => (value === null ? '–' : String(Number(value.toPrecision(6))));
const powerBelow = (value) => 10 ** Math.floor(Math.log10(value));
/** A number with no more digits than steps of this size need. */
const rounded = (value, step) => Number(value.toFixed(clamp(-Math.floor(Math.log10(step)), 0, 12)));

const framesPerSecond = () => (data.f.length > 1 ? (data.f[1] - data.f[0]) / (data.t[1] - data.t[0]) : 12);
const lastFrame = () => data.f[data.f.length - 1] ?? 0;

class Strip {
  constructor(name) {
    this.name = name;
    this.handles = [];
    this.dragged = null;
    this.svg = drawn('svg', { class: 'curve', height: HEIGHT, role: 'group', 'aria-label': name });
    this.line = drawn('path', { class: 'line' });
    this.frame = drawn('rect', { class: 'frame', y: MARGIN.top });
    this.labels = ['high', 'low', 'first', 'last'].map((place) => drawn('text', { class: place }));
    this.svg.append(this.frame, ...this.labels, this.line);
    this.readout = make('span', { className: 'quiet', role: 'status' });
    this.add = make('button', { type: 'button', title: 'Another keyframe behind the one that was used last' }, 'Add keyframe');
    this.remove = make('button', { type: 'button', title: 'Removes the keyframe that was used last' }, 'Remove');
    this.buttons = make('span', { className: 'buttons' }, this.add, this.remove);
    this.note = make('p', { className: 'quiet' });
    this.row = make('div', { className: 'strip' }, make('div', { className: 'heading' }, make('strong', {}, name), this.readout, this.buttons),
      this.svg, this.note);
    this.current = 0;
    this.add.addEventListener('click', () => this.insertBehind(this.current));
    this.remove.addEventListener('click', () => this.drop(this.current));
    this.svg.addEventListener('dblclick', (event) => this.insertAt(event));
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  update(curve) {
    this.curve = curve;
    if (this.dragged === null) this.keys = curve.keyframes.map((one) => ({ ...one }));
    this.draw();
  }

  /** The keyframes in the text of the field, and where that stands; null where they cannot be changed there. */
  written() {
    const field = textOf(this.curve.setting);
    if (!field || !this.keys.length) return null;
    // Of prompts and groups, the expression is a part of the text: the first, second ... of those that are the same.
    const same = data.curves.filter((one) => one.setting === this.curve.setting && one.text === this.curve.text && (one.item ?? 0) === 0);
    const number = this.curve.item === null ? same.findIndex((one) => one.name === this.curve.name) : 0;
    let from = -1;
    for (let i = 0; i <= number; i += 1) from = field.indexOf(this.curve.text, from + 1);
    // A list or map of YAML is the whole field, and is not written as the expression is.
    const found = from >= 0 ? keyframesIn(field, { from, to: from + this.curve.text.length })
      : settingOf(this.curve.setting)?.expression ? keyframesIn(field) : null;
    return found && found.all.length === this.keys.length ? { field, ...found } : null;
  }

  /** The place of a number in the text: null where a formula stands. */
  numberSpan(written, index) {
    const { numbers } = written.all[index];
    return this.curve.item === null ? (numbers.length === 1 ? numbers[0] : null) : numbers[this.curve.item] ?? null;
  }

  range() {
    if (this.dragged) return this.dragged.range;
    const values = [...this.curve.values, ...this.keys.map((key) => key.value)].filter((value) => value !== null);
    let low = Math.min(...values), high = Math.max(...values);
    if (!values.length) [low, high] = [0, 1];
    if (high - low < 1e-9 * Math.max(1, Math.abs(low))) {
      const room = Math.abs(low) / 2 || 1;
      [low, high] = [low - room, high + room];
    }
    return { low, high };
  }

  /** What a key or a pixel changes: a power of ten. */
  step() {
    const { low, high } = this.range();
    const step = powerBelow((high - low) / 50);
    return settingOf(this.curve.setting)?.type === 'integer' ? Math.max(1, step) : step;
  }

  scale() {
    const width = this.svg.clientWidth, inner = Math.max(1, width - MARGIN.left - MARGIN.right);
    const tall = HEIGHT - MARGIN.top - MARGIN.bottom, range = this.range();
    const start = Math.min(data.f[0] ?? 0, ...this.keys.map((key) => key.f)), end = Math.max(lastFrame(), start + 1, ...this.keys.map((key) => key.f));
    return {
      width, inner, tall, start, end,
      x: (frame) => MARGIN.left + (frame - start) / (end - start) * inner,
      y: (value) => MARGIN.top + (range.high - value) / (range.high - range.low) * tall,
      frame: (x) => start + (x - MARGIN.left) / inner * (end - start),
      value: (y) => range.high - (y - MARGIN.top) / tall * (range.high - range.low),
    };
  }

  draw() {
    if (!this.curve || !this.svg.clientWidth) return;
    const at = this.dragged?.scale ?? this.scale();
    let path = '', joined = false;
    this.curve.values.forEach((value, index) => {
      if (value !== null) path += `${joined ? 'L' : 'M'}${at.x(data.f[index]).toFixed(1)} ${clamp(at.y(value), -HEIGHT, 2 * HEIGHT).toFixed(1)}`;
      joined = value !== null;
    });
    this.line.setAttribute('d', path);
    for (const [name, value] of Object.entries({ x: MARGIN.left, width: at.inner, height: at.tall })) this.frame.setAttribute(name, value);
    const [high, low, first, last] = this.labels;
    const put = (label, x, y, anchor, text) => {
      for (const [name, value] of Object.entries({ x, y, 'text-anchor': anchor })) label.setAttribute(name, value);
      label.textContent = text;
    };
    put(high, MARGIN.left - 6, MARGIN.top + 9, 'end', short(Number(at.value(MARGIN.top).toPrecision(4))));
    put(low, MARGIN.left - 6, MARGIN.top + at.tall, 'end', short(Number(at.value(MARGIN.top + at.tall).toPrecision(4))));
    put(first, MARGIN.left, HEIGHT - 4, 'start', `frame ${short(at.start)}`);
    put(last, at.width - MARGIN.right, HEIGHT - 4, 'end', `frame ${short(at.end)}`);
    this.drawHandles(at);
  }

  drawHandles(at) {
    const written = this.written();
    while (this.handles.length > this.keys.length) this.handles.pop().remove();
    while (this.handles.length < this.keys.length) this.addHandle();
    this.current = clamp(this.current, 0, Math.max(0, this.keys.length - 1));
    this.handles.forEach((handle, index) => {
      const { f, value } = this.keys[index], number = written && this.numberSpan(written, index);
      handle.setAttribute('cx', at.x(f));
      handle.setAttribute('cy', value === null ? MARGIN.top + at.tall / 2 : at.y(value));
      handle.setAttribute('class', `handle${written ? '' : ' fixed'}${number ? '' : ' formula'}`);
      handle.setAttribute('aria-label', `${this.name}, keyframe ${index + 1} of ${this.keys.length}`);
      handle.setAttribute('aria-valuenow', f);
      handle.setAttribute('aria-valuetext', this.words(index, number));
      handle.setAttribute('aria-disabled', String(!written));
    });
    this.buttons.hidden = !written;
    this.note.textContent = !this.keys.length ? 'a formula: its text is changed in its field'
      : written ? '' : textOf(this.curve.setting) ? 'a part of a formula: it is changed in its field' : 'from another file: it is changed there';
    this.note.hidden = !this.note.textContent;
    this.say();
  }

  words(index, number) {
    const { f, value } = this.keys[index];
    return `frame ${short(f)} (${short(f / framesPerSecond())} s): ${number === null ? 'a formula, now ' : ''}${short(value)}`;
  }

  say() {
    const index = this.dragged?.index ?? this.handles.indexOf(document.activeElement);
    const written = index < 0 ? null : this.written();
    this.readout.textContent = index < 0 || !this.keys[index] ? '' : this.words(index, written && this.numberSpan(written, index));
  }

  addHandle() {
    const handle = drawn('circle', { r: HANDLE, tabindex: 0, role: 'slider' });
    const index = () => this.handles.indexOf(handle);
    handle.addEventListener('pointerdown', (event) => this.begin(event, index()));
    handle.addEventListener('pointermove', (event) => this.drag(event));
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) handle.addEventListener(end, () => this.end());
    handle.addEventListener('keydown', (event) => this.key(event, index()));
    handle.addEventListener('focus', () => { this.current = index(); this.say(); });
    handle.addEventListener('blur', () => this.say());
    handle.addEventListener('dblclick', (event) => event.stopPropagation());
    this.handles.push(handle);
    this.svg.append(handle);
  }

  begin(event, index) {
    if (event.button !== 0 || !this.written()) return;
    event.preventDefault();
    const handle = this.handles[index];
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const scale = this.scale(), { f, value } = this.keys[index];
    this.dragged = { index, scale, range: this.range(), x: event.clientX, y: event.clientY, f, value, step: this.step() / 10 };
  }

  drag(event) {
    const { dragged } = this;
    if (!dragged) return;
    const { scale } = dragged;
    const frame = dragged.f + (event.clientX - dragged.x) / scale.inner * (scale.end - scale.start);
    const value = dragged.value === null ? null : dragged.value - (event.clientY - dragged.y) / scale.tall * (dragged.range.high - dragged.range.low);
    this.put(dragged.index, frame, value, dragged.step);
  }

  end() {
    if (!this.dragged) return;
    this.dragged = null;
    this.draw();
    askSoon(0);
  }

  key(event, index) {
    const far = event.shiftKey ? FAR : 1, { f, value } = this.keys[index], step = this.step();
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, far], ArrowDown: [0, -far], PageUp: [0, FAR], PageDown: [0, -FAR] }[event.key];
    if (moves) this.put(index, f + moves[0], moves[1] && value !== null ? value + moves[1] * step : null, step);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.drop(index);
    else if (event.key === 'Insert' || event.key === '+') this.insertBehind(index);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whole frames, in order with the neighbours. */
  allowed(frame, index) {
    const before = this.keys[index - 1], after = this.keys[index + 1], { f } = this.keys[index];
    const low = before ? Math.floor(before.f) + 1 : Math.min(f, Math.ceil(data.f[0] ?? 0));
    const high = after ? Math.ceil(after.f) - 1 : Math.max(f, Math.floor(lastFrame()));
    return low > high ? f : clamp(Math.round(frame), low, high);
  }

  /** How a frame is written where another one is written like this. */
  placeText(frame, written, index) {
    const { field, all } = written, unit = unitOf(field, all[index]);
    if (!unit) return String(frame);
    const number = placeNumber(field, all[index]);
    const beats = Number.parseFloat(textOf('bpm') || '120') / 60;
    const frames = number ? this.keys[index].f / number : framesPerSecond() / (unit === 'b' ? beats : 1);
    return Number((frame / frames).toFixed(6)) + unit;
  }

  /** Moves a keyframe. `value`: null leaves it as it is. */
  put(index, frame, value, step) {
    const written = this.written();
    if (!written) return;
    const key = this.keys[index], to = this.allowed(frame, index), number = this.numberSpan(written, index);
    let { field } = written;
    const known = settingOf(this.curve.setting);
    const limited = value === null ? null : rounded(clamp(value, known?.minimum ?? -Infinity, known?.maximum ?? Infinity), step);
    // The value first, because it comes after the place in the text.
    const values = limited !== null && number !== null && limited !== key.value;
    if (values) field = replaced(field, number, String(limited));
    if (to !== key.f) field = replaced(field, written.all[index].place, this.placeText(to, written, index));
    if (field === written.field) return;
    key.f = to;
    if (values) key.value = limited;
    this.save(field);
  }

  save(field) {
    setText(this.curve.setting, field);
    this.draw();
    askSoon(this.dragged ? BETWEEN : PATIENCE / 4);
  }

  /** The curve's value at a frame, of each number that the setting is. */
  valuesAt(frame) {
    const all = this.curve.item === null ? [this.curve] : data.curves.filter((one) => one.setting === this.curve.setting && one.text === this.curve.text);
    let nearest = 0;
    data.f.forEach((f, index) => { if (Math.abs(f - frame) < Math.abs(data.f[nearest] - frame)) nearest = index; });
    const values = all.map(({ values: list }) => Number((list[nearest] ?? 0).toPrecision(6)));
    return this.curve.item === null ? String(values[0]) : `[${values.join(', ')}]`;
  }

  insertAt(event) {
    const written = this.written();
    if (!written) return;
    const at = this.scale(), box = this.svg.getBoundingClientRect();
    this.insert(Math.round(at.frame(event.clientX - box.left)), written);
  }

  insertBehind(index) {
    const written = this.written();
    if (!written) return;
    const { f } = this.keys[index], next = this.keys[index + 1]?.f ?? Math.max(lastFrame(), f + 2);
    this.insert(Math.round((f + next) / 2), written);
  }

  insert(frame, written) {
    if (this.keys.some((key) => Math.abs(key.f - frame) < 0.5)) return;
    const index = this.keys.filter((key) => key.f < frame).length - 1;
    const place = this.placeText(frame, written, Math.max(index, 0));
    const field = added(written.field, written, index, place, this.valuesAt(frame));
    this.keys.splice(index + 1, 0, { f: frame, value: null });
    const values = this.curve.values[data.f.findIndex((f) => f >= frame)];
    this.keys[index + 1].value = values ?? null;
    this.save(field);
    this.handles[index + 1].focus();
  }

  drop(index) {
    const written = this.written();
    if (!written || !this.keys[index]) return;
    const field = removed(written.field, written, index);
    this.keys.splice(index, 1);
    this.save(field);
    if (this.keys.length) this.handles[Math.min(index, this.keys.length - 1)].focus();
  }
}

function show() {
  const names = data.curves.map((curve) => curve.name);
  if (strips.length !== names.length || strips.some((strip, index) => strip.name !== names[index])) {
    const before = new Map(strips.map((strip) => [strip.name, strip]));
    strips = names.map((name) => before.get(name) ?? new Strip(name));
    const rows = strips.map((strip) => strip.row);
    for (const row of [...element('curves').children]) if (!rows.includes(row)) row.remove();
    rows.forEach((row, index) => {
      if (element('curves').children[index] !== row) element('curves').insertBefore(row, element('curves').children[index] ?? null);
    });
  }
  strips.forEach((strip, index) => strip.update(data.curves[index]));
  const left = data.unknown.length ? `; only the run knows ${data.unknown.join(', ')}` : '';
  element('curves-state').textContent = (names.length ? count(names.length, 'curve') : 'nothing varies') + left
    + (data.every > 1 ? `; one of ${data.every} frames is shown` : '');
  offer();
}

/** What may have keyframes and has none. */
function offer() {
  const choice = element('curve-new'), shown = new Set(data.curves.map((curve) => curve.setting));
  const names = schedulable().filter((name) => !shown.has(name));
  if (choice.dataset.names === names.join()) return;
  choice.dataset.names = names.join();
  choice.replaceChildren(make('option', { value: '' }, 'choose a setting'), ...names.map((value) => make('option', { value }, value)));
}

function begin(name) {
  const setting = settingOf(name), text = (textOf(name) || setting.default_text).trim();
  const value = setting.type === 'list' && !text.startsWith('[') ? `[${text}]` : text;
  setText(name, `0: (${value}), ${Math.max(1, Math.floor(lastFrame()))}: (${value})`);
  askSoon(0);
}

async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    const text = settingsText();
    const answer = text.trim() ? await ask('POST', '/api/curves', { settings: text }) : null;
    // What is written now is asked for next; this would bring back the keyframes of before, but for one that is dragged.
    if (settingsText() !== text && !strips.some((strip) => strip.dragged)) return;
    if (!answer) {
      element('curves-state').textContent = 'write under scenes what to make';
    } else if (answer.problems.length) {
      // The curves stay as they were before the mistake, which is shown beside its field.
      element('curves-state').textContent = `as before: ${count(answer.problems.length, 'problem')}`;
    } else {
      data = answer;
      show();
    }
  } finally {
    asking = false;
    if (again) { again = false; askSoon(BETWEEN); }
  }
}

function askSoon(patience = PATIENCE) {
  // What is typed puts a request off; what is dragged does not, again and again.
  if (!element('curves-group').open || hurried) return;
  clearTimeout(timer);
  hurried = patience < PATIENCE;
  timer = setTimeout(() => { hurried = false; attempt(refresh); }, patience);
}

export function buildCurves() {
  document.addEventListener('settings', () => askSoon());
  element('curves-group').addEventListener('toggle', () => askSoon(0));
  element('curve-new').addEventListener('change', () => {
    const name = element('curve-new').value;
    element('curve-new').value = '';
    if (name) begin(name);
  });
}
