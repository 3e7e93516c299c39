// Small things that the page is made of.
import { element } from "./element.js";
import { WORDS } from "./made.js";

export const button = (label, onclick, attributes = {}) => element("button", { type: "button", onclick, ...attributes }, label);

// A sentence of content/words.yml, under `page`, with its {places} filled.
export const say = (name, values = {}) => WORDS[name].replace(/\{(\w+)\}/g, (_, place) => values[place]);

// The signpost, drawn here so that a site's content policy has no picture to forbid; web/icon.svg is the same.
const SHAPES = { post: "M15 3h2v26h-2z", there: "M6 6h16l5 4-5 4H6z", back: "M26 16H12l-5 3.5 5 3.5h14z" };

export const icon = () => {
  const make = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const drawn = make("svg", { class: "icon", viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" });
  drawn.append(...Object.entries(SHAPES).map(([name, d]) => make("path", { class: name, d })));
  return drawn;
};

export const day = (moment) => new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

export const hidden = (text) => element("span", { class: "hidden" }, text);
