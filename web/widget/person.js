// Who has the conversation beside the assistant: somebody was asked to join, or a person at the helpline is here.
import { button, say } from "./dom.js";
import { element } from "./element.js";

const BACK = "desk:back"; // the helpline's own command, on offer as long as a person is here
const SHOWN = 7000; // milliseconds that a sign of typing stands

export class Person {
  // `act`: {send(said), print()}
  constructor(act) {
    this.said = element("p", { role: "status" });
    this.box = element("div", { class: "with" }, this.said);
    this.typing = element("p", { class: "status typing", role: "status" });
    this.choices = element("div", { class: "options" },
      button(say("end_person"), () => act.send({ option: BACK, label: say("end_person") }), { id: "end-person" }),
      button(say("print"), () => act.print()));
  }

  show(mode, name) {
    const here = name ? say("with_named", { name }) : say("with_person");
    const said = { waiting: say("waiting"), helpline: here }[mode] ?? "";
    if (this.said.textContent !== said) this.said.textContent = said; // the same words again would be read out again
    this.box.classList.toggle("here", said !== "");
    if (mode !== "helpline") {
      this.choices.remove();
      this.still();
    } else if (!this.choices.isConnected) this.box.append(this.choices);
  }

  types() {
    this.typing.textContent ||= say("typing");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.still(), SHOWN);
  }

  still() {
    this.typing.textContent = "";
  }
}
