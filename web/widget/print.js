// A clean page to print or to save as PDF: in a frame of its own, so that a site's other content isn't on it.
import { day, say } from "./dom.js";
import { element } from "./element.js";
import { citations } from "./message.js";
import { formatted } from "./text.js";
import { PRINT_STYLE } from "./made.js";

export const printable = (messages) => element("main", {},
  element("h1", {}, say("title")),
  element("p", {}, say("printed", { day: day(Date.now()) })),
  messages.map((message) => element("section", { class: message.from },
    element("h2", {}, say({ carer: "you", helpline: "helpline" }[message.from] ?? "assistant")),
    formatted(message.text),
    message.answers.length > 0 && element("ul", { class: "sources" }, citations(message.answers).map((source) =>
      element("li", {}, `${source.title}, ${source.url}, ${say("checked", { day: day(source.checked) })}`))))),
  element("p", {}, say("print_end")));

export const printOut = (messages, beside) => {
  beside.querySelector("iframe")?.remove();
  const frame = element("iframe", { class: "hidden", title: say("print"), "aria-hidden": "true", tabindex: -1 });
  beside.append(frame);
  const page = frame.contentDocument;
  page.documentElement.lang = "en-GB";
  page.title = `${say("title")}, ${day(Date.now())}`;
  if (page.adoptedStyleSheets) {
    const sheet = new frame.contentWindow.CSSStyleSheet();
    sheet.replaceSync(PRINT_STYLE);
    page.adoptedStyleSheets = [sheet];
  }
  page.body.append(page.adoptNode(printable(messages)));
  frame.contentWindow.addEventListener("afterprint", () => frame.remove());
  frame.contentWindow.focus();
  frame.contentWindow.print();
};
