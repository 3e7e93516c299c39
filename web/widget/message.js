// One message as it stands in the conversation.
import { button, day, say } from "./dom.js";
import { element } from "./element.js";
import { away, formatted } from "./text.js";

const NAMES = { carer: "you", assistant: "assistant", system: "assistant", helpline: "helpline" };

export const clock = (at) => element("time", { datetime: at }, ` ${new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`);

// `by` is the name of a person at the helpline.
export const bubble = (from, text, at, by) => element("article", { class: `message ${from}` },
  element("p", { class: "who" }, by ? `${by}, ${say(NAMES[from])}` : say(NAMES[from]), at && clock(at)),
  formatted(text));

export const whole = (message, act) => {
  const made = bubble(message.from, message.text, message.at, message.by);
  made.dataset.id = message.id;
  if (message.urgent) made.classList.add("urgent");
  if (message.options.length) made.append(options(message.options, act));
  if (message.answers.length) made.append(sources(message.answers));
  if (message.answers.length && !message.urgent) made.append(opinion(message, act)); // danger is no moment to ask for opinions
  return made;
};

export const citations = (answers) => {
  const cited = answers.flatMap((answer) => answer.sources.map((source) => ({ ...source, checked: answer.checked_on })));
  return [...new Map(cited.map((source) => [source.url, source])).values()];
};

const sources = (answers) => {
  const oldest = answers.map((answer) => answer.checked_on).sort()[0];
  const list = citations(answers).map((source) =>
    element("li", {}, away(source.url, source.title), `, ${say("checked", { day: day(source.checked) })}`));
  return element("details", { class: "sources" }, element("summary", {}, say("sources", { day: day(oldest) })), element("ul", {}, list));
};

const options = (offered, act) => element("div", { class: "options", role: "group", "aria-label": say("choose") },
  offered.map((option) => button(option.label, () => act.send({ option: option.payload, label: option.label }), { class: "option" })));

// 'Was this helpful?' gives way to thanks, which takes the focus that its buttons had.
const opinion = (message, act) => {
  const box = element("div", { class: "opinion", role: "group", "aria-label": say("helpful") });
  const thank = (says) => box.replaceChildren(element("p", { tabindex: -1 }, say(`thanks_${says}`)));
  const rate = (says) => async () => {
    thank(says);
    box.firstChild.focus();
    if (!await act.rate(message.id, says)) box.firstChild.textContent = say("broken");
  };
  if (message.feedback) thank(message.feedback);
  else box.append(element("span", {}, say("helpful")), button(say("yes"), rate("helpful")), button(say("no"), rate("not_helpful")),
    button(say("wrong"), rate("wrong")));
  return box;
};
