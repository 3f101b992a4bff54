// The player's session: the token in the browser's storage, from registration until it is removed.
import { Problem, change, newKey, read, useToken } from "./client.js";
import { state, update } from "./store.js";

const STORAGE_KEY = "guildhall.session";
const RENEW_BEFORE_MS = 7 * 24 * 3600 * 1000;

export function restore() {
  try {
    const session = JSON.parse(localStorage.getItem(STORAGE_KEY));
    if (session?.token && !(Date.parse(session.expires) < Date.now())) begin(session);
  } catch {
    // The storage is forbidden or contains something else: the player registers, or enters the token.
  }
}

export async function register(realm, name, onWait) {
  const body = name ? { realm, name } : { realm };
  const { token, expires, player, id } = await change("POST", "/players", body, newKey(), onWait);
  begin({ token, expires, realm, player, registration: id });
}

// Continues with a token from another device: the server returns its player and a new token.
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
    if (!(problem instanceof Problem)) throw problem; // the old token is valid until it expires
  }
}

async function renew() {
  const { token, expires, realm, player } = await change("POST", "/tokens", undefined, newKey());
  begin({ token, expires, realm, player });
}

export function forget() {
  localStorage.removeItem(STORAGE_KEY);
  useToken("");
  update({ session: null, inventory: null, players: null, guilds: null, guild: null, trades: null, quests: null });
  update({ boards: null, feed: [], pendingActions: [], live: "off" });
}

// Returns the realms, which the status lists.
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
    localStorage.setItem(STORAGE_KEY, JSON.stringify(session));
  } catch {
    // Without storage the session ends when the page is closed.
  }
  update({ session });
}
