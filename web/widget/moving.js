// Going on by phone, and coming back: a code from here is texted to us; one that we texted is written here.
import { button, say } from "./dom.js";
import { element } from "./element.js";

const LINKS = { // a phone opens its messages with the text in place
  sms: (number, text) => `sms:${number}?&body=${encodeURIComponent(text)}`,
  whatsapp: (number, text) => `https://wa.me/${number.slice(1)}?text=${encodeURIComponent(text)}`,
};

const plain = (number) => number.replace(/^\+44(\d{4})(\d{6})$/, "0$1 $2"); // as people here write it

export class Moving {
  // `chat.code()` gives {code, expires_at} or null, `chat.takeUp(code)` what is wrong with the code, or nothing.
  constructor(service, chat) {
    this.service = service;
    this.chat = chat;
    this.there = button(say("move"), () => this.away(), { id: "move", hidden: true });
    this.here = button(say("move_here"), () => this.ask(), { id: "move-here", hidden: true });
    this.box = element("div", { class: "ask moving", role: "group", "aria-label": say("move"), hidden: true });
  }

  // The two buttons, once we know that there is a number.
  async offer() {
    try {
      this.numbers ??= (await this.service.call("GET", "/phones")).body ?? {};
    } catch {
      return; // asked again when she looks again
    }
    this.there.hidden = this.here.hidden = Object.keys(this.numbers).length === 0;
  }

  async away() {
    const made = await this.chat.code();
    const close = element("div", { class: "options" }, button(say("close"), () => this.close(this.there)));
    if (!made) {
      this.show(element("p", { class: "wrong", tabindex: -1 }, say("broken")), close);
      return;
    }
    const text = say("move_text", { code: made.code });
    const time = new Date(made.expires_at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const ways = Object.entries(this.numbers).map(([channel, number]) =>
      element("p", {}, element("a", { href: LINKS[channel](number, text), rel: "noreferrer noopener" }, say(`move_${channel}`, { number: plain(number) }))));
    this.show(element("p", { tabindex: -1 }, say("move_how", { time })), element("p", { class: "code" }, text), ways, close);
  }

  ask() {
    const wrong = element("p", { class: "wrong", id: "code-wrong", role: "alert" });
    const input = element("input", { id: "code", autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false",
      "aria-describedby": "code-hint code-wrong" });
    const take = async (event) => {
      event.preventDefault();
      wrong.textContent = "";
      wrong.textContent = await this.chat.takeUp(input.value) ?? "";
      if (!wrong.textContent) this.close(this.here);
      else input.focus();
    };
    this.show(element("form", { onsubmit: take, novalidate: true }, element("label", { for: "code" }, say("move_ask")),
      element("p", { id: "code-hint", class: "hint" }, say("move_hint")), wrong, input,
      element("div", { class: "options" }, element("button", { type: "submit", class: "main" }, say("move_take")),
        button(say("cancel"), () => this.close(this.here)))));
  }

  show(...parts) {
    this.box.replaceChildren(...parts.flat());
    this.box.hidden = false;
    this.box.querySelector("input, [tabindex]").focus();
    this.box.scrollIntoView({ block: "nearest" });
  }

  close(back) {
    this.box.hidden = true;
    this.box.replaceChildren();
    back.focus();
  }
}
