// The player's session. It begins with a registration or a token, and the browser stores it until the player signs out.
import { Problem, change, newKey, read, useToken } from "./client.js";
import { state, update } from "./store.js";

const STORAGE_KEY = "guildhall.session";
const RENEW_BEFORE_MS = 7 * 24 * 3600 * 1000;

export function restore() {
  try {
    const session = JSON.parse(localStorage.getItem(STORAGE_KEY));
    if (session?.token && !(Date.parse(session.expires) < Date.now())) begin(session);
  } catch {
    // The browser forbids storage, or the storage contains something else. The page then offers to register or to enter
    // a token.
  }
}

export async function register(realm, name, onWait) {
  const body = name ? { realm, name } : { realm };
  const { token, expires, player, id } = await change("POST", "/players", body, newKey(), onWait);
  begin({ token, expires, realm, player, registration: id });
}

// Starts a session with a token from another device. The server returns the token's player and a new token.
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
    if (!(problem instanceof Problem)) throw problem; // harmless, because the old token is still valid
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

// Returns the numbers of all realms, which GET /status lists.
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
    // If the browser forbids storage, the session ends when the page is closed.
  }
  update({ session });
}
