// What is kept on the device: in the tab alone, unless the carer asks to be remembered.
// {conversation: {id, token}, outbox: [messages on their way], draft}
const KEY = "kinship-signpost";

// Storage throws where the browser forbids it; then the page is all the memory there is.
const attempt = (action) => {
  try {
    return action();
  } catch {
    return null;
  }
};

export const load = () => attempt(() => JSON.parse(sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY))) ?? {};

export const remembering = () => attempt(() => localStorage.getItem(KEY) !== null) ?? false;

export const save = (kept, remember = remembering()) => attempt(() => {
  sessionStorage.setItem(KEY, JSON.stringify(kept));
  if (remember) localStorage.setItem(KEY, JSON.stringify({ conversation: kept.conversation }));
  else localStorage.removeItem(KEY);
});

export const wipe = () => {
  attempt(() => sessionStorage.removeItem(KEY));
  attempt(() => localStorage.removeItem(KEY));
};
