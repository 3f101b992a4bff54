// Reads the part of the realm's state that the current view shows, and decides when to read it again.
import { Problem, authorization, read, sleep } from "./client.js";
import { alertError, announce } from "./messages.js";
import { forget, renewIfOld } from "./session.js";
import { state, update } from "./store.js";
import { follow } from "./stream.js";
import { tell } from "./text.js";

const FEED_LENGTH = 30;
const REREAD_MS = 4000; // other players change the arena, shop and guild, and this player's feed does not report it
const REGISTRATION_POLL_SECONDS = 0.4;
const REFRESH_DELAY_MS = 150; // a short delay, so that several events in a row cause only one refresh

const READERS = {
  shop: async () => ({ shop: await read(`/shop?realm=${state.session.realm}`) }),
  players: async () => ({ players: await read("/players?limit=50") }),
  guilds: async () => ({ guilds: await read("/guilds?limit=50") }),
  guild: async () => ({ guild: state.inventory?.guild ? await read(`/guilds/${state.inventory.guild}`) : null }),
  trades: async () => ({ trades: await read("/trades") }),
  quests: async () => ({ quests: await read("/quests") }),
  boards: async () => ({ boards: await Promise.all([read("/leaderboards/gold"), read("/leaderboards/victories")]) }),
};

const NEEDS = {
  arena: ["players", "shop"],
  shop: ["shop"],
  pack: ["shop"],
  quests: ["quests"],
  guild: ["guild", "guilds"],
  trade: ["trades", "shop", "players"],
  ranks: ["boards"],
};

let feedController = null; // aborting this controller stops the live feed
let refreshTimer = 0;

// Starts the game: waits until the registration is settled, then follows the live feed.
export async function play() {
  feedController?.abort();
  feedController = new AbortController();
  const { signal } = feedController;
  await waitForRegistration(signal);
  if (signal.aborted) return;
  await Promise.all([refresh(), readHistory()]);
  const last = state.feed.find((event) => event.status === "settled");
  follow("/stream", last ? last.offset : null, signal, onEvent, (live) => {
    if (signal.aborted) return;
    update({ live });
    if (live === "ended") endSession();
  });
  keepRefreshing(signal);
  renewIfOld();
}

export function stop() {
  feedController?.abort();
  feedController = null;
}

// Reads the inventory and whatever else the current view shows.
export async function refresh() {
  if (!state.inventory || state.route.tab !== "play") return;
  const needs = NEEDS[state.route.view] ?? [];
  await reportProblems(async () => {
    update({ inventory: await read("/inventory") });
    for (const patch of await Promise.all(needs.map((need) => READERS[need]()))) update(patch);
  });
}

export function refreshSoon() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, REFRESH_DELAY_MS);
}

// Waits until the registration is settled. That takes a moment, or longer if settling lags behind the log.
async function waitForRegistration(signal) {
  while (!signal.aborted && !state.inventory) {
    try {
      const { registration } = state.session;
      const status = registration ? (await read(`/events/${registration}`)).status : "settled";
      if (status === "voided" || status === "rejected") return endSession(`Your registration was ${status}: try again.`);
      if (status === "settled") update({ inventory: await read("/inventory") });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) return endSession();
      // The ledger forgets the registration event after a day. From then on, only the inventory shows whether the
      // player exists.
      if (problem.code === "unknown_event") state.session.registration = null;
      else if (problem.code !== "not_settled" && !problem.isTemporary) return endSession(problem.message);
    }
    await sleep(REGISTRATION_POLL_SECONDS);
  }
  return undefined;
}

async function readHistory() {
  await reportProblems(async () => {
    const { events } = await read(`/history?limit=${FEED_LENGTH}`);
    update({ feed: events });
  });
}

async function keepRefreshing(signal) {
  while (!signal.aborted) {
    await sleep(REREAD_MS / 1000);
    if (signal.aborted || document.hidden) continue;
    await refresh();
    if (state.live !== "on") await readHistory(); // the server limits the number of live feeds and may refuse one
  }
}

function onEvent(event) {
  const isPending = state.pendingActions.some((action) => action.id === event.id);
  const known = state.feed.some((other) => other.offset === event.offset);
  update({
    pendingActions: state.pendingActions.filter((action) => action.id !== event.id),
    feed: known ? state.feed : [event, ...state.feed].slice(0, FEED_LENGTH),
  });
  const text = `${tell(event, state.session?.player)}.`;
  if (event.status !== "settled") alertError(`It was ${event.status}, and nothing has changed: ${text}`);
  else if (isPending || (!known && event.player !== state.session?.player)) announce(isPending ? `Settled: ${text}` : text);
  refreshSoon();
}

async function reportProblems(request) {
  try {
    await request();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    // A temporary failure is not shown, because the page reads again soon. Until then, the screen keeps its content.
    if (problem.status === 401 && authorization().Authorization) endSession();
    else if (!problem.isTemporary) alertError(problem.message);
  }
}

function endSession(reason = "Your token has expired or is not valid here. Register again, or enter another token.") {
  stop();
  forget();
  alertError(reason);
}
