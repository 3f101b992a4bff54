// The pipeline as it moves: GET /status once a second while somebody looks, and what two answers tell together.
import { Problem, read, sleep } from "./client.js";
import { announce } from "./messages.js";
import { state, update } from "./store.js";
import { duration, plural } from "./text.js";

const EVERY_SECONDS = 1;
const RATE_SECONDS = 5; // a rate is the mean of so long
const KEPT_SECONDS = 60; // for the lines that show the last minute
const STOPPED_SECONDS = 5;
const LANDING_STOPPED_SECONDS = 45; // it commits every few seconds, and a busy machine takes its time
const STAGES = ["accepted", "settled", "landed"];

// What the loss of each server means; without streaming, settling stops, and that is said with numbers.
const DOWN = {
  kafka: "No action is accepted until it is back. What was accepted is on its disk.",
  redis: "Nobody can play until it is back: it has the books.",
  hdfs: "Nothing lands until it is back. Players do not notice.",
  presto: "Analysts cannot ask. Players do not notice.",
};

let samples = []; // { at, realms: realm -> { accepted, settled, landed } }, oldest first
const moved = new Map(); // "realm stage" -> when it last moved or had nothing to do, in seconds
let watch = null; // the one that goes on
let told = "";

export function startWatching() {
  if (!watch) keepWatching((watch = {}));
}

export function stopWatching() {
  watch = null;
}

async function keepWatching(mine) {
  while (watch === mine) {
    if (!document.hidden) await poll();
    await sleep(EVERY_SECONDS);
  }
}

async function poll() {
  try {
    const status = await read("/status");
    take(status, Date.parse(status.time) / 1000);
    update({ status, statusProblem: "" });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    update({ statusProblem: problem.message });
  }
  tellChange();
}

function take(status, at) {
  const last = samples.at(-1);
  if (last && at <= last.at) return; // the server's answer of the same moment
  const realms = new Map(status.realms.map((each) => [each.realm, each]));
  for (const [realm, now] of realms) {
    const before = last?.realms.get(realm);
    note(`${realm} settled`, before, now, "settled", now.settle_lag, at);
    note(`${realm} landed`, before, now, "landed", now.land_lag, at);
  }
  // After a pause, as in a hidden tab, rates begin anew.
  samples = [...(last && at - last.at < RATE_SECONDS ? samples : []), { at, realms }];
  samples = samples.filter((sample) => at - sample.at <= KEPT_SECONDS);
}

function note(key, before, now, stage, lag, at) {
  if (!moved.has(key) || !lag || before?.[stage] !== now[stage]) moved.set(key, at);
}

// Events a second of a stage, of one realm or of all (null); null before there are two answers.
export function rate(stage, realm = null) {
  const last = samples.at(-1);
  const first = samples.find((sample) => last.at - sample.at <= RATE_SECONDS + 0.5);
  if (!last || first === last) return null;
  return Math.max(0, (total(last, stage, realm) - total(first, stage, realm)) / (last.at - first.at));
}

// The rates of the last minute, for a line.
export function course(stage) {
  return samples.slice(1).map((sample, i) => {
    const before = samples[i];
    const grown = total(sample, stage, null) - total(before, stage, null);
    return { at: sample.at, rate: Math.max(0, grown / (sample.at - before.at)) };
  });
}

export function sums() {
  const realms = state.status.realms;
  const sum = (name) => realms.reduce((before, realm) => before + (realm[name] ?? 0), 0);
  const lags = realms.map((realm) => realm.lag_seconds ?? 0);
  const names = [...STAGES, "settle_lag", "land_lag", "open_holds"];
  return { ...Object.fromEntries(names.map((name) => [name, sum(name)])), lag_seconds: Math.max(0, ...lags) };
}

// What is wrong, in sentences: [] when all moves.
export function troubles() {
  if (!state.status) return [];
  const found = [];
  const streaming = state.status.servers.find((server) => server.name === "streaming");
  const still = state.status.realms.filter((realm) => stoppedFor(realm, "settled", realm.settle_lag) > STOPPED_SECONDS);
  const down = streaming && !streaming.up;
  if (still.length || down) found.push(settlingStopped(still, down));
  for (const server of state.status.servers) {
    if (!server.up && server.name in DOWN) found.push({ title: `${server.name} is down`, text: DOWN[server.name] });
  }
  const unlanded = state.status.realms.filter((r) => stoppedFor(r, "landed", r.land_lag) > LANDING_STOPPED_SECONDS);
  if (unlanded.length && !down) {
    const waits = unlanded.reduce((before, realm) => before + realm.land_lag, 0);
    found.push({ title: "Landing has stopped", text: `${plural(waits, "event")} wait to be landed on HDFS.` });
  }
  for (const realm of state.status.realms) {
    if (realm.halted) found.push({ title: `Realm ${realm.realm} is halted`, text: realm.halted });
    if (realm.recovering) {
      found.push({ title: `Realm ${realm.realm} is recovering`, text: "Its books are compared with the log first." });
    }
  }
  return found;
}

function settlingStopped(still, down) {
  const realms = still.length ? still : state.status.realms;
  const waits = realms.reduce((before, realm) => before + (realm.settle_lag ?? 0), 0);
  const oldest = Math.max(0, ...realms.map((realm) => waited(realm)));
  const cause = down ? " The server streaming is down." : "";
  const text = waits
    ? `${plural(waits, "event")} ${waits === 1 ? "waits" : "wait"}, the oldest for ${duration(oldest)}.`
    : "Nothing waits so far.";
  return { title: "Settling has stopped", text: `${text}${cause} Nothing is lost: what is accepted stays in Kafka.` };
}

function waited(realm) {
  if (!realm.settle_lag) return 0;
  return realm.lag_seconds ?? stoppedFor(realm, "settled", realm.settle_lag);
}

function stoppedFor(realm, stage, lag) {
  const last = samples.at(-1);
  return lag && last ? last.at - (moved.get(`${realm.realm} ${stage}`) ?? last.at) : 0;
}

// Read aloud once when something stops or goes on, and not each second.
function tellChange() {
  const now = troubles()
    .map((trouble) => trouble.title)
    .join(". ");
  if (now !== told) announce(now ? `${now}.` : "Everything moves again.");
  told = now;
}

function total(sample, stage, realm) {
  if (realm !== null) return sample.realms.get(realm)?.[stage] ?? 0;
  return [...sample.realms.values()].reduce((before, each) => before + (each[stage] ?? 0), 0);
}
