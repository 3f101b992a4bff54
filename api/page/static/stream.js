// Reads server-sent events with fetch, because EventSource cannot send the token. After an interruption, it reconnects
// and resumes automatically.
import { authorization, sleep } from "./client.js";

const SILENCE_MS = 30_000; // the server sends a comment every 10 s; if three are missing, the connection is dead
const MAX_PAUSE_SECONDS = 8;

// Follows a stream until the signal aborts. Calls onEvent(data) for each event. Calls onState("connecting" | "on" |
// "waiting" | "ended") when the state of the connection changes.
export async function follow(path, lastId, signal, onEvent, onState) {
  let pause = 1;
  const position = { id: lastId };
  while (!signal.aborted) {
    onState("connecting");
    try {
      const response = await connect(path, position, signal);
      if (response.status === 401) return onState("ended");
      if (response.ok) {
        onState("on");
        pause = 1;
        await consume(response.reader, position, onEvent);
      }
    } catch {
      // Reconnect after any error.
    }
    if (signal.aborted) return undefined;
    onState("waiting");
    await sleep(pause);
    pause = Math.min(pause * 2, MAX_PAUSE_SECONDS);
  }
  return undefined;
}

async function connect(path, position, signal) {
  const headers = { Accept: "text/event-stream", ...authorization() };
  if (position.id !== null) headers["Last-Event-ID"] = String(position.id);
  const dead = new AbortController();
  const stop = () => dead.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE_MS);
  const response = await fetch(path, { headers, cache: "no-store", signal: dead.signal });
  const body = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const reader = async () => {
    clearTimeout(timer);
    timer = setTimeout(stop, SILENCE_MS);
    const chunk = await body.read();
    if (chunk.done) {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
    return chunk;
  };
  return { ok: response.ok, status: response.status, reader };
}

async function consume(reader, position, onEvent) {
  let rest = "";
  for (;;) {
    const { value, done } = await reader();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) take(block, position, onEvent);
  }
}

function take(block, position, onEvent) {
  let data = "";
  for (const line of block.split("\n")) {
    const [name, value] = split(line);
    if (name === "id") position.id = value;
    if (name === "data") data += value;
  }
  if (data) onEvent(JSON.parse(data));
}

function split(line) {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}
