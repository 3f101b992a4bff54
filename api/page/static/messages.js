// Shows one message at a time. Screen readers also read each message aloud. They only notice changes in regions that
// they know, so the document contains the empty regions for messages from the start.

const SHOWN_MS = 7000;
let timer = 0;

export function say(text) {
  clear("alert");
  show("status", text);
  clearLater();
}

// Shows an error until the next message, so that a slow reader does not miss the reason for a rejection.
export function alertError(text) {
  clear("status");
  show("alert", text);
}

// Has a text read aloud but not shown, because the screen already shows the same fact. An alert on the screen stays.
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
