// The open conversation: its lines as they come, the card, and everything the adviser does.
import { $, CASE, clock, clockThere, ID, ME, post, ROLE, show, spelt, stream, waited } from "./dom.js";
import { element } from "../widget/element.js";
import { reasonOf } from "./list.js";
import { formatted, segments } from "./text.js";

const NAMES = { carer: "Carer", assistant: "Assistant", system: "To the carer", helpline: "Helpline" };
const CHANNELS = { web: "on the web", sms: "by text message", whatsapp: "by WhatsApp", telegram: "by Telegram" };
const MOST_NEEDS = 6;
const DAY = 24 * 3600 * 1000;
const FACTS = ["arrangement", "authority", "relationship", "child_age", "previously_looked_after"];
let card = null, wanted = null, saving = Promise.resolve(), draftKey = crypto.randomUUID(), typedAt = 0, typingUntil = 0;

const line = (said) => {
  const log = $("log"), atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const made = element("article", { class: `line ${said.from}${said.urgent ? " urgent" : ""}`, "data-id": said.id },
    element("p", { class: "who" }, said.by ?? NAMES[said.from], " ", element("time", { datetime: said.at }, clock(said.at))),
    formatted(said.text),
    said.options.length > 0 && element("p", { class: "offered" }, `Buttons: ${said.options.join(" · ")}`),
    said.answers.length > 0 && element("p", { class: "entries" }, "From ", [...new Set(said.answers.map((one) => one.entry))].join(", "),
      `, checked ${said.answers[0].checked_on}`, said.feedback && ` · Carer: ${said.feedback.replace("_", " ")}`));
  log.append(made);
  if (atEnd) log.scrollTop = log.scrollHeight;
  if (said.from === "carer") typing(false);
};

const typing = (on) => {
  typingUntil = on ? Date.now() + 6000 : 0;
  $("typing").textContent = on ? "The carer is typing" : "";
  if (on) setTimeout(() => { if (Date.now() >= typingUntil) $("typing").textContent = ""; }, 6100);
};

const about = () => {
  const told = [CHANNELS[card.channel] ?? card.channel];
  if (card.reason) told.unshift(card.urgent ? "Danger" : reasonOf(card.reason));
  if (card.staff_id) told.push(card.staff_id === ME ? "with you" : `with ${card.staff}`);
  else if (card.mode === "waiting") told.push(`waits ${waited(card.since)}`);
  else told.push("with the assistant");
  if (card.unanswered && card.staff_id) told.push(`no answer for ${waited(card.unanswered)}`);
  if (card.channel === "whatsapp" && card.wrote_at) {
    const left = Date.parse(card.wrote_at) + DAY - clockThere();
    told.push(left > 0 ? `WhatsApp lets you write for ${spelt(left)} more` : "WhatsApp's 24 hours are over: she is asked to write first");
  }
  if (card.opted_out) told.push("has said STOP: nothing is sent");
  $("about").textContent = told.join(" · ");
};

const needs = () => wanted ?? card.needs; // as they will be once all that was clicked is kept

const fillNeeds = () => {
  const mine = card.staff_id === ME, list = $("needs"), buttons = () => [...list.querySelectorAll("button")];
  const at = buttons().indexOf(document.activeElement), label = buttons()[at]?.getAttribute("aria-label");
  list.replaceChildren(...needs().map(({ topic, title }) => element("li", {}, title,
    mine && element("button", { type: "button", "aria-label": `Take away: ${title}`, onclick: () => setNeeds((known) => known.filter((one) => one.topic !== topic)) }, "×"))));
  if (at < 0) return;
  const now = buttons(); // who had one of them keeps it, or gets the one in its place
  (now.find((one) => one.getAttribute("aria-label") === label) ?? now[Math.min(at, now.length - 1)] ?? $("add-need")).focus({ preventScroll: true });
};

const fill = () => {
  const mine = card.staff_id === ME;
  show($("claim"), !card.staff_id);
  for (const id of ["open-transfer", "open-close"]) show($(id), mine);
  if (!mine) ["transfer", "close"].forEach((id) => show($(id), false));
  const deletes = mine || ROLE === "supervisor";
  show($("open-forget"), deletes);
  if (!deletes) show($("forget"), false);
  for (const id of ["text", "send", "saved", "urgent", "add-need", ...FACTS]) $(id).disabled = !mine;
  $("text").placeholder = mine ? "" : "Take the conversation to write in it";
  for (const fact of FACTS) {
    const field = $(fact), value = card.facts[fact];
    if (field === document.activeElement) continue;
    field.value = value == null ? "" : Array.isArray(value) ? value.join(", ") : String(value);
  }
  $("sure").textContent = !card.facts.arrangement ? "" : card.sure === "worked_out" ? "worked out from the answers" : "said by the carer or set here";
  $("urgent").checked = card.urgent;
  $("of-child").textContent = card.child ? ` of “${card.child}”` : "";
  fillNeeds();
  $("notes").replaceChildren(...card.notes.map((note) => element("li", {}, element("strong", {}, `${note.by}, ${clock(note.at)}`), " ", note.text)));
  const to = $("to"), chosen = to.value;
  to.replaceChildren(element("option", { value: "" }, "Back into the queue"), ...card.colleagues.map((one) => element("option", { value: one.id }, one.name)));
  to.value = card.colleagues.some((one) => one.id === chosen) ? chosen : "";
  about();
};

const tell = (error) => {
  const wrong = $("wrong");
  wrong.textContent = error?.message ?? "";
  show(wrong, Boolean(error));
};

const act = async (path, body) => {
  try {
    const answer = await post(`${CASE}/${path}`, body);
    tell(null);
    return answer;
  } catch (error) {
    tell(error instanceof TypeError ? new Error("The connection is lost. Your words are kept: try again.") : error);
    return null;
  }
};

const count = () => {
  const text = $("text").value, { length, parts } = segments(text);
  $("count").textContent = !text ? "" : card?.channel === "sms" ? `${length} characters, ${parts} ${parts === 1 ? "text" : "texts"}` : `${[...text].length} characters`;
};

const send = async (event) => {
  event?.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("send").disabled = true;
  if (await act("reply", { text, key: draftKey })) { // after a lost answer the same key is sent again, and says it once
    $("text").value = "";
    draftKey = crypto.randomUUID();
    count();
  }
  $("send").disabled = card?.staff_id !== ME;
  $("text").focus();
};

const typed = () => {
  count();
  if (Date.now() - typedAt < 3000 || card?.channel !== "web") return;
  typedAt = Date.now();
  post(`${CASE}/typing`).catch(() => {});
};

const change = async (fact) => {
  const raw = $(fact).value.trim();
  const value = fact === "child_age" ? (raw.match(/\d+/g) ?? []).map(Number) : fact === "previously_looked_after" && raw ? raw === "true" : raw || null;
  await correct({ [fact]: value });
};

const correct = (changed) => saving = saving.then(async () => { // one after the other, so that the last click counts
  const kept = await act("facts", changed);
  $("saved-fact").textContent = kept ? "Kept. The assistant knows it too." : "";
  if (!kept) fill(); // what is shown is what is so
  return Boolean(kept);
});

const setNeeds = async (change) => {
  const mine = wanted = change(needs());
  fillNeeds();
  const kept = await correct({ needs: mine.map((need) => need.topic) });
  if (wanted !== mine) return; // something was clicked after it
  if (kept) card.needs = mine;
  wanted = null;
  fillNeeds();
};

const find = async (event) => {
  event?.preventDefault();
  const asked = new URLSearchParams({ q: $("q").value, topic: $("topic").value, id: ID });
  if ($("council").value !== "carer") asked.set("council", $("council").value);
  const { topics } = await (await fetch(`/helpline/knowledge?${asked}`)).json();
  $("found").textContent = topics.length ? `${topics.length} ${topics.length === 1 ? "topic" : "topics"}` : "Nothing found. Try other words, or a topic.";
  $("entries").replaceChildren(...topics.map((topic, number) => element("details", { open: number === 0 }, element("summary", {}, topic.title),
    topic.parts.map((part) => element("div", { class: "entry" }, element("h3", {}, part.label === "answer" ? "The answer" : part.label === "next_step" ? "Next step" : part.label),
      formatted(part.text), element("button", { type: "button", "aria-label": `Send: ${topic.title}, ${part.label}`, onclick: (click) => sendEntry(click.target, topic.topic, part.facet) }, "Send"))))));
};

const sendEntry = async (button, topic, facet) => {
  button.disabled = true;
  const council = $("council").value === "carer" ? {} : { council: $("council").value };
  button.dataset.key ??= crypto.randomUUID();
  if (await act("entry", { topic, facet, key: button.dataset.key, ...council })) button.textContent = "Sent";
  else button.disabled = false;
};

const opens = (button, form, field) => $(button).addEventListener("click", () => {
  const opened = $(form).hidden;
  show($(form), opened);
  $(button).setAttribute("aria-expanded", String(opened));
  if (opened) $(field).focus();
});

export const claim = async () => {
  if ($("claim")?.hidden === false && await act("claim", {})) {
    $("text").disabled = false;
    $("text").focus();
  }
};

export const setUpConversation = () => {
  let seen = 0;
  stream(`${CASE}/events`, {
    line: (said) => {
      if (said.id <= seen) return; // a stream that was lost begins anew
      seen = said.id;
      line(said);
    },
    card: (now) => {
      card = now;
      fill();
      count();
      $("log").setAttribute("aria-live", "polite"); // what was there before is not read out
      document.body.dataset.mode = card.mode;
    },
    typing: () => typing(true),
    gone: () => location.reload(),
  }, () => {});
  $("claim").addEventListener("click", claim);
  $("composer").addEventListener("submit", send);
  $("text").addEventListener("input", typed);
  $("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event); });
  $("saved").addEventListener("change", () => {
    $("text").value = [$("text").value.trim(), $("saved").value].filter(Boolean).join("\n\n");
    $("saved").value = "";
    count();
    $("text").focus();
  });
  $("facts").addEventListener("submit", (event) => event.preventDefault());
  FACTS.forEach((fact) => $(fact).addEventListener("change", () => change(fact)));
  $("urgent").addEventListener("change", () => correct({ urgent: $("urgent").checked }));
  $("add-need").addEventListener("change", () => {
    const { value: topic, text: title } = $("add-need").selectedOptions[0];
    $("add-need").value = "";
    if (topic) setNeeds((known) => [{ topic, title }, ...known.filter((one) => one.topic !== topic)].slice(0, MOST_NEEDS));
  });
  $("search").addEventListener("submit", find);
  $("note").addEventListener("submit", async (event) => {
    event.preventDefault();
    if ($("note-text").value.trim() && await act("note", { text: $("note-text").value })) $("note-text").value = "";
  });
  opens("open-transfer", "transfer", "to");
  opens("open-close", "close", "outcome");
  opens("open-forget", "forget", "sure-forget");
  $("forget").addEventListener("submit", async (event) => {
    event.preventDefault();
    await act("forget", {}); // the page then hears that it is gone
  });
  $("transfer").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await act("transfer", { to: $("to").value })) $("talk-title").focus();
  });
  $("close").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await act("close", { outcome: $("outcome").value, note: $("close-note").value })) {
      $("close-note").value = "";
      $("talk-title").focus();
    }
  });
  setInterval(() => card && about(), 10000);
};
