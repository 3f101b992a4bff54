// What a player sees of the realm: what is read for each view, and when it is read again.
import { Problem, authorization, read, sleep } from "./client.js";
import { alertError, announce } from "./messages.js";
import { forget, renewIfOld } from "./session.js";
import { state, update } from "./store.js";
import { follow } from "./stream.js";
import { tell } from "./text.js";

const FEED_LENGTH = 30;
const REREAD_MS = 4000; // others' actions change the arena, the shop and the guild without an event of mine
const ARRIVAL_SECONDS = 0.4;
const GATHER_MS = 150; // several events in a row cause one reading

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

let line = null; // of the live feed
let gathering = 0;

// Begin to play: wait for the registration to be settled, then follow what happens.
export async function play() {
  line?.abort();
  line = new AbortController();
  const { signal } = line;
  await arrival(signal);
  if (signal.aborted) return;
  await Promise.all([look(), history()]);
  const last = state.feed.find((event) => event.status === "settled");
  follow("/stream", last ? last.offset : null, signal, heard, (live) => {
    if (signal.aborted) return;
    update({ live });
    if (live === "ended") ended();
  });
  keepLooking(signal);
  renewIfOld();
}

export function stop() {
  line?.abort();
  line = null;
}

// Read what the view on the screen shows.
export async function look() {
  if (!state.inventory || state.route.tab !== "play") return;
  const needs = NEEDS[state.route.view] ?? [];
  await guarded(async () => {
    update({ inventory: await read("/inventory") });
    for (const patch of await Promise.all(needs.map((need) => READERS[need]()))) update(patch);
  });
}

export function lookSoon() {
  clearTimeout(gathering);
  gathering = setTimeout(look, GATHER_MS);
}

// A registration is on its way for a moment, and for longer when the stream is behind.
async function arrival(signal) {
  while (!signal.aborted && !state.inventory) {
    try {
      const { registration } = state.session;
      const status = registration ? (await read(`/events/${registration}`)).status : "settled";
      if (status === "voided" || status === "rejected") return ended(`Your registration was ${status}: try again.`);
      if (status === "settled") update({ inventory: await read("/inventory") });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) return ended();
      // The books forget a registration after a day, and then the inventory alone tells.
      if (problem.code === "unknown_event") state.session.registration = null;
      else if (problem.code !== "not_settled" && !problem.passes) return ended(problem.message);
    }
    await sleep(ARRIVAL_SECONDS);
  }
  return undefined;
}

async function history() {
  await guarded(async () => {
    const { events } = await read(`/history?limit=${FEED_LENGTH}`);
    update({ feed: events });
  });
}

async function keepLooking(signal) {
  while (!signal.aborted) {
    await sleep(REREAD_MS / 1000);
    if (signal.aborted || document.hidden) continue;
    await look();
    if (state.live !== "on") await history(); // the server has only so many lines
  }
}

function heard(event) {
  const waits = state.pendingActions.some((action) => action.id === event.id);
  const known = state.feed.some((other) => other.offset === event.offset);
  update({
    pendingActions: state.pendingActions.filter((action) => action.id !== event.id),
    feed: known ? state.feed : [event, ...state.feed].slice(0, FEED_LENGTH),
  });
  const told = `${tell(event, state.session?.player)}.`;
  if (event.status !== "settled") alertError(`It was ${event.status}, and nothing has changed: ${told}`);
  else if (waits || (!known && event.player !== state.session?.player)) announce(waits ? `Settled: ${told}` : told);
  lookSoon();
}

async function guarded(reading) {
  try {
    await reading();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    // A reading that fails in passing is repeated soon; what is on the screen stays.
    if (problem.status === 401 && authorization().Authorization) ended();
    else if (!problem.passes) alertError(problem.message);
  }
}

function ended(why = "Your token has ended or is not valid here. Register again, or enter with another token.") {
  stop();
  forget();
  alertError(why);
}
