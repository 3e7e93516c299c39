// The desk's page: the list, whether the adviser takes conversations, and the conversation that is open.
import { $, ID, post } from "./dom.js";
import { next, setUpList } from "./list.js";
import { claim, setUpConversation } from "./conversation.js";
import { setUpSound } from "./sound.js";

const here = $("here");
here.addEventListener("click", async () => {
  const wanted = here.getAttribute("aria-pressed") !== "true";
  if (await post("/helpline/here", { here: wanted }).catch(() => null)) here.setAttribute("aria-pressed", String(wanted));
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const does = { KeyN: next, KeyT: ID && claim, KeyM: ID && (() => $("text").focus()) }[event.code];
  if (!does) return;
  event.preventDefault();
  does();
});

["here", "sound"].forEach((id) => { $(id).disabled = false; }); // before, a click would have been lost
setUpSound();
setUpList();
if (ID) setUpConversation();
