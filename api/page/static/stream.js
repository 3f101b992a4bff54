// Server-sent events over fetch: EventSource cannot send the token. Reconnects by itself and resumes where it was.
import { authorization, sleep } from "./client.js";

const SILENCE_MS = 30_000; // the server sends a comment every 10 s: after three of them missing, the line is dead
const LONGEST_PAUSE_SECONDS = 8;

// Calls onEvent(data) for each event and onState("connecting" | "on" | "waiting" | "ended") until the signal aborts.
export async function follow(path, lastId, signal, onEvent, onState) {
  let pause = 1;
  const position = { id: lastId };
  while (!signal.aborted) {
    onState("connecting");
    try {
      const answer = await connect(path, position, signal);
      if (answer.status === 401) return onState("ended");
      if (answer.ok) {
        onState("on");
        pause = 1;
        await consume(answer.reader, position, onEvent);
      }
    } catch {
      // Whatever ended the connection, the answer is to connect again.
    }
    if (signal.aborted) return undefined;
    onState("waiting");
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_SECONDS);
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
  const answer = await fetch(path, { headers, cache: "no-store", signal: dead.signal });
  const body = answer.body.pipeThrough(new TextDecoderStream()).getReader();
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
  return { ok: answer.ok, status: answer.status, reader };
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
