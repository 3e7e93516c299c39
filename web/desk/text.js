// How a message reads: links as [label](url) and '- ' bullets, nothing else is markup. And how it counts as a text message.
import { element } from "./dom.js";

const LINK = /\[([^\]]+)\]\((https?:\/\/[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)/g;

const linked = (line) => {
  const pieces = [];
  let end = 0;
  for (const found of line.matchAll(LINK)) {
    pieces.push(line.slice(end, found.index), element("a", { href: found[2], rel: "noreferrer noopener", target: "_blank" }, found[1]));
    end = found.index + found[0].length;
  }
  return [...pieces, line.slice(end)];
};

export const formatted = (text) => {
  const made = document.createDocumentFragment();
  for (const line of text.split("\n").filter((one) => one.trim())) {
    if (!line.startsWith("- ")) made.append(element("p", { dir: "auto" }, linked(line)));
    else {
      if (made.lastChild?.nodeName !== "UL") made.append(element("ul"));
      made.lastChild.append(element("li", {}, linked(line.slice(2))));
    }
  }
  return made;
};

// 3GPP 23.038: the characters of a text message, and those that take two places.
const ONE = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const TWO = new Set("^{}\\[~]|€\f");
const PLAIN = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..." }; // the service sends these plain

export const segments = (text) => {
  const plain = [...text].map((sign) => PLAIN[sign] ?? sign).join("");
  const signs = [...plain];
  if (signs.every((sign) => ONE.has(sign) || TWO.has(sign))) {
    const length = signs.reduce((sum, sign) => sum + (TWO.has(sign) ? 2 : 1), 0);
    return { length, parts: length <= 160 ? 1 : Math.ceil(length / 153) };
  }
  return { length: plain.length, parts: plain.length <= 70 ? 1 : Math.ceil(plain.length / 67) };
};
