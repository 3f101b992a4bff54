// HTTP: reads with ETags, changes that are tried again under the same Idempotency-Key, errors as problems.

const TRIES = 5;
const LONGEST_WAIT_SECONDS = 10;
const TIMEOUT_MS = 20_000;

let token = "";
const known = new Map(); // path -> { etag, data }

export class Problem extends Error {
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || `status ${status}`);
    this.status = status;
    this.body = body;
    this.code = (body.type || "").split("/").pop();
    this.retryAfter = retryAfter;
  }

  // Whether the same request may succeed in a moment.
  get passes() {
    return [0, 429, 500, 502, 503, 504].includes(this.status) || this.code === "idempotency_key_in_use";
  }
}

export function useToken(value) {
  token = value;
  known.clear();
}

export function authorization() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

// A UUID. Not from crypto.randomUUID: browsers hide that from pages without TLS on another machine, such as a phone.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4, random
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

// The answer's data. An unchanged resource is not sent again: the server answers 304 to the ETag that we hold.
export async function read(path) {
  const before = known.get(path);
  const headers = before ? { "If-None-Match": before.etag } : {};
  const answer = await send("GET", path, undefined, headers);
  if (answer.status === 304) return before.data;
  const etag = answer.headers.get("ETag");
  if (etag) known.set(path, { etag, data: answer.data });
  return answer.data;
}

// The answer to a change. A try whose answer was lost is repeated with the same key, so that it happens once.
export async function change(method, path, body, key, onWait = () => {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await send(method, path, body, { "Idempotency-Key": key })).data;
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.passes || attempt === TRIES) throw problem;
      onWait(problem);
      await sleep(Math.min(problem.retryAfter ?? 2 ** (attempt - 1), LONGEST_WAIT_SECONDS));
    }
  }
}

async function send(method, path, body, headers) {
  const options = { method, headers: { Accept: "application/json", ...authorization(), ...headers } };
  options.cache = "no-store";
  options.signal = AbortSignal.timeout(TIMEOUT_MS);
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  let data;
  try {
    answer = await fetch(path, options);
    const text = await answer.text();
    data = text ? JSON.parse(text) : null;
  } catch {
    throw new Problem(answer?.ok === false ? answer.status : 0, { detail: "The server does not answer." });
  }
  if (answer.status !== 304 && !answer.ok) {
    throw new Problem(answer.status, data ?? {}, retryAfter(answer.headers));
  }
  return { status: answer.status, headers: answer.headers, data };
}

function retryAfter(headers) {
  const seconds = Number(headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) ? seconds : null;
}
