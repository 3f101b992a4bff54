// The state of the pipeline. While a reader watches, the page reads GET /status once a second
// and compares successive responses.
import { Problem, read, sleep } from "./client.js";
import { announce } from "./messages.js";
import { state, update } from "./store.js";
import { duration, plural } from "./text.js";

const POLL_SECONDS = 1;
const RATE_SECONDS = 5; // a rate is the average over this period
const KEPT_SECONDS = 60; // samples are kept this long, because the charts show the last minute
const STOPPED_SECONDS = 5;
const LANDING_STOPPED_SECONDS = 45; // landing commits every few seconds, but less often on a busy machine
const STAGES = ["accepted", "settled", "landed"];

// What it means if a server is down. The server streaming is missing here: without it, settling stops, and the function
// settlingStopped() describes that with numbers.
const DOWN = {
  kafka: "No action is accepted until it is back. Accepted actions are safe on its disk.",
  redis: "Players cannot act until it is back, because it has the balances.",
  hdfs: "Nothing is landed until it is back. Players are not affected.",
  presto: "Analysts cannot run queries. Players are not affected.",
};

let samples = []; // { at, realms: realm -> { accepted, settled, landed } }, oldest first
const moved = new Map(); // "realm stage" -> the last time, in seconds, at which the stage moved or was up to date
let watch = null; // identifies the loop that is running; null if no loop is running
let announced = "";

export function startWatching() {
  if (!watch) keepWatching((watch = {}));
}

export function stopWatching() {
  watch = null;
}

async function keepWatching(mine) {
  while (watch === mine) {
    if (!document.hidden) await poll();
    await sleep(POLL_SECONDS);
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
  announceChange();
}

function take(status, at) {
  const last = samples.at(-1);
  if (last && at <= last.at) return; // the server has sent the same status again
  const realms = new Map(status.realms.map((each) => [each.realm, each]));
  for (const [realm, now] of realms) {
    const before = last?.realms.get(realm);
    note(`${realm} settled`, before, now, "settled", now.settle_lag, at);
    note(`${realm} landed`, before, now, "landed", now.land_lag, at);
  }
  // After a pause, for example in a hidden tab, old samples are dropped, so that rates start again.
  samples = [...(last && at - last.at < RATE_SECONDS ? samples : []), { at, realms }];
  samples = samples.filter((sample) => at - sample.at <= KEPT_SECONDS);
}

function note(key, before, now, stage, lag, at) {
  if (!moved.has(key) || !lag || before?.[stage] !== now[stage]) moved.set(key, at);
}

// Returns how many events per second a stage processes, in one realm or in all realms (null). Returns null until there
// are two samples.
export function rate(stage, realm = null) {
  const last = samples.at(-1);
  const first = samples.find((sample) => last.at - sample.at <= RATE_SECONDS + 0.5);
  if (!last || first === last) return null;
  return Math.max(0, (total(last, stage, realm) - total(first, stage, realm)) / (last.at - first.at));
}

// Returns a stage's rates in the last minute, which the chart shows.
export function rateHistory(stage) {
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

// Returns a description of each problem of the pipeline, or an empty array if all stages move.
export function troubles() {
  if (!state.status) return [];
  const found = [];
  const streaming = state.status.servers.find((server) => server.name === "streaming");
  const stalled = state.status.realms.filter((realm) => stoppedFor(realm, "settled", realm.settle_lag) > STOPPED_SECONDS);
  const down = streaming && !streaming.up;
  if (stalled.length || down) found.push(settlingStopped(stalled, down));
  for (const server of state.status.servers) {
    if (!server.up && server.name in DOWN) found.push({ title: `${server.name} is down`, text: DOWN[server.name] });
  }
  const unlanded = state.status.realms.filter((r) => stoppedFor(r, "landed", r.land_lag) > LANDING_STOPPED_SECONDS);
  if (unlanded.length && !down) {
    const waits = unlanded.reduce((before, realm) => before + realm.land_lag, 0);
    found.push({ title: "Landing has stopped", text: `${plural(waits, "event")} ${waits === 1 ? "waits" : "wait"} to be landed on HDFS.` });
  }
  for (const realm of state.status.realms) {
    if (realm.halted) found.push({ title: `Realm ${realm.realm} is halted`, text: realm.halted });
    if (realm.recovering) {
      found.push({ title: `Realm ${realm.realm} is recovering`, text: "It accepts no actions until its balances are up to date with the log." });
    }
  }
  return found;
}

function settlingStopped(stalled, down) {
  const realms = stalled.length ? stalled : state.status.realms;
  const waits = realms.reduce((before, realm) => before + (realm.settle_lag ?? 0), 0);
  const oldest = Math.max(0, ...realms.map((realm) => waited(realm)));
  const cause = down ? " The server streaming is down." : "";
  const text = waits
    ? `${plural(waits, "event")} ${waits === 1 ? "waits" : "wait"}, the oldest for ${duration(oldest)}.`
    : "Nothing is waiting so far.";
  return { title: "Settling has stopped", text: `${text}${cause} Nothing is lost: accepted actions stay in Kafka.` };
}

function waited(realm) {
  if (!realm.settle_lag) return 0;
  return realm.lag_seconds ?? stoppedFor(realm, "settled", realm.settle_lag);
}

function stoppedFor(realm, stage, lag) {
  const last = samples.at(-1);
  return lag && last ? last.at - (moved.get(`${realm.realm} ${stage}`) ?? last.at) : 0;
}

// Announces each stop and each recovery only once, instead of every second.
function announceChange() {
  const now = troubles()
    .map((trouble) => trouble.title)
    .join(". ");
  if (now !== announced) announce(now ? `${now}.` : "Everything moves again.");
  announced = now;
}

function total(sample, stage, realm) {
  if (realm !== null) return sample.realms.get(realm)?.[stage] ?? 0;
  return [...sample.realms.values()].reduce((before, each) => before + (each[stage] ?? 0), 0);
}
