"use strict";
const screen = document.querySelector("#screen");
const text = document.querySelector("#text");
const threads = { sms: [], whatsapp: [], telegram: [] };
const received = { sms: 0, whatsapp: 0, telegram: 0 };
const channel = () => document.querySelector("[name=channel]:checked").value;

function bubble(message) {
  const item = document.createElement("li");
  item.className = message.mine ? "mine" : "";
  item.append(message.text);
  if (!message.mine && channel() === "sms") {
    const size = document.createElement("small");
    size.textContent = `${[...message.text].length} characters`;
    item.append(size);
  }
  for (const button of message.buttons || []) {
    const tap = document.createElement("button");
    tap.textContent = button.title;
    tap.addEventListener("click", () => send(button.title, button.mark));
    item.append(tap);
  }
  return item;
}

function draw() {
  screen.replaceChildren(...threads[channel()].map(bubble));
  screen.scrollTop = screen.scrollHeight;
}

async function send(words, mark) {
  const by = channel();
  threads[by].push({ mine: true, text: words });
  draw();
  const answer = await fetch(`/text/${by}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text: words, mark }),
  }).then((response) => response.json()).catch(() => ({ status: 0 }));
  if (answer.status !== 200) {
    threads[by].push({ text: `Not sent (${answer.status}). Is the assistant still starting?` });
    draw();
  }
}

async function listen() {
  const by = channel();
  const all = await fetch(`/screen/${by}`).then((response) => response.json()).catch(() => []);
  if (all.length > received[by]) {
    threads[by].push(...all.slice(received[by]));
    received[by] = all.length;
    draw();
  }
  setTimeout(listen, 400);
}

document.querySelector("#write").addEventListener("submit", (event) => {
  event.preventDefault();
  if (text.value) send(text.value);
  text.value = "";
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    document.querySelector("#write").requestSubmit();
  }
});
document.querySelectorAll("[name=channel]").forEach((choice) => choice.addEventListener("change", draw));
listen();
