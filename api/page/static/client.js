// The HTTP client of the page. Reads use ETags, changes are retried with the same Idempotency-Key, and each error is
// thrown as a Problem.

const MAX_TRIES = 5;
const MAX_WAIT_SECONDS = 10;
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

  // Returns whether the same request may succeed a moment later.
  get isTemporary() {
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

// Returns a random UUID. It does not use crypto.randomUUID, because browsers offer that function only with TLS or on
// the server's own machine. So it would fail on a phone that opens the page over plain HTTP.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // marks the UUID as version 4, which means random
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

// Returns the data of a resource. Unchanged data are not transmitted again, because the request sends the last ETag and
// the server then responds with 304.
export async function read(path) {
  const before = known.get(path);
  const headers = before ? { "If-None-Match": before.etag } : {};
  const response = await send("GET", path, undefined, headers);
  if (response.status === 304) return before.data;
  const etag = response.headers.get("ETag");
  if (etag) known.set(path, { etag, data: response.data });
  return response.data;
}

// Sends a change and returns the response. If a response is lost, it sends the request again with the same key, so that
// the change happens only once.
export async function change(method, path, body, key, onWait = () => {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await send(method, path, body, { "Idempotency-Key": key })).data;
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.isTemporary || attempt === MAX_TRIES) throw problem;
      onWait(problem);
      await sleep(Math.min(problem.retryAfter ?? 2 ** (attempt - 1), MAX_WAIT_SECONDS));
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
  let response;
  let data;
  try {
    response = await fetch(path, options);
    const text = await response.text();
    data = text ? JSON.parse(text) : null;
  } catch {
    throw new Problem(response?.ok === false ? response.status : 0, { detail: "The server does not respond." });
  }
  if (response.status !== 304 && !response.ok) {
    throw new Problem(response.status, data ?? {}, retryAfter(response.headers));
  }
  return { status: response.status, headers: response.headers, data };
}

function retryAfter(headers) {
  const seconds = Number(headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) ? seconds : null;
}
