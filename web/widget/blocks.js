// A text's blocks, for the page and for the desk: "- " lines are a list, others paragraphs; links are [label](url).
import { element } from "./element.js";

export const LINK = /\[(?<label>[^\]]+)\]\((?<url>https?:\/\/[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)/;

// `inline`: what stands in a line, as pieces.
export const blocks = (plain, inline) => {
  const made = [];
  for (const line of plain.split("\n")) {
    if (line.startsWith("- ")) {
      if (made.at(-1)?.tagName !== "UL") made.push(element("ul", { dir: "auto" }));
      made.at(-1).append(element("li", {}, inline(line.slice(2))));
    } else if (line.trim()) made.push(element("p", { dir: "auto" }, inline(line)));
  }
  return made;
};
