// Sends the player's actions. Each click is one action with one Idempotency-Key. The page lists an action as pending
// until it is settled.
import { Problem, change, newKey, read, sleep } from "./client.js";
import { refreshSoon } from "./game.js";
import { alertError, say } from "./messages.js";
import { state, update } from "./store.js";

const POLL_SECONDS = 3; // the live feed usually reports the settlement sooner; polling helps when it is down

// Sends an action and returns whether it was accepted. `words` describe the action to people ("Buy an iron sword").
export async function act(words, method, path, body) {
  const action = { key: newKey(), words, method, path, body, status: "sending", since: Date.now() };
  if (isSending(words)) return false;
  update({ pendingActions: [action, ...state.pendingActions] });
  return send(action);
}

// Sends the same action with the same key, so that it does not happen twice.
export async function retry(action) {
  action.status = "sending";
  update();
  return send(action);
}

export function dismiss(action) {
  update({ pendingActions: state.pendingActions.filter((other) => other !== action) });
}

export function isSending(words) {
  return state.pendingActions.some((action) => action.words === words && action.status === "sending");
}

async function send(action) {
  try {
    const response = await change(action.method, action.path, action.body, action.key, (problem) => {
      action.note = `${problem.message} Trying again …`;
      update();
    });
    accepted(action, response);
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    rejected(action, problem);
    return false;
  } finally {
    refreshSoon();
  }
}

function accepted(action, response) {
  Object.assign(action, { id: response.id, offset: response.offset, status: "pending", note: "" });
  const settled = response.status === "settled" || state.feed.some((event) => event.id === response.id);
  if (settled) {
    dismiss(action);
    say(`${action.words}: settled.`);
  } else {
    say(`${action.words}: accepted, pending.`);
    watch(action);
  }
  update();
}

function rejected(action, problem) {
  if (problem.isTemporary) {
    // The last request may have reached the server. The player can safely send it again, because it has the same key.
    action.status = "unknown";
    action.note = `${problem.message} It may have been accepted. Try again: it happens at most once.`;
    update();
  } else dismiss(action);
  alertError(`${action.words}: ${sentence(problem.message)}`);
}

async function watch(action) {
  while (state.pendingActions.includes(action)) {
    await sleep(POLL_SECONDS);
    if (!state.pendingActions.includes(action)) return;
    update(); // redraws the waiting time on the screen
    try {
      const { status } = await read(`/events/${action.id}`);
      if (status === "pending") continue;
      dismiss(action);
      refreshSoon();
      if (status !== "settled") alertError(`${action.words}: was ${status}. Nothing has changed.`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
    }
  }
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
