// Small things that every module of the desk uses.

export const $ = (id) => document.getElementById(id);

export const ME = document.body.dataset.me;
export const ROLE = document.body.dataset.role;
export const ID = document.body.dataset.id;
export const CASE = `/helpline/conversations/${ID}`;

// Gives the answer's body; throws an Error with the service's own sentence.
export const post = async (path, body = {}) => {
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf },
  });
  if (answer.status === 401) location.assign("/helpline/sign-in");
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(told.detail ?? "That didn't work. Please try again."), { status: answer.status });
  return told;
};

let ahead = 0; // milliseconds by which the service's clock is ahead of this computer's

export const setClock = (now) => { ahead = Date.parse(now) - Date.now(); };

export const clockThere = () => Date.now() + ahead;

export const spelt = (length) => {
  const minutes = Math.max(0, Math.floor(length / 60000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

export const waited = (since) => spelt(clockThere() - Date.parse(since));

export const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });

export const show = (node, shown) => { node.hidden = !shown; };

// A stream of the service's; tells when it is lost and found again.
export const stream = (path, heard, lost) => {
  const source = new EventSource(path);
  for (const [name, hear] of Object.entries(heard)) source.addEventListener(name, (event) => hear(JSON.parse(event.data)));
  source.onopen = () => lost(false);
  source.onerror = async () => {
    lost(true);
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    const answer = await fetch("/helpline/knowledge", { method: "HEAD" }).catch(() => null);
    if (answer?.status === 401) location.assign("/helpline/sign-in");
    else setTimeout(() => stream(path, heard, lost), 2000);
  };
};
