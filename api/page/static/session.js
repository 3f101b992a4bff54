// Who plays: the token in the browser's storage, from registration until it is forgotten.
import { Problem, change, newKey, read, useToken } from "./client.js";
import { state, update } from "./store.js";

const PLACE = "guildhall.session";
const RENEW_BEFORE_MS = 7 * 24 * 3600 * 1000;

export function restore() {
  try {
    const session = JSON.parse(localStorage.getItem(PLACE));
    if (session?.token && !(Date.parse(session.expires) < Date.now())) begin(session);
  } catch {
    // Storage that is forbidden or that holds something else: the player registers, or brings the token.
  }
}

export async function register(realm, name, onWait) {
  const body = name ? { realm, name } : { realm };
  const answer = await change("POST", "/players", body, newKey(), onWait);
  const { token, expires, player, id } = answer;
  begin({ token, expires, realm, player, registration: id });
}

// Play on with a token from another device: the server tells whose it is, and gives a fresh one.
export async function enterWith(token) {
  useToken(token);
  try {
    await renew();
  } catch (problem) {
    useToken("");
    throw problem;
  }
}

export async function renewIfOld() {
  if (!state.session?.expires || Date.parse(state.session.expires) - Date.now() > RENEW_BEFORE_MS) return;
  try {
    await renew();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem; // the old token goes on until it expires
  }
}

async function renew() {
  const answer = await change("POST", "/tokens", undefined, newKey());
  begin({ token: answer.token, expires: answer.expires, realm: answer.realm, player: answer.player });
}

export function forget() {
  localStorage.removeItem(PLACE);
  useToken("");
  update({ session: null, inventory: null, players: null, guilds: null, guild: null, trades: null, quests: null });
  update({ boards: null, feed: [], pendingActions: [], live: "off" });
}

// How many realms there are: what the status page names.
export async function realms() {
  try {
    return (await read("/status")).realms.map((each) => each.realm);
  } catch {
    return [0];
  }
}

function begin(session) {
  useToken(session.token);
  try {
    localStorage.setItem(PLACE, JSON.stringify(session));
  } catch {
    // Without storage the player plays until the page is closed.
  }
  update({ session });
}
