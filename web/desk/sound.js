// A short sound when somebody new waits, if the adviser wants one; and the number in the title.
import { $ } from "./dom.js";

const KEPT = "desk-sound";
let context = null;

export const soundIsOn = () => localStorage.getItem(KEPT) === "on";

const tone = (at, pitch) => {
  const source = context.createOscillator(), volume = context.createGain();
  source.frequency.value = pitch;
  volume.gain.setValueAtTime(0.15, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
  source.connect(volume).connect(context.destination);
  source.start(at);
  source.stop(at + 0.4);
};

export const ring = (urgent) => {
  if (!soundIsOn()) return;
  context ??= new AudioContext();
  document.body.dataset.rang = String(Number(document.body.dataset.rang ?? 0) + 1);
  const begin = context.currentTime;
  (urgent ? [880, 880, 880] : [660, 880]).forEach((pitch, number) => tone(begin + number * 0.25, pitch));
};

export const badge = (waiting) => {
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (waiting) document.title = `(${waiting}) ${document.title}`;
};

export const setUpSound = () => {
  const button = $("sound");
  const shown = () => button.setAttribute("aria-pressed", String(soundIsOn()));
  button.addEventListener("click", () => {
    localStorage.setItem(KEPT, soundIsOn() ? "off" : "on");
    shown();
    ring(false);
  });
  shown();
};
