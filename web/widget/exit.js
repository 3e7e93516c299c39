// 'Exit this page', as in the GOV.UK Design System: a link in sight, Shift three times, and the screen is covered at once.
import { hidden, say } from "./dom.js";
import { element } from "./element.js";

export const ELSEWHERE = "https://www.bbc.co.uk/weather";
const WITHIN = 5000; // milliseconds from one Shift to the next
const PRESSES = 3;

export class Exit {
  // `leave` ends the conversation and wipes what is kept; `active` says whether Shift counts now.
  constructor(leave, active) {
    this.leave = leave;
    this.active = active;
    this.presses = 0;
    this.modified = false;
    this.lights = element("span", { class: "lights", "aria-hidden": "true" }, Array.from({ length: PRESSES }, () => element("span")));
    this.link = element("a", { class: "exit", href: ELSEWHERE, rel: "nofollow noreferrer", onclick: (event) => {
      event.preventDefault();
      this.now();
    } }, hidden(`${say("exit_emergency")} `), say("exit"), this.lights);
    this.said = element("p", { role: "status", class: "hidden" });
    // On the window, so that a page that stops keys from going further can't stop this one.
    window.addEventListener("keyup", (event) => this.key(event), true);
  }

  // Shift with another key fires two keyups, the first with shiftKey set; that is typing, not asking to leave.
  key(event) {
    if (event.key === "Shift" && !this.modified && this.active()) {
      this.presses += 1;
      this.show();
      clearTimeout(this.timer);
      if (this.presses >= PRESSES) this.now();
      else {
        this.said.textContent = say(this.presses === 1 ? "exit_two_more" : "exit_one_more");
        this.timer = setTimeout(() => this.expire(), WITHIN);
      }
    } else if (this.presses) this.expire();
    this.modified = event.shiftKey;
  }

  expire() {
    clearTimeout(this.timer);
    this.presses = 0;
    this.show();
    this.said.textContent = say("exit_expired");
    setTimeout(() => { if (this.said.textContent === say("exit_expired")) this.said.textContent = ""; }, WITHIN);
  }

  show() {
    this.lights.classList.toggle("lit", this.presses > 0);
    [...this.lights.children].forEach((light, at) => light.classList.toggle("on", at < this.presses));
  }

  // Covers everything first; `replace` leaves no entry of this page to come back to.
  now() {
    const cover = element("dialog", { class: "cover", lang: "en-GB", "aria-label": say("exit_loading") }, element("p", { role: "alert" }, say("exit_loading")));
    cover.addEventListener("cancel", (event) => event.preventDefault());
    this.link.getRootNode().append(cover);
    cover.showModal();
    document.title = say("exit_loading");
    this.leave();
    location.replace(ELSEWHERE);
  }
}
