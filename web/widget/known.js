// 'What I've understood': each fact with a way to put it right, as in the summary list of the GOV.UK Design System.
import { button, hidden, say } from "./dom.js";
import { element } from "./element.js";

export class Known {
  // `act.send` takes a correction; `act.names` gives what ids are called (GET /api/v1/names).
  constructor(act) {
    this.act = act;
    this.list = element("dl");
    this.box = element("details", { class: "known", id: "known", hidden: true }, element("summary", {}, say("known")), this.list);
  }

  async show(state) {
    const facts = { arrangement: state.arrangement, authority: state.authority, ...state.facts };
    const told = Object.keys(facts).some((name) => facts[name] != null);
    const now = JSON.stringify(facts);
    if (now === this.now) return;
    this.now = now;
    const names = told ? await this.act.names() : null;
    if (this.now !== now) return; // a newer state came meanwhile
    this.box.hidden = !told;
    this.list.replaceChildren(...(told ? this.rows(facts, names) : []));
  }

  rows(facts, names) {
    const yes = { true: say("yes"), false: say("no") };
    const row = (name, text, form) => this.row(name, text, form);
    return [
      row("arrangement", names.arrangements[facts.arrangement], () => select(names.arrangements, facts.arrangement)),
      row("authority", names.authorities[facts.authority], () => select(names.authorities, facts.authority)),
      row("child_age", facts.child_age?.join(", "), () => ages(facts.child_age)),
      facts.relationship && row("relationship", names.relationships[facts.relationship]),
      facts.previously_looked_after != null && row("previously_looked_after", yes[facts.previously_looked_after]),
    ].filter(Boolean).flat();
  }

  row(name, text, field) {
    const value = element("dd", {}, text ?? say("not_said"));
    const change = element("dd", { class: "change" });
    if (field) {
      change.append(button([say("change"), hidden(` ${say(name)}`)], () => this.edit(name, value, change, field())));
    }
    return [element("dt", {}, say(name)), value, change];
  }

  edit(name, value, change, field) {
    const before = [[...value.childNodes], [...change.childNodes]];
    const close = () => {
      value.replaceChildren(...before[0]);
      change.replaceChildren(...before[1]);
      change.querySelector("button").focus();
    };
    const wrong = element("p", { class: "wrong", id: "wrong" });
    const save = (event) => {
      event.preventDefault();
      const given = field.given();
      if (given === null) {
        wrong.textContent = field.complaint;
        field.input.setAttribute("aria-invalid", "true");
        field.input.focus();
        return;
      }
      close();
      this.act.send({ correction: { [name]: given }, label: `${say(name)}: ${field.shown()}` });
    };
    field.input.id = "correction";
    value.replaceChildren(element("form", { onsubmit: save, novalidate: true },
      element("label", { for: "correction", class: "hidden" }, say(name)),
      field.hint && element("p", { id: "correction-hint", class: "hint" }, field.hint), wrong, field.input,
      element("div", { class: "options" }, element("button", { type: "submit", class: "main" }, say("save")), button(say("cancel"), close))));
    change.replaceChildren();
    field.input.focus();
  }
}

const select = (names, chosen) => {
  const input = element("select", {}, Object.entries(names).map(([id, name]) => element("option", { value: id, selected: id === chosen }, name)));
  return { input, given: () => input.value, shown: () => input.selectedOptions[0].textContent };
};

const ages = (known = []) => {
  const input = element("input", { inputmode: "text", autocomplete: "off", value: known.join(", "), "aria-describedby": "correction-hint wrong" });
  const given = () => {
    const found = input.value.match(/\d+/g)?.map(Number) ?? [];
    return found.length && found.length <= 12 && found.every((age) => age <= 25) ? found : null;
  };
  return { input, given, shown: () => given().join(", "), hint: say("ages_hint"), complaint: say("ages_wrong") };
};
