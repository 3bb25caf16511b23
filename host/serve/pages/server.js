// Requests to the server, and small things that all parts of the studio need.

export class Refused extends Error {
  constructor(status, answer) {
    super(answer.error ?? `the server answers ${status}`);
    this.status = status;
    this.problems = answer.problems ?? [];
  }
}

export async function ask(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = body instanceof Blob ? body : JSON.stringify(body);
    options.headers = { 'Content-Type': body instanceof Blob ? 'application/octet-stream' : 'application/json' };
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(0, { error: 'the server cannot be reached' });
  }
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

export const element = (id) => document.getElementById(id);

// make('p', {className: 'quiet'}, 'text', child): texts are never taken for HTML.
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'for' || name === 'role' || name === 'list') made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

// Whatever fails is shown at the top of the page until something works again.
export async function attempt(work) {
  const trouble = element('trouble');
  try {
    const result = await work();
    trouble.hidden = true;
    return result;
  } catch (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    return undefined;
  }
}

export const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
