// How a message reads on the desk, and how it counts as a text message.
import { blocks, LINK } from "../widget/blocks.js";
import { element } from "../widget/element.js";

const linked = (line) => {
  const pieces = [];
  let end = 0;
  for (const { 0: all, index, groups } of line.matchAll(new RegExp(LINK, "g"))) {
    pieces.push(line.slice(end, index), element("a", { href: groups.url, rel: "noreferrer noopener", target: "_blank" }, groups.label));
    end = index + all.length;
  }
  return [...pieces, line.slice(end)];
};

export const formatted = (text) => blocks(text, linked);

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
