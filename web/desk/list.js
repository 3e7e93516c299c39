// The list of conversations: what the service says has changed, in its order.
import { $, ID, ME, setClock, show, stream, waited } from "./dom.js";
import { element } from "../widget/element.js";
import { badge, ring } from "./sound.js";

// Who is in danger is called so whatever the reason; one that says danger is read where an adviser took the mark away.
const REASONS = { asked: "Asked for a person", danger: "Was marked as danger", not_understood: "Not understood", complaint: "Complaint",
  person_first: "Needs a person first", not_delivered: "Message not delivered", window_closed: "WhatsApp window closed", stepped_in: "Stepped in" };
const GROUPS = [
  ["mine", "Yours"], ["waiting", "Waiting"], ["with", "With colleagues"], ["later", "Want word later"], ["ring", "To be rung"],
  ["live", "With the assistant"],
];
const items = new Map();
let known = null; // who waited when the list came last

export const reasonOf = (reason) => REASONS[reason] ?? reason;
const groupOf = (item) => (item.state === "with" && item.staff_id === ME ? "mine" : item.state);
const first = (one, other) => other.urgent - one.urgent || one.since.localeCompare(other.since);

const row = (item) => {
  const waits = item.state === "waiting" || item.unanswered;
  const what = [item.topic, item.council].filter(Boolean).join(", ");
  return element("li", {}, element("a", { href: `/helpline/conversations/${item.id}`, class: item.urgent ? "item urgent" : "item",
    "aria-current": item.id === ID && "page" },
  element("span", { class: "who" }, element("strong", {}, `Carer ${item.label}`),
    item.urgent ? element("b", { class: "flag" }, "Danger") : item.reason && element("span", { class: "why" }, reasonOf(item.reason))),
  what && element("span", { class: "what" }, what),
  element("span", { class: "how" }, `${item.channel === "web" ? "Web" : item.channel === "sms" ? "Text message" : item.channel === "whatsapp" ? "WhatsApp" : item.channel}`,
    item.staff && item.staff_id !== ME && `, with ${item.staff}`,
    waits && element("time", { "data-since": item.unanswered ?? item.since, class: item.unanswered ? "late" : "" }, waited(item.unanswered ?? item.since)))));
};

const render = () => {
  const list = $("list"), focused = document.activeElement?.closest("#list a")?.getAttribute("href");
  const all = [...items.values()].sort(first);
  const made = GROUPS.map(([group, title]) => {
    const inside = all.filter((item) => groupOf(item) === group);
    if (!inside.length && group !== "waiting") return null;
    return element("section", { class: group, "aria-labelledby": `group-${group}` },
      element("h3", { id: `group-${group}` }, title, " ", element("span", { class: "count" }, inside.length)),
      inside.length ? element("ul", {}, inside.map(row)) : element("p", { class: "hint" }, "Nobody is waiting."));
  });
  list.replaceChildren(...made.filter(Boolean));
  if (focused) list.querySelector(`a[href="${focused}"]`)?.focus({ preventScroll: true });
};

const notice = () => {
  const waiting = [...items.values()].filter((item) => item.state === "waiting");
  badge(waiting.length);
  const fresh = known === null ? [] : waiting.filter((item) => !known.has(item.id));
  if (fresh.length) {
    const urgent = fresh.some((item) => item.urgent);
    $("news").textContent = urgent ? "A carer in danger is waiting." : "A carer is waiting.";
    ring(urgent);
  }
  known = new Set(waiting.map((item) => item.id));
};

const told = ({ state, until, staff }) => {
  const here = staff.filter((one) => one.here).map((one) => one.name);
  const names = here.length ? `Here: ${here.join(", ")}.` : "Nobody takes conversations.";
  $("desk-state").textContent = { there: `Open until ${until}. ${names}`, nobody: `Open hours until ${until}. ${names}`, shut: `Shut now. ${names}` }[state] ?? "";
  document.body.dataset.desk = state;
};

export const next = () => {
  const waiting = [...items.values()].filter((item) => item.state === "waiting" && item.id !== ID).sort(first)[0];
  if (waiting) location.assign(`/helpline/conversations/${waiting.id}`);
};

export const setUpList = () => {
  stream("/helpline/events", {
    list: (news) => {
      setClock(news.now);
      for (const gone of news.gone) items.delete(gone);
      for (const item of news.items) items.set(item.id, item);
      render();
      notice();
      told(news.desk);
      document.body.dataset.listed = String(Number(document.body.dataset.listed ?? 0) + 1);
    },
  }, (lost) => {
    show($("connection"), lost);
    if (!lost) items.clear(); // all of it comes anew
  });
  setInterval(() => document.querySelectorAll("#list time").forEach((time) => { time.textContent = waited(time.dataset.since); }), 10000);
};
