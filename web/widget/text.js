// A message's text: plain, with links as [label](url), "- " bullets and telephone numbers; nothing else is markup.
import { hidden, say } from "./dom.js";
import { blocks, LINK } from "./blocks.js";
import { element } from "./element.js";

const SPECIAL = new RegExp([
  LINK,
  /(?<![\d£/.-])(?<phone>0\d{2,4} ?\d{3,4} ?\d{3,4}|116 ?123|999)(?![\d/%-]|\.\d)/,
].map((one) => one.source).join("|"), "g");

export const away = (url, label) =>
  element("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, label, hidden(` (${say("new_window")})`));

const call = (number) => element("a", { href: `tel:${number.replaceAll(" ", "")}`, class: "phone" }, number);

export const inline = (line) => {
  const pieces = [];
  let from = 0;
  for (const { 0: all, index, groups } of line.matchAll(SPECIAL)) {
    pieces.push(line.slice(from, index), groups.url ? away(groups.url, groups.label) : call(groups.phone));
    from = index + all.length;
  }
  return [...pieces, line.slice(from)];
};

export const formatted = (plain) => blocks(plain, inline);
