// The card with fields and sliders for the settings that can change while the run goes.

/** The parts of `text` between `mark`s that stand in no brackets. */
export function pieces(text, mark) {
  const parts = [''];
  let depth = 0;
  for (const letter of text) {
    if ('([{'.includes(letter)) depth += 1;
    if (')]}'.includes(letter)) depth -= 1;
    if (letter === mark && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

const isNumber = (text) => /^\s*-?(\d+\.?\d*|\.\d+)\s*$/.test(text);

/** The prompts of a text, each with its weight where that is a plain number. */
export function promptsOf(text) {
  return pieces(text, '|').map((written, index) => {
    const parts = pieces(written, ':');
    const number = parts.length < 2 ? 1 : isNumber(parts[1]) ? Number(parts[1]) : null;
    return { index, words: parts[0].trim(), weight: parts[0].trim() ? number : null };
  }).filter((prompt) => prompt.weight !== null);
}

/** `text` with another weight for the prompt of this index. */
export function withWeight(text, index, weight) {
  const all = pieces(text, '|');
  const parts = pieces(all[index], ':');
  const end = parts.length < 2 ? parts[0].match(/\s*$/)[0] : '';
  if (parts.length < 2) parts[0] = parts[0].trimEnd();
  parts[1] = `${weight}${end}`;
  all[index] = parts.join(':');
  return all.join('|');
}

/** Where a slider ends: where the declaration says so, or at twice the value. */
function ends(value, low, high) {
  const reach = 2 * Math.abs(value) || 1;
  return [low ?? (value < 0 || low === undefined ? -reach : 0), high ?? reach];
}

export class Changes {
  /** `send(settings)` resolves to an error or to an empty text. */
  constructor(card, list, send) {
    this.card = card;
    this.list = list;
    this.send = send;
    this.shown = '';
    this.waiting = null; // what is to be sent when the answer to the last one is there
    this.busy = false;
  }

  /** Whoever is typing is not disturbed. */
  update(values, enabled) {
    this.card.hidden = !values.length;
    const now = JSON.stringify(values);
    if (now !== this.shown && !this.list.contains(document.activeElement)) {
      this.shown = now;
      this.list.replaceChildren(...values.flatMap((value) => this.rows(value)));
    }
    for (const field of this.list.querySelectorAll('input, textarea')) field.disabled = !enabled;
  }

  rows(setting) {
    const rows = [this.row(setting.name, setting.help, setting.value, setting.number && isNumber(setting.value)
      ? ends(Number(setting.value), setting.low, setting.high) : null, !setting.number,
    (value) => this.change(setting.name, value))];
    if (setting.name !== 'scenes') return rows;
    for (const prompt of promptsOf(setting.value)) {
      rows.push(this.row(`weight of ${prompt.words}`, 'a number; more in the text above', String(prompt.weight), ends(prompt.weight), false,
        (value) => this.change('scenes', withWeight(this.text ?? setting.value, prompt.index, value))));
    }
    return rows;
  }

  row(name, help, value, range, long, changed) {
    const row = document.createElement('div'), label = document.createElement('label');
    const field = document.createElement(long ? 'textarea' : 'input');
    row.className = long ? 'change long' : 'change';
    field.value = value;
    field.dataset.setting = name;
    field.title = help;
    field.spellcheck = false;
    field.addEventListener('change', () => changed(field.value));
    label.append(name, field);
    row.append(label);
    if (range) {
      const slider = document.createElement('input');
      slider.type = 'range';
      [slider.min, slider.max] = range;
      slider.step = 'any';
      slider.value = value;
      slider.setAttribute('aria-label', `${name}, as a slider`);
      slider.addEventListener('input', () => { field.value = String(Number(Number(slider.value).toPrecision(4))); });
      slider.addEventListener('change', () => changed(field.value));
      row.append(slider);
    }
    return row;
  }

  /** One request at a time; of what comes meanwhile, the last values count. */
  async change(name, value) {
    if (name === 'scenes') this.text = value;
    this.waiting = { ...this.waiting, [name]: value };
    if (this.busy) return;
    this.busy = true;
    while (this.waiting) {
      const settings = this.waiting;
      this.waiting = null;
      await this.send(settings);
    }
    this.text = undefined;
    this.busy = false;
  }
}
