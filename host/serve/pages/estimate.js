// What a run will take: time, memory, and the length of its film, and where each figure comes from.

import { ask, element, make, Refused } from './server.js';
import { hintIfEmpty, settingsText, tell } from './form.js';

export function duration(seconds) {
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toPrecision(2)) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// In a line, of what a check knows: "400 steps, about 3 min, a film of 12 s".
export function brief(answer) {
  const parts = [`${answer.steps} step${answer.steps === 1 ? '' : 's'}`];
  if (answer.time.seconds !== null) parts.push(`about ${duration(answer.time.seconds)}`);
  if (answer.film_seconds) parts.push(`a film of ${duration(answer.film_seconds)}`);
  return parts.join(', ');
}

export async function estimate() {
  if (hintIfEmpty()) return;
  const list = element('estimate');
  const row = (term, ...text) => make('div', {}, make('dt', {}, term), make('dd', {}, ...text));
  list.replaceChildren(row('Estimate', 'trying the first steps; this takes some seconds …'));
  list.hidden = false;
  element('estimate-start').disabled = true;
  try {
    const answer = await ask('POST', '/api/estimate', { settings: settingsText() });
    const seconds = answer.time.seconds;
    list.replaceChildren(...[
      row('Time', seconds === null ? 'cannot be said' : `about ${duration(seconds)}`,
        make('span', { className: 'quiet' }, seconds === null ? ` ${answer.source}`
          : ` ${answer.steps} steps of ${duration(answer.time.step_seconds)}; ${answer.source}. Loading models is not in it.`)),
      row('Memory', answer.memory.replace(/^peak memory: /, '') || 'cannot be said'),
      row('Makes', answer.film_seconds ? `${answer.pictures} frames, a film of ${duration(answer.film_seconds)}`
        : answer.pictures === 1 ? 'a picture' : `${answer.pictures} pictures of one that grows`),
      answer.problem ? row('Problem', answer.problem) : '',
    ]);
  } catch (error) {
    list.hidden = true;
    if (!(error instanceof Refused) || error.problems.length === 0) throw error;
    tell(error.problems, []);
  } finally {
    element('estimate-start').disabled = false;
  }
}
