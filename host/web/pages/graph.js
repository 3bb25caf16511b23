// A graph of series over steps: axes with values, a legend that switches series off and on, and a cursor that
// the pointer and the arrow keys move.
//
// A column is [first step, last step, series, mean, low, high, series, mean, low, high, ...], as the server
// sends it. Where a column stands for several steps, a pale band shows their lowest and highest values.

const MARGIN = { left: 52, right: 12, top: 10, bottom: 24 };

/** 1, 2 or 5 times a power of ten, so that about `count` of them make up `range`. */
function niceStep(range, count) {
  const power = 10 ** Math.floor(Math.log10(range / count));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => range / step <= count);
}

/** Few digits, but enough to tell neighbours on an axis apart. */
function label(value, step) {
  if (value === 0) return '0';
  if (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toFixed(Math.max(0, Math.min(8, -Math.floor(Math.log10(step)))));
}

export function short(value) {
  return value === null || value === undefined ? '–' : String(Number(value.toPrecision(4)));
}

export class Graph {
  /** `holder`: the element to draw in; `shows`: which series belong here, given {name, kind}. */
  constructor(holder, title, shows) {
    this.holder = holder;
    this.title = title;
    this.shows = shows;
    this.columns = [];
    this.series = [];
    this.hidden = new Set();
    this.cursor = null; // index of a column
    this.canvas = document.createElement('canvas');
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'img');
    this.readout = document.createElement('p');
    this.readout.className = 'quiet readout';
    this.readout.setAttribute('aria-live', 'polite');
    this.legend = document.createElement('ul');
    this.legend.className = 'legend';
    holder.append(this.canvas, this.readout, this.legend);
    this.canvas.addEventListener('pointermove', (event) => this.point(event));
    this.canvas.addEventListener('pointerleave', () => this.moveTo(null));
    this.canvas.addEventListener('blur', () => this.moveTo(null));
    this.canvas.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.redraw(); this.swatches(); });
  }

  /** New data: arrays that the caller may go on changing. */
  update(columns, series) {
    const known = this.series.length;
    this.columns = columns;
    this.series = series.map((one, index) => ({ ...one, index })).filter(this.shows);
    this.holder.hidden = this.series.length === 0;
    if (this.series.length !== known) this.rebuildLegend();
    if (this.cursor !== null && this.cursor >= columns.length) this.cursor = null;
    this.redraw();
  }

  /** Clears everything, as for another run. */
  clear() {
    this.hidden.clear();
    this.cursor = null;
    this.series = [];
    this.rebuildLegend();
  }

  colours() {
    return getComputedStyle(document.documentElement).getPropertyValue('--series').trim().split(/\s+/);
  }

  rebuildLegend() {
    this.legend.replaceChildren(...this.series.map((one, place) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.title = one.name;
      button.setAttribute('aria-pressed', String(!this.hidden.has(one.index)));
      const swatch = document.createElement('canvas');
      swatch.width = swatch.height = 1;
      swatch.dataset.place = place;
      const name = document.createElement('span');
      name.className = 'name';
      name.textContent = one.name;
      const value = document.createElement('span');
      value.className = 'value';
      button.append(swatch, name, value);
      button.addEventListener('click', () => {
        this.hidden.has(one.index) ? this.hidden.delete(one.index) : this.hidden.add(one.index);
        button.setAttribute('aria-pressed', String(!this.hidden.has(one.index)));
        this.redraw();
      });
      const item = document.createElement('li');
      item.append(button);
      return item;
    }));
    this.swatches();
  }

  swatches() {
    const colours = this.colours();
    for (const swatch of this.legend.querySelectorAll('canvas')) {
      const pen = swatch.getContext('2d');
      pen.fillStyle = colours[swatch.dataset.place % colours.length];
      pen.fillRect(0, 0, 1, 1);
    }
  }

  /** [mean, low, high] of a series in a column; null where it has none. */
  static range(column, series) {
    for (let i = 2; i < column.length; i += 4)
      if (column[i] === series) return column.slice(i + 1, i + 4);
    return null;
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  draw() {
    const { canvas, columns } = this;
    const scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = canvas.getContext('2d');
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(document.documentElement), colours = this.colours();
    const ink = style.getPropertyValue('--quiet'), line = style.getPropertyValue('--line');
    const visible = this.series.map((one, place) => ({ ...one, colour: colours[place % colours.length] }))
      .filter((one) => !this.hidden.has(one.index));

    let low = Infinity, high = -Infinity;
    const lines = visible.map((one) => ({ ...one, points: [] }));
    columns.forEach((column, index) => {
      const x = (column[0] + column[1]) / 2;
      for (const each of lines) {
        const range = Graph.range(column, each.index);
        each.points.push(range && { x, index, mean: range[0], low: range[1], high: range[2] });
        if (range) { low = Math.min(low, range[1]); high = Math.max(high, range[2]); }
      }
    });
    this.tellValues(visible);
    canvas.setAttribute('aria-label', `${this.title}: ${this.series.map((one) => one.name).join(', ')}. ` +
      'The arrow keys move along the steps.');
    if (!columns.length || low > high) return;
    if (high - low < 1e-9) { low -= Math.abs(low) * 0.05 + 1e-6; high += Math.abs(high) * 0.05 + 1e-6; }
    const room = (high - low) * 0.05;
    low = low >= 0 && low - room < 0 ? 0 : low - room;
    high += room;
    const start = columns[0][0], end = Math.max(columns[columns.length - 1][1], start + 1);
    const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
    const toX = (step) => MARGIN.left + (step - start) / (end - start) * inner.width;
    const toY = (value) => MARGIN.top + (high - value) / (high - low) * inner.height;
    this.toStep = (x) => start + (x - MARGIN.left) / inner.width * (end - start);

    pen.font = `12px ${style.fontFamily || 'sans-serif'}`;
    pen.fillStyle = ink;
    pen.strokeStyle = line;
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    pen.textBaseline = 'middle';
    const stepY = niceStep(high - low, 5);
    for (let value = Math.ceil(low / stepY) * stepY; value <= high; value += stepY) {
      const y = Math.round(toY(value)) + 0.5;
      pen.beginPath();
      pen.moveTo(MARGIN.left, y);
      pen.lineTo(width - MARGIN.right, y);
      pen.stroke();
      pen.fillText(label(Math.abs(value) < stepY / 1e6 ? 0 : value, stepY), MARGIN.left - 7, y);
    }
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const labels = Math.floor(inner.width / (24 + 9 * String(end).length));
    const stepX = Math.max(1, niceStep(end - start, Math.max(2, labels)));
    for (let step = Math.ceil(start / stepX) * stepX; step <= end; step += stepX)
      pen.fillText(String(step), Math.min(toX(step), width - MARGIN.right - 4 * String(step).length),
        height - MARGIN.bottom + 6);

    for (const each of lines) this.drawLine(pen, each, toX, toY);
    if (this.cursor !== null && columns[this.cursor]) {
      const column = columns[this.cursor], x = Math.round(toX((column[0] + column[1]) / 2)) + 0.5;
      pen.strokeStyle = ink;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(x, MARGIN.top);
      pen.lineTo(x, height - MARGIN.bottom);
      pen.stroke();
    }
  }

  drawLine(pen, { points, colour }, toX, toY) {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineJoin = 'round';
    // Where a series is not there for a while, its line has a gap.
    for (let from = 0; from < points.length;) {
      if (!points[from]) { from += 1; continue; }
      let to = from;
      while (to + 1 < points.length && points[to + 1]) to += 1;
      const run = points.slice(from, to + 1);
      pen.globalAlpha = 0.25;
      pen.beginPath();
      run.forEach((point) => pen.lineTo(toX(point.x), toY(point.high)));
      run.reverse().forEach((point) => pen.lineTo(toX(point.x), toY(point.low)));
      pen.fill();
      pen.lineWidth = 0.5;
      pen.stroke(); // a spike of a single step is as thin as a hair
      pen.lineWidth = 1.6;
      pen.globalAlpha = 1;
      pen.beginPath();
      run.forEach((point) => pen.lineTo(toX(point.x), toY(point.mean)));
      pen.stroke();
      if (run.length === 1) pen.fillRect(toX(run[0].x) - 1.5, toY(run[0].mean) - 1.5, 3, 3);
      from = to + 1;
    }
  }

  /** The legend's values: at the cursor, or the newest. */
  tellValues(visible) {
    const column = this.columns[this.cursor === null ? this.columns.length - 1 : this.cursor];
    this.legend.querySelectorAll('.value').forEach((element, place) => {
      const one = this.series[place];
      const range = column && visible.some((other) => other.index === one.index) && Graph.range(column, one.index);
      element.textContent = range ? short(range[0]) : '';
    });
    this.tellCursor();
  }

  tellCursor() {
    const column = this.cursor === null ? null : this.columns[this.cursor];
    const steps = !column ? '' : column[0] === column[1] ? `Step ${column[0]}` : `Mean of steps ${column[0]} to ${column[1]}`;
    if (this.readout.textContent !== steps) this.readout.textContent = steps;
  }

  moveTo(index) {
    this.cursor = index === null ? null : Math.max(0, Math.min(this.columns.length - 1, index));
    this.tellCursor();
    this.redraw();
  }

  point(event) {
    if (!this.toStep || !this.columns.length) return;
    const step = this.toStep(event.offsetX);
    let nearest = 0;
    this.columns.forEach((column, index) => {
      const far = (other) => Math.abs((other[0] + other[1]) / 2 - step);
      if (far(column) < far(this.columns[nearest])) nearest = index;
    });
    this.moveTo(nearest);
  }

  key(event) {
    const last = this.columns.length - 1, at = this.cursor === null ? last : this.cursor;
    const far = Math.max(1, Math.round(this.columns.length / 20));
    const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - far, PageDown: at + far, Home: 0, End: last }[event.key];
    if (goal === undefined || last < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.moveTo(goal);
  }
}
