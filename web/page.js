// The chat page: sends over the web chat API, shows what comes back, listens for what comes later.
"use strict";
(() => {
  const api = "/api/v1/conversations";
  const log = document.getElementById("log");
  const text = document.getElementById("text");
  const status = document.getElementById("status");
  const known = document.getElementById("known");
  const shown = new Set();
  let conversation = null, started = null, last = 0, listening = null;

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // Text is plain, with links as [label](url) and "- " bullets; nothing else is markup.
  const withLinks = (line) => line.split(/(\[[^\]]+\]\(https?:\/\/[^\s]+?\)(?=[\s.,;:)]|$))/).map((piece) => {
    const link = /^\[([^\]]+)\]\((https?:\/\/[^\s]+)\)$/.exec(piece);
    return link ? element("a", { href: link[2], textContent: link[1], rel: "noreferrer noopener", target: "_blank" }) : piece;
  });

  const formatted = (plain) => {
    const blocks = [];
    for (const line of plain.split("\n")) {
      if (!line.trim()) continue;
      if (line.startsWith("- ")) {
        if (blocks.at(-1)?.tagName !== "UL") blocks.push(element("ul"));
        blocks.at(-1).append(element("li", {}, ...withLinks(line.slice(2))));
      } else blocks.push(element("p", {}, ...withLinks(line)));
    }
    return blocks;
  };

  const day = (iso) => new Date(iso + "T12:00:00").toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

  const sources = (answers) => {
    const list = element("ul");
    for (const answer of answers) for (const source of answer.sources) {
      list.append(element("li", {}, element("a", { href: source.url, textContent: source.title, rel: "noreferrer noopener", target: "_blank" }),
        `, checked ${day(answer.checked_on)}`));
    }
    return element("details", {}, element("summary", { textContent: "Where this comes from" }), list);
  };

  const who = { carer: "You", assistant: "Kinship Signpost", helpline: "Helpline", system: "Kinship Signpost" };

  const show = (message) => {
    if (shown.has(message.id)) return;
    shown.add(message.id);
    last = Math.max(last, message.id);
    const later = [...log.children].find((line) => Number(line.dataset.id) > message.id);
    const item = element("li", { className: message.from + (message.urgent ? " urgent" : "") },
      element("p", { className: "who", textContent: who[message.from] }), ...formatted(message.text));
    item.dataset.id = message.id;
    if (message.answers.length) item.append(sources(message.answers));
    if (!later) log.querySelectorAll(".options").forEach((old) => old.remove());
    if (message.options.length && !later) {
      item.append(element("div", { className: "options" }, ...message.options.map((option) =>
        element("button", { type: "button", textContent: option.label, onclick: () => send({ option: option.payload }) }))));
    }
    log.insertBefore(item, later ?? null);
    if (!later) item.scrollIntoView({ block: "nearest" });
  };

  const showState = (state) => {
    const told = [];
    if (state.arrangement) told.push("arrangement: " + state.arrangement.replaceAll("_", " "));
    if (state.authority) told.push("council: " + state.authority.replaceAll("-", " "));
    if (state.facts.child_age) told.push("age: " + [].concat(state.facts.child_age).join(", "));
    known.hidden = !told.length;
    known.replaceChildren(element("p", { textContent: "What I’ve understood – " + told.join("; ") + ". Tell me if it’s wrong." }));
  };

  const call = async (path, method, body) => {
    const headers = { "Content-Type": "application/json" };
    if (conversation) headers.Authorization = "Bearer " + conversation.token;
    return fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
  };

  const take = (turn) => { turn.messages.forEach(show); showState(turn.state); };

  const start = async () => {
    const response = await call("", "POST", {});
    const opened = await response.json();
    conversation = { id: opened.conversation_id, token: opened.token };
    take(opened);
    listen();
  };

  // Server-sent events over fetch, because EventSource can't carry the token.
  const listen = async () => {
    listening = new AbortController();
    while (conversation && !listening.signal.aborted) {
      try {
        const response = await fetch(`${api}/${conversation.id}/events?after=${last}`,
          { headers: { Authorization: "Bearer " + conversation.token }, signal: listening.signal });
        if (response.status === 404) return;
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let kept = ""; ;) {
          const { value, done } = await reader.read();
          if (done) break;
          const events = (kept + value).split(/\r?\n\r?\n/);
          kept = events.pop();
          events.forEach(hear);
        }
      } catch (error) { if (error.name === "AbortError") return; }
      await new Promise((wake) => setTimeout(wake, 2000));
    }
  };

  const hear = (event) => {
    const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(event)?.[1];
    const data = field("data");
    if (!data) return;
    if (field("event") === "state") showState(JSON.parse(data));
    else { show(JSON.parse(data)); status.textContent = ""; }
  };

  const send = async (said) => {
    status.textContent = "Thinking …";
    const id = crypto.randomUUID();
    try {
      await started;  // she may be quicker than the page
      const response = await call(`/${conversation.id}/messages`, "POST", { ...said, client_message_id: id });
      const answer = await response.json();
      if (response.ok) { status.textContent = ""; take(answer); } else status.textContent = answer.detail;
    } catch { status.textContent = "That did not get through. Please check your connection and send it again."; if (said.text) text.value = said.text; }
    text.focus();
  };

  document.getElementById("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said) return;
    text.value = "";
    send({ text: said });
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); event.target.form.requestSubmit(); }
  });
  document.getElementById("forget").addEventListener("click", async () => {
    if (!conversation) return;
    listening.abort();
    await call("/" + conversation.id, "DELETE");
    conversation = null; last = 0; shown.clear(); log.replaceChildren(); known.hidden = true;
    status.textContent = "Everything is deleted.";
    started = start();
    await started;
  });
  started = start();
  started.catch(() => { status.textContent = "The assistant can't be reached. Please try again in a moment."; });
})();
