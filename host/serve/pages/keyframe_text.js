// Keyframes in the text of a setting: where the parts of each one stand, and the text with one of them changed. What
// is not changed stays as it was written.
//
// They are written in three ways: `0: 1 in_sine, 60: (2)`, also in brackets; as a list, `[{frame: 0, value: 1, ease:
// in_sine}, {frame: 60, value: 2}]`; and as a map, `{0: 1, 60: 2}`.

const CLOSED_BY = { '(': ')', '[': ']', '{': '}' };
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const EASE = /\s((linear|step|cubic|bezier\s*\([^()]*\)|(in|out|in_out)_(sine|quad|cubic|quart|quint|expo|circ|back|elastic|bounce)))$/;

const read = (text, { from, to }) => text.slice(from, to);

/** The same without space around it. */
function trimmed(text, { from, to }) {
  while (from < to && /\s/.test(text[from])) from += 1;
  while (to > from && /\s/.test(text[to - 1])) to -= 1;
  return { from, to };
}

/** Without the quotes around it. */
function unquoted(text, span) {
  const { from, to } = trimmed(text, span);
  const quote = text[from];
  return to - from > 1 && (quote === '"' || quote === "'") && text[to - 1] === quote ? { from: from + 1, to: to - 1 } : { from, to };
}

/** Calls `each(place)` for the characters outside of brackets and quotes; where it answers true, that is the result. */
function outside(text, { from, to }, each) {
  const open = [];
  let quote = '';
  for (let at = from; at < to; at += 1) {
    const letter = text[at];
    if (quote) {
      if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'") {
      quote = letter;
    } else if (CLOSED_BY[letter]) {
      open.push(CLOSED_BY[letter]);
    } else if (letter === open[open.length - 1]) {
      open.pop();
      if (!open.length && each(at)) return at;
    } else if (!open.length && each(at)) {
      return at;
    }
  }
  return -1;
}

/** Spans of what commas separate. */
function items(text, span) {
  const result = [];
  let from = span.from;
  const end = (to) => {
    const item = trimmed(text, { from, to });
    if (item.from < item.to) result.push(item);
    from = to + 1;
  };
  outside(text, span, (at) => { if (text[at] === ',') end(at); return false; });
  end(span.to);
  return result;
}

/** What is between brackets of this kind that are around the whole; nothing where there are none. */
function within(text, span, bracket) {
  const whole = trimmed(text, span);
  if (text[whole.from] !== bracket || text[whole.to - 1] !== CLOSED_BY[bracket]) return null;
  // The first bracket has to be closed by the last one.
  const end = outside(text, whole, (at) => text[at] === CLOSED_BY[bracket]);
  return end === whole.to - 1 ? { from: whole.from + 1, to: whole.to - 1 } : null;
}

/** [name, value] on both sides of a colon. */
function pair(text, span) {
  const colon = outside(text, span, (at) => text[at] === ':');
  return colon < 0 ? null : [unquoted(text, { from: span.from, to: colon }), trimmed(text, { from: colon + 1, to: span.to })];
}

/** Spans of the numbers of a value; null for one that is a formula. */
function numbers(text, value) {
  const list = within(text, value, '[');
  return (list ? items(text, list) : [value]).map((span) => (NUMBER.test(read(text, span)) ? span : null));
}

function ofExpression(text, item) {
  const parts = pair(text, item);
  if (!parts) return null;
  const [place, rest] = parts;
  const ease = EASE.exec(read(text, rest));
  const value = trimmed(text, ease ? { from: rest.from, to: rest.from + ease.index } : rest);
  const inner = within(text, value, '(');
  return { item, place, value: inner ? trimmed(text, inner) : value, end: value.to };
}

function ofList(text, item) {
  const found = {};
  for (const member of items(text, within(text, item, '{'))) {
    const parts = pair(text, member);
    if (parts) found[read(text, parts[0])] = unquoted(text, parts[1]);
  }
  return found.frame && found.value ? { item, place: found.frame, value: found.value } : null;
}

function ofMap(text, item) {
  const parts = pair(text, item);
  return parts && { item, place: parts[0], value: unquoted(text, parts[1]), end: item.to };
}

/** {style, all: [{item, place, value, numbers}]}; null where the text is anything but keyframes. */
export function keyframesIn(text, span = { from: 0, to: text.length }) {
  const map = within(text, span, '{'), brackets = within(text, span, '[');
  const inner = map ?? brackets ?? span;
  const found = items(text, inner);
  const style = map ? 'map' : found.length && found.every((item) => within(text, item, '{')) ? 'list' : 'expression';
  const take = { map: ofMap, list: ofList, expression: ofExpression }[style];
  const all = found.map((item) => take(text, item));
  if (!all.length || all.includes(null)) return null;
  for (const one of all) one.numbers = numbers(text, one.value);
  return { style, all };
}

export const replaced = (text, span, by) => text.slice(0, span.from) + by + text.slice(span.to);

/** 's', 'b', '' for frames; null for a formula. */
export function unitOf(text, keyframe) {
  const [, number, unit] = /^(.*?)\s*([sb]?)$/.exec(read(text, keyframe.place));
  return NUMBER.test(number) ? unit : null;
}

/** The number of the place, without its unit. */
export const placeNumber = (text, keyframe) => Number.parseFloat(read(text, keyframe.place));

export function removed(text, { all }, index) {
  if (all.length === 1) return read(text, all[0].value);
  return index + 1 < all.length ? text.slice(0, all[index].item.from) + text.slice(all[index + 1].item.from)
    : text.slice(0, all[index - 1].item.to) + text.slice(all[index].item.to);
}

/** With one more behind that of `index`, or before all of them at -1, written as its neighbour is. */
export function added(text, { style, all }, index, place, value) {
  const like = all[Math.max(index, 0)];
  const made = style === 'list' ? `{frame: ${place}, value: ${value}}`
    : text.slice(like.item.from, like.place.from) + place + text.slice(like.place.to, like.value.from) + value
      + text.slice(like.value.to, like.end);
  const between = all.length > 1 ? text.slice(all[0].item.to, all[1].item.from) : ', ';
  return index < 0 ? text.slice(0, all[0].item.from) + made + between + text.slice(all[0].item.from)
    : text.slice(0, all[index].item.to) + between + made + text.slice(all[index].item.to);
}

const plainInFlow = (text) => /^[^\s,[\]{}:#&*!|>'"%@`][^,[\]{}:#'"]*$/.test(text) && text === text.trim();
const flowItem = (value) => (Array.isArray(value) ? `[${value.map(flowItem).join(', ')}]` : plainInFlow(String(value)) ? String(value) : JSON.stringify(String(value)));
const MEMBERS = ['frame', 'value', 'ease'];
// Objects do not keep the order of their members: those of a keyframe have one, and places of one unit are numbers.
function ordered(group) {
  const entries = Object.entries(group), units = new Set(entries.filter(([name]) => name !== '0').map(([name]) => /^[-+.\d]+\s*([sb]?)$/.exec(name)?.[1] ?? 'other'));
  if (entries.every(([name]) => MEMBERS.includes(name))) entries.sort(([a], [b]) => MEMBERS.indexOf(a) - MEMBERS.indexOf(b));
  else if (units.size === 1 && !units.has('other')) entries.sort(([a], [b]) => Number.parseFloat(a) - Number.parseFloat(b));
  return entries;
}
const flowMap = (group) => `{${ordered(group).map(([name, value]) => `${flowItem(name)}: ${flowItem(value)}`).join(', ')}}`;

/** Keyframes of a settings file, [{frame: 0, value: 1}, ...] or {0: 1, 60: 2}, as a line of YAML. */
export const asLine = (value) => (Array.isArray(value) ? `[${value.map(flowMap).join(', ')}]` : flowMap(value));

/** Whether a text is such a line, and no expression. */
export const isLine = (text) => /^\s*(\[\s*)?\{/.test(text);
