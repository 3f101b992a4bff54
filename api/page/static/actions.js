// What a player does: each click is one action with one key, shown on its way until it is settled.
import { Problem, change, newKey, read, sleep } from "./client.js";
import { lookSoon } from "./game.js";
import { alertError, say } from "./messages.js";
import { state, update } from "./store.js";

const ASK_AFTER_SECONDS = 3; // the live feed tells sooner; without it we ask

// Do it, and answer whether it was accepted. `words` are for people ("Buy an iron sword"), the rest is the request.
export async function act(words, method, path, body) {
  const action = { key: newKey(), words, method, path, body, status: "sending", since: Date.now() };
  if (isSending(words)) return false;
  update({ pendingActions: [action, ...state.pendingActions] });
  return send(action);
}

// The same action under the same key: what was done already is not done again.
export async function again(action) {
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
    const answer = await change(action.method, action.path, action.body, action.key, (problem) => {
      action.note = `${problem.message} Trying again …`;
      update();
    });
    accepted(action, answer);
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    refused(action, problem);
    return false;
  } finally {
    lookSoon();
  }
}

function accepted(action, answer) {
  Object.assign(action, { id: answer.id, offset: answer.offset, status: "pending", note: "" });
  const settled = answer.status === "settled" || state.feed.some((event) => event.id === answer.id);
  if (settled) {
    dismiss(action);
    say(`${action.words}: settled.`);
  } else {
    say(`${action.words}: accepted, pending.`);
    watch(action);
  }
  update();
}

function refused(action, problem) {
  if (problem.passes) {
    // Nobody knows whether the last try arrived: the player can send the same one again, safely.
    action.status = "unknown";
    action.note = `${problem.message} It may have been accepted: trying again does it once at most.`;
    update();
  } else dismiss(action);
  alertError(`${action.words}: ${sentence(problem.message)}`);
}

async function watch(action) {
  while (state.pendingActions.includes(action)) {
    await sleep(ASK_AFTER_SECONDS);
    if (!state.pendingActions.includes(action)) return;
    update(); // the waiting time on the screen
    try {
      const { status } = await read(`/events/${action.id}`);
      if (status === "pending") continue;
      dismiss(action);
      lookSoon();
      if (status !== "settled") alertError(`${action.words}: was ${status}. Nothing has changed.`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
    }
  }
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
