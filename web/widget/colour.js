// A site's own colour, taken only where it can be seen (WCAG 2.2, 1.4.3 and 1.4.11).
import { element } from "./element.js";

const PANEL = { light: [255, 255, 255], dark: [33, 44, 48] };
const BLACK = [0, 0, 0], WHITE = [255, 255, 255];

// [red, green, blue] from 0 to 255, or null where it is no plain colour.
const channels = (colour) => {
  const probe = element("span");
  probe.style.color = colour;
  document.body.append(probe);
  const found = probe.style.color && getComputedStyle(probe).color.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
  probe.remove();
  return found ? found.slice(1).map(Number) : null;
};

const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

export const fits = (colour, mode) => {
  const rgb = channels(colour);
  return rgb !== null && contrast(rgb, PANEL[mode]) >= 3;
};

// Black or white, whichever reads better on it; one of them always has 4.5.
export const onColour = (colour) => {
  const rgb = channels(colour);
  return contrast(rgb, WHITE) >= contrast(rgb, BLACK) ? "#fff" : "#000";
};
