// One message at a time, shown and read aloud. The regions are part of the document from its start: only then do
// screen readers notice what changes in them.

const SHOWN_MS = 7000;
let timer = 0;

export function say(text) {
  clear("alert");
  show("status", text);
  passing();
}

// Stays until the next message: who reads slowly must not miss why something was refused.
export function alertError(text) {
  clear("status");
  show("alert", text);
}

// Only read aloud: for what is on the screen already. It takes no complaint away.
export function announce(text) {
  show("status", text, "spoken");
  passing();
}

function show(role, text, look = "") {
  const message = document.createElement("p");
  message.textContent = text;
  message.className = look;
  if (!look) message.append(dismissal(role));
  region(role).replaceChildren(message);
}

function dismissal(role) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Dismiss";
  button.addEventListener("click", () => clear(role));
  return button;
}

function passing() {
  clearTimeout(timer);
  timer = setTimeout(() => clear("status"), SHOWN_MS);
}

function clear(role) {
  region(role).replaceChildren();
}

function region(role) {
  return document.querySelector(`#messages [role=${role}]`);
}
