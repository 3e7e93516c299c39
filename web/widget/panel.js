// The component: everything inside the shadow root, and what its buttons do.
import { button, icon, say } from "./dom.js";
import { element } from "./element.js";
import { Chat } from "./chat.js";
import { Exit } from "./exit.js";
import { Known } from "./known.js";
import { Moving } from "./moving.js";
import { Person } from "./person.js";
import { formatted, inline } from "./text.js";
import { printOut } from "./print.js";
import { load, remembering, save } from "./kept.js";

const LONGEST = 4000, TELL_FROM = 3200; // characters: GOV.UK's habit is to count from 80 %
const PERSON = "/helpline.talk_to_someone", START_AGAIN = "/assistant.correction.start_again";

export class Panel {
  // `options`: {heading: 1 or 2, council, greeting, active(): does Shift leave the page, close: button or null}
  constructor(service, options) {
    this.options = options;
    this.mode = "assistant";
    const act = { send: (said) => this.chat.send(said), rate: (id, says) => this.chat.rate(id, says), names: () => this.names(service) };
    this.known = new Known(act);
    this.log = element("div", { id: "log", class: "log", role: "log", "aria-live": "polite", "aria-label": say("conversation") });
    this.status = element("p", { id: "status", class: "status", role: "status" });
    this.connection = element("p", { class: "status connection", role: "status" });
    this.person = new Person({ send: act.send, print: () => this.print() });
    this.chat = new Chat(service, { log: this.log, status: this.status, connection: this.connection, act,
      known: (state) => this.known.show(state), mode: (mode) => this.show(mode), typing: () => this.person.types(), forgotten: (why) => this.forgotten(why),
      arrived: (made) => this.arrived(made) }, options.council);
    this.moving = new Moving(service, { code: () => this.chat.code(), takeUp: (code) => this.chat.takeUp(code, this.mode) });
    this.exit = new Exit(() => this.leave(), options.active);
    this.made = this.build();
  }

  build() {
    const { heading, close } = this.options;
    this.heading = element(`h${heading}`, { tabindex: -1, id: "title" }, say("title"));
    return element("div", { class: "chat", lang: "en-GB" },
      element("header", {}, button(say("skip"), () => this.text.focus(), { class: "skip" }), element("div", { class: "name" }, icon(), this.heading, element("p", {}, say("what"))),
        element("div", { class: "leave" }, this.exit.link, close), this.exit.said),
      element(heading === 1 ? "main" : "section", { "aria-labelledby": "title" },
        element("div", { class: "scroll" }, this.tools(), this.known.box, this.greeting(), this.log, this.person.typing, this.person.box, this.connection, this.status),
        this.composer()));
  }

  tools() {
    this.remember = element("input", { type: "checkbox", id: "remember", "aria-describedby": "remember-hint",
      onchange: () => save({ ...load(), conversation: this.chat.conversation }, this.remember.checked) });
    this.remember.checked = remembering();
    this.ask = element("div", { class: "ask", role: "group", "aria-labelledby": "delete-ask", hidden: true });
    this.forget = button(say("delete"), () => this.askToDelete(), { id: "forget" });
    const person = button(say("person"), () => this.chat.send({ option: PERSON, label: say("person") }), { id: "person" });
    return element("div", { class: "tools" }, person, element("details", { class: "more", ontoggle: () => this.moving.offer() }, element("summary", {}, say("more")),
      element("div", { class: "options" }, button(say("print"), () => this.print(), { id: "print" }),
        button(say("start_again"), () => this.chat.send({ option: START_AGAIN, label: say("start_again") }), { id: "again" }), this.moving.there, this.moving.here, this.forget),
      this.ask, this.moving.box,
      element("p", { class: "check" }, this.remember, element("label", { for: "remember" }, say("remember"))),
      element("p", { class: "hint", id: "remember-hint" }, say("remember_hint")),
      element("p", { class: "hint" }, say("exit_hint"))));
  }

  greeting() {
    return element("article", { class: "message assistant greeting" }, element("p", { class: "who" }, say("assistant")),
      this.options.greeting && element("p", {}, this.options.greeting), formatted(say("hello")), element("p", { class: "kept" }, `${say("kept")} ${say("hint")}`),
      element("p", { class: "danger" }, inline(say("danger"))));
  }

  composer() {
    this.text = element("textarea", { id: "text", rows: 1, dir: "auto", autocomplete: "off", enterkeyhint: "send",
      "aria-describedby": "count", oninput: () => this.typed(), onkeydown: (event) => this.pressed(event) });
    this.text.value = this.chat.draft;
    this.label = element("label", { for: "text" }, say("message"));
    this.count = element("p", { id: "count", class: "hint", "aria-live": "polite" });
    const submit = (event) => {
      event.preventDefault();
      this.say();
    };
    return element("form", { class: "composer", onsubmit: submit, novalidate: true },
      this.label,
      this.text, element("button", { type: "submit", class: "main" }, say("send")), this.count);
  }

  pressed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.say();
    }
  }

  typed() {
    const left = LONGEST - [...this.text.value].length;
    this.count.textContent = left < 0 ? say("characters_over", { count: -left }) : left <= LONGEST - TELL_FROM ? say("characters_left", { count: left }) : "";
    this.count.classList.toggle("wrong", left < 0);
    if (left >= 0) this.text.removeAttribute("aria-invalid");
    this.chat.draft = this.text.value;
    if (this.mode === "helpline") this.chat.types();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.chat.save(), 300);
  }

  say() {
    const text = this.text.value.trim();
    if (!text || [...text].length > LONGEST) {
      if (!text) this.count.textContent = say("empty");
      this.count.classList.add("wrong");
      this.text.setAttribute("aria-invalid", "true");
      this.text.focus();
      return;
    }
    clearTimeout(this.saving);
    this.text.value = "";
    this.count.textContent = "";
    this.text.removeAttribute("aria-invalid");
    this.chat.send({ text });
  }

  // A new message: the carer's own comes up to the top, so that the answer has room under it. Options that
  // belonged to what came before go away; if one of them had the focus, her own message takes it.
  arrived(made) {
    const root = this.log.getRootNode();
    const had = root.activeElement;
    if (made.classList.contains("carer")) {
      this.status.textContent = "";
      this.log.querySelectorAll(".options").forEach((old) => old.remove());
      if (had && had !== root.activeElement) made.focus({ preventScroll: true });
      made.scrollIntoView({ block: "start" });
      return;
    }
    this.person.still();
    if (this.mode === "helpline") this.show(this.mode); // she may have given her name
    const before = made.previousElementSibling;
    if (before?.classList.contains("carer")) before.scrollIntoView({ block: "start" });
    else if (before && before.getBoundingClientRect().bottom < innerHeight) made.scrollIntoView({ block: "nearest" }); // she reads the end
  }

  show(mode) {
    this.mode = mode;
    this.person.show(mode, this.chat.person());
    this.label.textContent = say(mode === "helpline" ? "message_person" : "message");
  }

  async names(service) {
    this.called ??= (await service.call("GET", "/names")).body;
    return this.called;
  }

  leave() {
    clearTimeout(this.saving); // or a draft would be kept once more
    this.text.value = "";
    this.chat.leave(this.mode);
  }

  // Asked once, in place: a question, two buttons, and the focus goes there and comes back.
  askToDelete() {
    const close = () => {
      this.ask.hidden = true;
      this.ask.replaceChildren();
      this.forget.focus();
    };
    const yes = async () => {
      if (await this.chat.forget()) close();
      else this.ask.querySelector("p").textContent = say("broken");
    };
    const waiting = this.mode !== "assistant" && ` ${say("delete_waiting")}`;
    const question = element("p", { id: "delete-ask", tabindex: -1 }, say("delete_ask"), waiting);
    this.ask.replaceChildren(question, element("div", { class: "options" }, button(say("delete_yes"), yes, { class: "grave", id: "delete-yes" }),
      button(say("delete_no"), close)));
    this.ask.hidden = false;
    question.focus();
  }

  forgotten(why) {
    clearTimeout(this.saving);
    this.log.replaceChildren();
    this.text.value = "";
    this.count.textContent = "";
    this.remember.checked = false;
    this.known.show({ facts: {} });
    this.show("assistant");
    this.connection.textContent = "";
    this.status.textContent = why;
  }

  print() {
    const said = [...this.chat.messages.values()].sort((one, other) => one.id - other.id);
    printOut(said, this.made);
  }
}
