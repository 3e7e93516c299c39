// The conversation: what was said, what is on its way, and what comes back.
import { button, say } from "./dom.js";
import { element } from "./element.js";
import { bubble, clock, whole } from "./message.js";
import { load, save, wipe } from "./kept.js";

const TRIES = [0, 1000, 3000]; // milliseconds before each try of a message; then the carer is asked, or the network is back
const FIRST_PAUSE = 1000, LONGEST_PAUSE = 20_000; // milliseconds between tries of the stream
const SLOW = 600; // milliseconds after which it is said that an answer is being looked for
const TYPING = 3000; // milliseconds between two signs that she is typing
const GONE = [401, 404];

const pause = (time) => new Promise((wake) => { setTimeout(wake, time); });

const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Chat {
  // `view`: {log, status, connection, known(state), mode(mode), typing(), forgotten(), arrived(made)}; `council` is a slug or null.
  constructor(service, view, council) {
    this.service = service;
    this.view = view;
    this.council = council;
    this.messages = new Map(); // by id
    this.sent = new Map(); // by the id this page gave: taken by the service, not yet heard back
    this.last = 0;
    this.ended = 0; // times that everything went
    const kept = load();
    this.conversation = kept.conversation ?? null;
    this.outbox = kept.outbox ?? [];
    this.draft = kept.draft ?? "";
    addEventListener("online", () => this.wake());
    addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake(), true);
  }

  // Take up what this tab, or this device, remembers.
  resume(adopted) {
    if (adopted) this.conversation = adopted;
    for (const item of this.outbox) this.deliver(this.place(item));
    if (this.conversation) {
      this.view.log.setAttribute("aria-live", "off"); // what was said before is there to read; it isn't news
      this.save();
      this.listen();
    }
    return this.conversation !== null || this.outbox.length > 0;
  }

  save() {
    save({ conversation: this.conversation, draft: this.draft,
      outbox: this.outbox.map(({ id, said, label }) => ({ id, said, label })) });
  }

  // ---- Sending -------------------------------------------------------------------------------------------------------

  // `said` is {text} or {option, label} or {correction, label}.
  send({ label, ...said }) {
    const item = this.place({ id: key(), said, label: label ?? said.text });
    this.outbox.push(item);
    this.draft = "";
    this.save();
    this.view.arrived(item.made);
    return this.deliver(item);
  }

  place(item) {
    item.made = bubble("carer", item.label);
    item.made.tabIndex = -1;
    item.way = element("span", { "aria-live": "off" }); // how far it came; only a failure is read out
    item.made.querySelector(".who").append(item.way);
    this.view.log.append(item.made);
    return item;
  }

  async deliver(item) {
    item.note?.remove();
    item.way.textContent = ` ${say("sending")}`;
    item.failed = false;
    this.waiting = item.id;
    setTimeout(() => { if (this.waiting === item.id && !item.failed) this.view.status.textContent ||= say("thinking"); }, SLOW);
    for (const wait of TRIES) {
      await pause(wait);
      if (!this.outbox.includes(item)) return; // its echo came, or everything was deleted
      try {
        if (await this.post(item)) return;
      } catch {
        continue; // no network, or no answer in time: the same id may be sent again
      }
    }
    this.fail(item, say("failed"));
  }

  // True once there is nothing to try again.
  async post(item) {
    await this.open();
    const { id, token } = this.conversation;
    const answer = await this.service.call("POST", `/conversations/${id}/messages`, { ...item.said, client_message_id: item.id }, token);
    if (id !== this.conversation?.id) return true; // deleted meanwhile
    if (answer.status === 503 && !answer.body?.detail) return false; // a proxy speaks, not the gateway
    if ([200, 202, 503].includes(answer.status)) {
      this.settle(item);
      this.waiting = null; // answered, or taken by a person, who answers when she can
      this.view.status.textContent = answer.status === 503 ? answer.body.detail : "";
      if (answer.status !== 503) this.take(answer.body);
    } else if (GONE.includes(answer.status)) {
      this.gone();
      this.fail(item, say("failed"));
    } else if (answer.status >= 500) return false;
    else this.fail(item, answer.body?.detail ?? say("broken"));
    return true;
  }

  // One conversation, however many messages wait for it.
  open() {
    if (this.conversation) return null;
    this.opening ??= this.start().finally(() => { this.opening = null; });
    return this.opening;
  }

  async start() {
    const body = this.council ? { authority: this.council } : {};
    const ended = this.ended;
    const answer = await this.service.call("POST", "/conversations", body);
    if (answer.status !== 201) throw new Error(`opening: ${answer.status}`);
    const opened = { id: answer.body.conversation_id, token: answer.body.token };
    if (ended !== this.ended) { // she left meanwhile
      this.drop(opened);
      throw new Error("left");
    }
    this.conversation = opened;
    this.save();
    for (const message of answer.body.messages) this.remember(message); // the greeting is on the page already
    this.view.known(answer.body.state);
    this.listen();
  }

  // The service has it: its answer says so, or the message's echo, whichever comes first.
  settle(item) {
    if (!this.outbox.includes(item)) return;
    this.outbox = this.outbox.filter((other) => other !== item);
    item.note?.remove();
    item.way.textContent = ` ${say("sent")}`;
    this.sent.set(item.id, item);
    this.save();
  }

  fail(item, why) {
    if (!this.outbox.includes(item)) return;
    item.failed = true;
    item.note?.remove();
    item.way.textContent = "";
    item.note = element("p", { class: "note" }, `${why} `, button(say("retry"), () => {
      item.made.focus();
      this.deliver(item);
    }));
    item.made.append(item.note);
    this.view.status.textContent = "";
  }

  // ---- Hearing -------------------------------------------------------------------------------------------------------

  async listen() {
    this.ear?.abort();
    const ear = this.ear = new AbortController();
    let wait = FIRST_PAUSE;
    while (!ear.signal.aborted) {
      let status = 0;
      try {
        status = await this.service.listen(this.conversation, this.last, ear.signal, (name, data) => {
          wait = FIRST_PAUSE;
          this.hear(name, data);
        });
      } catch { /* the connection broke: below */ }
      if (ear.signal.aborted) return;
      if (GONE.includes(status)) {
        this.gone();
        return;
      }
      if (wait > FIRST_PAUSE) this.view.connection.textContent = say("offline");
      await Promise.race([pause(wait), new Promise((wake) => { this.awake = wake; })]);
      wait = Math.min(wait * 2, LONGEST_PAUSE);
    }
  }

  hear(name, data) {
    if (name === "open") this.view.connection.textContent = "";
    else if (name === "message") this.show(data);
    else if (name === "typing") this.view.typing();
    else if (name === "state") {
      this.state(data);
      setTimeout(() => this.view.log.setAttribute("aria-live", "polite"), 500);
    }
  }

  // The network is back, or the phone awake: try at once what waits.
  wake() {
    this.awake?.();
    this.outbox.filter((item) => item.failed).forEach((item) => this.deliver(item));
  }

  take({ messages, state }) {
    messages.forEach((message) => this.show(message));
    this.state(state);
  }

  state(state) {
    this.view.known(state);
    this.view.mode(state.mode);
  }

  remember(message) {
    this.messages.set(message.id, message);
    this.last = Math.max(this.last, message.id);
  }

  // Each message once, in the order of the ids, whichever way it came.
  show(message) {
    if (this.messages.has(message.id)) return;
    this.remember(message);
    if (this.messages.size === 1 && message.from === "assistant") return; // the greeting, which is on the page already
    const echoed = message.from === "carer" && this.echo(message);
    const made = echoed || whole(message, this.view.act);
    made.dataset.id = message.id;
    const later = [...this.view.log.children].find((other) => Number(other.dataset.id) > message.id);
    if (!echoed || later) this.view.log.insertBefore(made, later ?? this.outbox[0]?.made ?? null); // what isn't sent yet stays last
    if (message.from !== "carer") {
      this.waiting = null;
      this.view.status.textContent = "";
    }
    if (!later && !echoed) this.view.arrived(made);
  }

  // The bubble that stands for the message already, if this page sent it.
  echo(message) {
    const waiting = this.outbox.find((item) => item.id === message.client_message_id);
    if (waiting) this.settle(waiting);
    const item = this.sent.get(message.client_message_id);
    this.sent.delete(message.client_message_id);
    item?.way.append(clock(message.at));
    return item?.made;
  }

  // A person at the helpline sees that she is writing; what, only once she sends it.
  types() {
    if (!this.conversation || Date.now() - (this.typed ?? 0) < TYPING) return;
    this.typed = Date.now();
    this.service.call("POST", `/conversations/${this.conversation.id}/typing`, {}, this.conversation.token).catch(() => {});
  }

  // The name of whoever at the helpline wrote last, if it was given.
  person() {
    return [...this.messages.values()].filter((message) => message.from === "helpline").pop()?.by;
  }

  // A code for the phone that she goes on with; null where there is none to be had.
  async code() {
    try {
      await this.open();
      const { id, token } = this.conversation;
      const answer = await this.service.call("POST", `/conversations/${id}/code`, {}, token);
      return answer.status === 201 ? answer.body : null;
    } catch {
      return null;
    }
  }

  // The conversation that a code opens takes this one's place. Gives what is wrong with the code, or null.
  async takeUp(code, mode) {
    try {
      const { status, body } = await this.service.call("POST", "/conversations/resume", { code });
      if (status !== 200) return body?.detail ?? say("broken");
      if (body.conversation_id === this.conversation?.id) this.end();
      else this.leave(mode);
      this.view.forgotten(say("moved"));
      this.resume({ id: body.conversation_id, token: body.token });
      return null;
    } catch {
      return say("broken");
    }
  }

  // ---- Ending --------------------------------------------------------------------------------------------------------

  async rate(message, says) {
    try {
      const { id, token } = this.conversation;
      return (await this.service.call("PUT", `/conversations/${id}/messages/${message}/feedback`, { says }, token)).status === 204;
    } catch {
      return false;
    }
  }

  // Everything, here and there. False where the service can't be reached: then nothing is deleted.
  async forget() {
    const { id, token } = this.conversation ?? {};
    if (id) {
      try {
        const { status } = await this.service.call("DELETE", `/conversations/${id}`, null, token);
        if (status !== 204 && !GONE.includes(status)) return false;
      } catch {
        return false;
      }
    }
    this.end();
    this.view.forgotten(say("deleted"));
    return true;
  }

  // The conversation isn't there any more: deleted in another tab, or by the clock.
  gone() {
    const unsent = this.outbox;
    this.end();
    this.view.forgotten(say("gone"));
    for (const item of unsent) {
      this.outbox.push(item);
      this.view.log.append(item.made);
      this.fail(item, say("failed"));
    }
  }

  // Leaving at once: nothing is waited for. A conversation that a person was asked into stays for that person.
  leave(mode) {
    const conversation = this.conversation;
    this.end();
    if (conversation && mode === "assistant") this.drop(conversation);
  }

  drop({ id, token }) {
    this.service.call("DELETE", `/conversations/${id}`, null, token, true).catch(() => {});
  }

  end() {
    this.ear?.abort();
    this.ended += 1;
    this.conversation = this.waiting = null;
    this.outbox = [];
    this.draft = "";
    this.messages.clear();
    this.sent.clear();
    this.last = 0;
    wipe();
  }
}
