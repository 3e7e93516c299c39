// A message's text: plain, with links as [label](url), "- " bullets and telephone numbers; nothing else is markup.
import { element, hidden, say } from "./dom.js";

const SPECIAL = new RegExp([
  /\[(?<label>[^\]]+)\]\((?<url>https?:\/\/[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)/,
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

export const formatted = (plain) => {
  const blocks = [];
  for (const line of plain.split("\n")) {
    if (line.startsWith("- ")) {
      if (blocks.at(-1)?.tagName !== "UL") blocks.push(element("ul", { dir: "auto" }));
      blocks.at(-1).append(element("li", {}, inline(line.slice(2))));
    } else if (line.trim()) blocks.push(element("p", { dir: "auto" }, inline(line)));
  }
  return blocks;
};
