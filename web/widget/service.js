// The web chat API (docs/web_api.md). The token travels in a header, never in an address.
const PATIENCE = 30_000; // milliseconds for one call; the gateway answers within 10 s, or says that it will later
const SILENCE = 40_000; // the stream pings each 15 s; one that is silent for longer is dead

export class Service {
  constructor(origin) {
    this.root = `${origin}/api/v1`;
  }

  // Gives {status, body, after}; throws where the service can't be reached.
  async call(method, path, body, token, keepalive = false) {
    const headers = {};
    if (body) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), PATIENCE);
    try {
      const response = await fetch(this.root + path, {
        method, headers, keepalive, body: body && JSON.stringify(body), signal: limit.signal, credentials: "omit", cache: "no-cache",
      });
      const json = response.headers.get("Content-Type")?.includes("json");
      return { status: response.status, body: json ? await response.json() : null, after: Number(response.headers.get("Retry-After")) };
    } finally {
      clearTimeout(timer);
    }
  }

  // Server-sent events over fetch, because EventSource can't carry a token. Gives the status that ended it.
  async listen({ id, token }, after, signal, hear) {
    const silence = new AbortController();
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
    };
    const stop = () => silence.abort();
    signal.addEventListener("abort", stop);
    try {
      alive();
      const response = await fetch(`${this.root}/conversations/${id}/events?after=${after}`, {
        headers: { Authorization: `Bearer ${token}` }, signal: silence.signal, credentials: "omit", cache: "no-store",
      });
      if (!response.ok) return response.status;
      hear("open");
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (let kept = ""; ;) {
        const { value, done } = await reader.read();
        if (done) return 200;
        alive();
        const events = (kept + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
        kept = events.pop();
        for (const event of events) {
          const data = /^data: ?(.*)$/m.exec(event)?.[1];
          if (data) hear(/^event: ?(.*)$/m.exec(event)[1].trim(), JSON.parse(data));
        }
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}
