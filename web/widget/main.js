// <script src="…/widget.js" data-…>: a button that opens the panel, or the panel itself inside the element that data-in names.
import { button, icon, say } from "./dom.js";
import { element } from "./element.js";
import { Panel } from "./panel.js";
import { Service } from "./service.js";
import { fits, onColour } from "./colour.js";
import { STYLE } from "./made.js";

const SMALL = "(max-width: 40em), (max-height: 30em)"; // there the panel takes the whole screen
const script = document.currentScript;
const given = script.dataset;
const service = new Service(new URL(script.src).origin);

const shadow = (host) => {
  host.style.setProperty("all", "initial", "important"); // a site's own rules for every element stop here
  host.style.setProperty("display", "block", "important");
  const root = host.attachShadow({ mode: "open" });
  if (root.adoptedStyleSheets) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE); // a site's content policy allows this; it would forbid a style element
    root.adoptedStyleSheets = [sheet];
  } else root.append(element("link", { rel: "stylesheet", href: new URL("/chat.css", script.src) }));
  paint(host, "", given.colour);
  paint(host, "-dark", given.colourDark);
  return root;
};

const paint = (host, mode, colour) => {
  if (!colour) return;
  if (fits(colour, mode ? "dark" : "light")) {
    host.style.setProperty(`--signpost-fill${mode}`, colour);
    host.style.setProperty(`--signpost-on-fill${mode}`, onColour(colour));
  } else console.warn(`widget.js: data-colour${mode} ${colour} is too near to the panel's own colour to be seen; left out.`);
};

// In an element of the page: on our own page, which the server made as a form, it is the page; elsewhere it fills its element.
const inPage = (host) => {
  const whole = host.querySelector(".chat.page") !== null;
  const field = (name) => host.querySelector(`[name=${name}]`)?.value ?? "";
  const adopted = field("conversation") && { id: field("conversation"), token: field("token") };
  const typed = field("text");
  const panel = new Panel(service, { heading: whole ? 1 : 2, council: given.council, greeting: given.greeting, active: () => true });
  panel.made.classList.toggle("page", whole);
  if (typed) panel.text.value ||= typed;
  const writing = host.contains(document.activeElement) && document.activeElement.name === "text";
  host.replaceChildren();
  shadow(host).append(panel.made);
  if (writing) panel.text.focus();
  panel.chat.resume(adopted);
};

const onSite = () => {
  const host = element("div", { id: "kinship-signpost" });
  const root = shadow(host);
  let panel = null;
  const dialog = element("dialog", { "aria-labelledby": "title", oncancel: (event) => { event.preventDefault(); close(); } });
  const launcher = button([icon(), given.label || say("open")], () => open(), { class: "launcher main", "aria-haspopup": "dialog" });
  const close = (back = true) => {
    dialog.close();
    launcher.hidden = false;
    if (back) launcher.focus();
  };
  const open = () => {
    if (!panel) {
      panel = new Panel(service, { heading: 2, council: given.council, greeting: given.greeting, active: () => dialog.open,
        close: button(say("close"), () => close(), { class: "close" }) });
      dialog.append(panel.made);
      panel.chat.resume();
    }
    if (matchMedia(SMALL).matches) dialog.showModal();
    else dialog.show();
    launcher.hidden = true;
    panel.heading.focus();
  };
  dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  root.append(element("div", { class: `corner ${given.position === "left" ? "left" : "right"}`, lang: "en-GB" }, launcher, dialog));
  document.body.append(host);
  document.addEventListener("focusin", (event) => requestAnimationFrame(() => giveWay(event.target, host, launcher, dialog, close)));
};

const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

// What has the focus on the site is never covered: the panel closes, the button moves over, or goes until the focus moves on.
const giveWay = (target, host, launcher, dialog, close) => {
  if (host.contains(target)) return;
  const box = target.getBoundingClientRect();
  if (dialog.open && overlap(box, dialog.getBoundingClientRect())) close(false);
  launcher.classList.remove("aside", "away");
  if (overlap(box, launcher.getBoundingClientRect())) launcher.classList.add("aside");
  if (overlap(box, launcher.getBoundingClientRect())) launcher.classList.add("away");
};

const begin = () => {
  const target = given.in && document.getElementById(given.in);
  if (target) inPage(target);
  else onSite();
};

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
