// Shows one message at a time, which is also read aloud. The regions exist from the start of the document, because
// screen readers only notice changes in regions that they know.

const SHOWN_MS = 7000;
let timer = 0;

export function say(text) {
  clear("alert");
  show("status", text);
  clearLater();
}

// Stays until the next message, so that a slow reader does not miss the reason of a rejection.
export function alertError(text) {
  clear("status");
  show("alert", text);
}

// Is only read aloud, for what is already on the screen. It does not remove an alert.
export function announce(text) {
  show("status", text, "spoken");
  clearLater();
}

function show(role, text, look = "") {
  const message = document.createElement("p");
  message.textContent = text;
  message.className = look;
  if (!look) message.append(dismissButton(role));
  region(role).replaceChildren(message);
}

function dismissButton(role) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Dismiss";
  button.addEventListener("click", () => clear(role));
  return button;
}

function clearLater() {
  clearTimeout(timer);
  timer = setTimeout(() => clear("status"), SHOWN_MS);
}

function clear(role) {
  region(role).replaceChildren();
}

function region(role) {
  return document.querySelector(`#messages [role=${role}]`);
}
